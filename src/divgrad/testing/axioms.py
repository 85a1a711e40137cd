"""The axioms: what every evolution keeps to, whatever the equation, the scheme and the image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ParameterError
from divgrad.evolution import march
from divgrad.grid import Tiling
from divgrad.testing.case import Case, seen
from divgrad.testing.rescaling import rescaled

#: Odd ways of cutting an image, of which no result may depend.
TILINGS = (
    Tiling(threads=1),
    Tiling(threads=4),
    Tiling(block=(2, 3, 5), depth=1, threads=1),
    Tiling(block=(1, 2, 4), depth=2, threads=2),
    Tiling(block=(3, 1, 3), depth=5, threads=8),
)


@dataclass(frozen=True)
class Axiom:
    """A law and how it is tried: ``tried(case)`` raises AssertionError where it does not hold."""

    law: str
    tried: Callable[[Case], None]


def constant(case: Case) -> None:
    """A constant image stays as it is, each channel its own constant."""
    flat = np.empty_like(case.image)
    moved = flat[None] if case.channel_axis is None else np.moveaxis(flat, case.channel_axis, 0)
    high = float(np.abs(case.image).max()) or 1.0  # not higher: speeds and steps may grow with it
    for c, channel in enumerate(moved):
        channel[...] = 0.7 / (c + 1) * high
    flat_case = case.change(image=flat)
    case.agree(flat_case.run(), flat, AXIOMS["constant"].law, flat_case.rounding())


def mean(case: Case) -> None:
    """The mean of every channel is kept."""
    got = case.run().mean(axis=case.axes, dtype=np.float64)
    wanted = case.image.mean(axis=case.axes, dtype=np.float64)
    case.agree(np.asarray(got), np.asarray(wanted), AXIOMS["mean"].law, case.rounding())


def value_range(case: Case) -> None:
    """No pixel leaves the range of its channel's first image: the maximum-minimum principle."""
    got = case.run()
    for end, over in (("maximum", 1), ("minimum", -1)):
        u, u0 = over * got, over * case.image
        off = float((u.max(axis=case.axes) - u0.max(axis=case.axes)).max())
        span = max(float(np.ptp(case.image)), 1e-300)
        if not off <= case.rounding():
            case.fail(
                f"{AXIOMS['range'].law}: the {end} is passed by {off:.3g}, {100 * off / span:.2g} % of "
                f"the range; allowed is {case.rounding():.3g}"
            )


def flip(case: Case) -> None:
    """A mirrored image evolves to the mirrored result."""
    wanted = case.run()
    for axis in case.axes:
        got = case.change(image=np.flip(case.image, axis)).run()
        what = f"{AXIOMS['flip'].law}, along axis {axis}"
        case.agree(np.flip(got, axis), wanted, what, case.rounding())


def turn(case: Case) -> None:
    """An image with two axes exchanged, or turned by 90 degrees, evolves to the same, turned."""
    wanted = case.run()
    for i, j in combinations(range(len(case.axes)), 2):
        a, b = case.axes[i], case.axes[j]
        spacing = list(case.distances)
        spacing[i], spacing[j] = spacing[j], spacing[i]
        turned = case.change(spacing=tuple(spacing))
        got = turned.change(image=np.swapaxes(case.image, a, b)).run()
        what = f"{AXIOMS['turn'].law}, with axes {a} and {b}"
        case.agree(np.swapaxes(got, a, b), wanted, f"{what} exchanged", case.rounding())
        got = turned.change(image=np.rot90(case.image, axes=(a, b))).run()
        case.agree(np.rot90(got, -1, axes=(a, b)), wanted, f"{what} turned", case.rounding())


def shift(case: Case) -> None:
    """Adding a constant to the image adds it to the result."""
    offset = case.image.dtype.type(3.0 * max(float(np.abs(case.image).max()), 0.1))
    shifted = case.image + offset
    original = case.change(image=shifted - offset)  # what is left of it when it was rounded there
    got, wanted = case.change(image=shifted).run(), original.run() + offset
    case.agree(got, wanted, AXIOMS["shift"].law, case.rounding(shifted))


def negative(case: Case) -> None:
    """The negative of an image evolves to the negative of the result."""
    got = case.change(image=-case.image).run()
    case.agree(-got, case.run(), AXIOMS["negative"].law, case.rounding())


def spacing(case: Case) -> None:
    """In other units of length, with times and slopes in them, nothing else changes."""
    factor = 2.0  # a power of two: only the exponents change, no rounding
    try:
        scaled = case.change(
            equation=rescaled(case.equation, length=factor),
            scheme=rescaled(case.scheme, length=factor),
            until=rescaled(case.until, length=factor),
            spacing=tuple(factor * h for h in case.distances),
        )
    except ParameterError as error:
        case.fail(f"{AXIOMS['spacing'].law}: this cannot be tried, {error}")
    got, wanted = scaled.solve(), case.solve()
    case.agree(got.u, wanted.u, AXIOMS["spacing"].law, case.rounding())
    change = np.abs(wanted.u.astype(np.float64) - seen(case.image))
    flows = float(change.max()) > case.rounding()  # else any step is as good as another
    if flows and not math.isclose(got.t, factor**2 * wanted.t, rel_tol=1e-6):
        case.fail(
            f"{AXIOMS['spacing'].law}: in units half as long the time {wanted.t:g} is "
            f"{factor**2 * wanted.t:g}, but {got.t:g} passed"
        )


def untouched(case: Case) -> None:
    """The image given is not written to, nor is an earlier frame; a result is not a view of the image."""
    image = case.image.copy()
    result = case.change(image=image).run()
    if image.tobytes() != case.image.tobytes():
        case.fail(f"{AXIOMS['untouched'].law}: the image was written to")
    if np.shares_memory(result, image):
        case.fail(f"{AXIOMS['untouched'].law}: the result shares memory with the image")
    kept: list[tuple[NDArray[Any], bytes]] = []
    for frame in _frames(case):
        kept.append((frame, frame.tobytes()))
    if any(frame.tobytes() != bits for frame, bits in kept):
        case.fail(f"{AXIOMS['untouched'].law}: a later step wrote to an earlier frame")


def repeat(case: Case) -> None:
    """The same evolution gives the same bits, at once or watched frame by frame."""
    wanted = case.run()
    case.agree(case.run(), wanted, f"{AXIOMS['repeat'].law}, run twice", 0.0)
    for last in _frames(case):  # noqa: B007
        pass
    case.agree(last, wanted, f"{AXIOMS['repeat'].law}, frame by frame", 0.0)


def tiling(case: Case) -> None:
    """However the image is cut, and on however many threads, the bits are the same."""
    wanted = case.run()
    for way in TILINGS:
        what = f"{AXIOMS['tiling'].law}: not so for {way}"
        case.agree(case.change(tiling=way).run(), wanted, what, 0.0)


def _frames(case: Case) -> Any:
    for frame in march(
        case.image,
        case.equation,
        scheme=case.scheme,
        until=case.until,
        channel_axis=case.channel_axis,
        spacing=case.spacing,
        tiling=case.tiling,
    ):
        yield seen(frame.u)


#: Every axiom by the name under which a class may be exempted from it.
AXIOMS: dict[str, Axiom] = {
    "constant": Axiom("a constant image stays as it is", constant),
    "mean": Axiom("the mean grey value is kept", mean),
    "range": Axiom("no grey value leaves the range of the first image", value_range),
    "flip": Axiom("a mirrored image evolves to the mirrored result", flip),
    "turn": Axiom("a turned image evolves to the turned result", turn),
    "shift": Axiom("adding a constant to the image adds it to the result", shift),
    "negative": Axiom("the negative of an image evolves to the negative of the result", negative),
    "spacing": Axiom("in other units of length nothing else changes", spacing),
    "untouched": Axiom("the image given is not written to", untouched),
    "repeat": Axiom("the same evolution gives the same bits", repeat),
    "tiling": Axiom("tiles and threads do not change a bit", tiling),
}


def exemptions(*things: Any) -> dict[str, str]:
    """Return the exemptions that the classes of equations and schemes declare: axiom -> reason.

    One declared for ``"range with FSI"`` counts only where the class of a scheme among the things is FSI.

    Raises
    ------
    AssertionError
        If one is not the name of an axiom, or has no reason.

    Examples
    --------
    >>> from divgrad import FSI, Heat, MeanCurvature, PorousMedium
    >>> exemptions(Heat())
    {}
    >>> sorted(exemptions(PorousMedium()))
    ['negative', 'shift']
    >>> exemptions(MeanCurvature()).get("range"), "range" in exemptions(MeanCurvature(), FSI())
    (None, True)
    """
    found: dict[str, str] = {}
    classes = {type(thing).__name__ for thing in things}
    for thing in things:
        declared: Mapping[str, str] = getattr(thing, "exemptions", {})
        for key, reason in declared.items():
            owner = type(thing).__name__
            name, _, scheme = key.partition(" with ")
            assert name in AXIOMS, (
                f"{owner} declares an exemption from {name!r}, which is no axiom: {', '.join(AXIOMS)}"
            )
            assert reason.strip(), f"{owner} declares an exemption from {name!r} without a reason"
            if not scheme or scheme in classes:
                found[name] = reason
    return found


def check_axioms(case: Case, axioms: Any = None) -> None:
    """Raise AssertionError unless the case keeps to the axioms, save those its classes are exempted from.

    Parameters
    ----------
    case
        What is tried.
    axioms
        Names of axioms; None: all.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Explicit, Heat
    >>> check_axioms(Case(Heat(), Explicit(), np.eye(5)))
    """
    excused = exemptions(case.equation, case.scheme)
    for name in AXIOMS if axioms is None else axioms:
        if name not in AXIOMS:
            raise ParameterError(f"there is no axiom {name!r}; there are: {', '.join(AXIOMS)}")
        if name not in excused:
            AXIOMS[name].tried(case)
