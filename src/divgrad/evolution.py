"""The one loop: an equation carries an image on, by a scheme, until a stopping rule says enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ParameterError
from divgrad.grid import Grid, Tiling
from divgrad.layout import Layout, enter
from divgrad.operators import Equation, Image
from divgrad.parameters import Parameter
from divgrad.perturbation import Perturbation
from divgrad.schemes.explicit import Explicit
from divgrad.schemes.scheme import Scheme, State
from divgrad.stopping import Stop, Verdict
from divgrad.stopping.rules import Beside

# Nothing changes any more where steps change no bit, or where so many of them change no more than rounding
# does: a recurrence at rest goes round in a circle of a few last bits.
STILL = 50

_KINDS: dict[str, tuple[type, str]] = {
    "equation": (Equation, "an equation such as PeronaMalik(contrast=20)"),
    "scheme": (Scheme, "a scheme such as FSI()"),
    "until": (Stop, "a stopping rule such as Time(10)"),
    "perturbation": (Perturbation, "a Perturbation"),
}


@dataclass(frozen=True, eq=False)
class Frame:
    """An image on its way.

    Parameters
    ----------
    t
        Diffusion time, in length units squared.
    u
        The image, yours to keep but not to write to: the next frame is made from it. float32 or float64,
        axes as in the image given.
    step
        Number of steps so far.
    """

    t: float
    u: NDArray[Any]
    step: int


@dataclass(frozen=True, eq=False)
class Solution:
    """The end of an evolution, and how it came about.

    Parameters
    ----------
    u
        The image, float32 or float64, axes as in the image given.
    t
        Diffusion time, in length units squared.
    steps
        Number of steps of the scheme.
    reason
        Why it ended, a sentence.
    equation, scheme, until
        What was solved, how, and until when.
    """

    u: NDArray[Any]
    t: float
    steps: int
    reason: str
    equation: Equation
    scheme: Scheme
    until: Stop

    def __str__(self) -> str:
        return (
            f"{self.equation}\n  by {self.scheme}\n  until {self.until}\n"
            f"  t = {self.t:g} after {self.steps} steps: {self.reason}"
        )


def march(
    image: ArrayLike,
    equation: Equation,
    *,
    until: Stop,
    scheme: Scheme | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    perturbation: Perturbation | None = None,
    every: int = 1,
    tiling: Tiling | None = None,
) -> Iterator[Frame]:
    """Evolve an image and yield it on its way: progress, movie and early exit are an ordinary for-loop.

    Parameters
    ----------
    image
        Image, 1-D to 3-D, any real dtype, with or without channels; never written to.
    equation
        How grey value flows.
    until
        When to stop: a rule, or several joined with ``|``.
    scheme
        How time passes; default :class:`~divgrad.Explicit`.
    channel_axis
        Axis of the channels, which are coupled; None: there is none.
    spacing
        Distance of pixels along each spatial axis, or one for all; default 1.
    perturbation
        Seeded noise, of the first image or of every step.
    every
        Steps from one frame to the next.
    tiling
        How the image is cut for computing; results do not depend on it.

    Yields
    ------
    Frame
        The image at the beginning, after every ``every`` steps, and at the end.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Heat, Steps, march
    >>> [frame.step for frame in march(np.eye(3), Heat(), until=Steps(2))]
    [0, 1, 2]
    """
    Parameter("Steps", kind=int, least=1).check("every", every)
    u, grid, layout = _enter(image, equation, channel_axis, spacing, tiling)
    if np.may_share_memory(u, np.asarray(image)):
        u = u.copy()  # whoever shows the frames may write to the image meanwhile
    scheme = Explicit() if scheme is None else scheme
    for state, _ in _loop(u, equation, scheme, until, grid, layout, perturbation, every):
        shown = layout.leave(state.u)
        shown.flags.writeable = False
        yield Frame(state.t, shown, state.step)


def evolve(
    image: ArrayLike,
    equation: Equation,
    *,
    until: Stop,
    scheme: Scheme | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    perturbation: Perturbation | None = None,
    tiling: Tiling | None = None,
) -> Solution:
    """Evolve an image to the end; parameters as in :func:`march`.

    Returns
    -------
    Solution
        The image at the end, with its time, its number of steps and the reason of the end.

    Raises
    ------
    ImageError
        If the image cannot be treated.
    SchemeError
        If the scheme needs what the equation lacks.
    StabilityError
        If a step is unstable and the scheme may not split it.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import FSI, PeronaMalik, Time, evolve
    >>> noisy = np.random.default_rng(0).normal(100.0, 5.0, (32, 32))
    >>> solution = evolve(noisy, PeronaMalik(contrast=10.0), scheme=FSI(), until=Time(5.0))
    >>> bool(solution.u.std() < 1.5), solution.reason
    (True, 'the time 5 was reached')
    """
    scheme = Explicit() if scheme is None else scheme
    u, grid, layout = _enter(image, equation, channel_axis, spacing, tiling)
    for state, verdict in _loop(u, equation, scheme, until, grid, layout, perturbation, None):  # noqa: B007
        pass
    end = state.u.copy() if state.u is u else state.u
    reason = verdict.reason if verdict else ""
    return Solution(layout.leave(end), state.t, state.step, reason, equation, scheme, until)


def _enter(
    image: ArrayLike,
    equation: Equation,
    channel_axis: int | None,
    spacing: float | Sequence[float] | None,
    tiling: Tiling | None,
) -> tuple[Image, Grid, Layout]:
    """Take in an image: complex if it is, or if the equation makes it so."""
    _check_kinds(equation=equation)
    return enter(
        image, channel_axis=channel_axis, spacing=spacing, tiling=tiling,
        imaginary=equation.complex_valued or None,
    )  # fmt: skip


def _loop(
    u: Image,
    equation: Equation,
    scheme: Scheme,
    until: Stop,
    grid: Grid,
    layout: Layout,
    perturbation: Perturbation | None,
    every: int | None,
) -> Iterator[tuple[State, Verdict | None]]:
    """Yield the states, the last one with its verdict. Never writes to u, nor to a state it has yielded."""
    _check_kinds(equation=equation, scheme=scheme, until=until, perturbation=perturbation)
    noise = perturbation or Perturbation()
    state = State(noise.begin(u))
    arrange = partial(layout.arrange, real=u.dtype)
    watch = until.watch(state.u, grid)
    followers = [
        _Follower(one, equation.begin(one.u, grid, arrange), State(one.u)) for one in watch.beside
    ]
    equation = equation.begin(state.u, grid, arrange)
    verdict = watch.look(0.0, state.u, 0)
    yield state, verdict
    shown, landmark = 0, state
    while verdict is None:
        end, most = watch.left(state.t, state.step)
        if watch.every_step or noise.lasts:
            most = 1
        if every is not None:
            most = min(most, shown + every - state.step)
        before = state
        own = every is None and not (watch.every_step or noise.lasts or before.step == 0)
        state = scheme.advance(equation, replace(before, own=own), grid, end, most)
        if noise.lasts:
            tau = state.t - before.t
            state = replace(
                state, u=noise.disturb(state.u, before.t, tau, state.step), limit=None, seen=None
            )
        for follower in followers:
            follower.follow(scheme, grid, state.t)
        verdict = watch.look(state.t, state.u, state.step)
        if verdict is not None and verdict.part < 1.0:
            state = _between(before, state, verdict.part)
        elif verdict is None and watch.every_step:
            long = state.step >= landmark.step + STILL
            if _equal(before.u, state.u, ulps=0) or (long and _equal(landmark.u, state.u, ulps=4)):
                verdict = Verdict("nothing changes any more")
            landmark = state if long else landmark
        due = every is None or state.step >= shown + every
        end_unseen = verdict is not None and state.step > shown
        if due or end_unseen:
            shown = state.step
            yield state, verdict


@dataclass
class _Follower:
    """An image that a stopping rule wants evolved beside the user's."""

    shown: Beside
    equation: Equation
    state: State

    def follow(self, scheme: Scheme, grid: Grid, end: float) -> None:
        """Carry it on to a time."""
        while self.state.t < end:
            self.state = scheme.advance(self.equation, replace(self.state, own=False), grid, end, 1)
        self.shown.u = self.state.u


def _equal(a: Image, b: Image, ulps: int) -> bool:
    """Whether two images are equal, to some units of the last place of the largest value."""
    if ulps == 0:
        return bool(np.array_equal(a, b))
    allowed = ulps * np.finfo(b.dtype).eps * max(float(b.max()), -float(b.min()))
    return bool(np.abs(a - b).max() <= allowed)


def _check_kinds(**given: Any) -> None:
    for name, value in given.items():
        kind, what = _KINDS[name]
        if not (isinstance(value, kind) or (value is None and name == "perturbation")):
            shown = " ".join(repr(value).split())
            raise ParameterError(f"{name} must be {what}; got {shown:.60}")


def _between(a: State, b: State, part: float) -> State:
    """Return the state at a part of the way from a to b: for an explicit step, a shorter step."""
    if part == 0.0:
        return a
    u = a.u + a.u.dtype.type(part) * (b.u - a.u)
    return State(u, a.t + part * (b.t - a.t), b.step)
