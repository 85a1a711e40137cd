"""For every kind of noise the method made for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from divgrad.estimate import NoiseKind
from divgrad.estimate.clipping import find_rails, unclipped
from divgrad.grid import Grid
from divgrad.operators import Image
from divgrad.tasks.classical import two_flows
from divgrad.tasks.colour import is_colour
from divgrad.tasks.gaussian_part import has_learned, remove_gaussian
from divgrad.tasks.two_flows import Flow
from divgrad.transforms import Anscombe, Logarithm, Rician, Stabiliser

SMALLEST = 16  # pixels along an axis: less is left to the classical flows
UNSURE = 0.025  # level over range, below which what is not told from texture is left alone
LEARNED = (
    "A learned diffusion ({model}) removed it; it may overshoot: for a promise that nothing does, model=None "
    "takes two classical flows."
)
TOGETHER = "Its three colours were taken together, since they show one scene."
VOLUME = "No value left the range of the volume, and its mean is kept; model=None takes two flows, in less time."
CLIPPED = "Values pile up at an end of the range: what clipping the noise there did to the mean was undone."


@dataclass(frozen=True)
class Wish:
    """What the user asked for."""

    model: str | None
    grid: Grid
    together: bool = True  # colours, if the noise is the same in all


@dataclass(frozen=True, eq=False)
class Result:
    """An image without noise, and how that was done."""

    image: Image
    report: tuple[str, ...]
    flows: tuple[Flow, ...] = ()
    weights: tuple[float, ...] = (1.0,)


def remove(u: Image, noise: NoiseKind, model: str | None, grid: Grid) -> Result:
    """Return ``u[channel, *space]`` without noise of a kind, by the method made for that."""
    faint = not noise.sure and noise.confidence <= 0.5 and noise.likely == "gaussian"
    if faint and noise.level < UNSURE * float(np.subtract(*np.percentile(u[:, ::2], [99, 1]))):
        return Result(u.copy(), ("Nothing was changed.",))
    return METHODS[noise.likely](u, noise, Wish(model, grid))


def gaussian(u: Image, sigma: float, wish: Wish) -> Result:
    """Remove Gaussian noise: learned where that is wished and possible, in volumes mixed with flows."""
    small = sorted(u.shape[1:])[-2:][0] < SMALLEST  # the second largest extent
    if wish.model is None or small or not (u.ndim == 4 or has_learned(u, wish.grid)):
        return Result(*two_flows(u, sigma, None, None, wish.grid))
    if u.ndim == 4:
        from divgrad.tasks.volume_mixture import mixture  # only what is needed starts quickly

        mixed, said = mixture(u, sigma, wish.grid, wish.model)
        return Result(mixed, (said, VOLUME))
    clean = remove_gaussian(u, sigma, wish.grid, wish.model, together=wish.together)
    axes = tuple(range(1, u.ndim))
    shift = u.mean(axis=axes, keepdims=True, dtype=np.float64)
    shift = shift - clean.mean(axis=axes, keepdims=True, dtype=np.float64)
    clean = np.clip(clean + shift.astype(u.dtype), u.min(), u.max())
    said = LEARNED.format(model=wish.model)
    colours = wish.together and is_colour(u, sigma, wish.grid)
    return Result(clean, (said, TOGETHER) if colours else (said,))


def _none(u: Image, noise: NoiseKind, wish: Wish) -> Result:
    return Result(u.copy(), ("Nothing was changed.",))


def _gaussian(u: Image, noise: NoiseKind, wish: Wish) -> Result:
    sigma = noise.parameters["sigma"]
    made = gaussian(u, sigma, wish)
    low, high = find_rails(u, sigma)
    if made.flows or not (np.isfinite(low) or np.isfinite(high)):  # flows keep the mean as it is
        return made
    image = unclipped(made.image, sigma, low, high)
    return replace(made, image=image, report=(*made.report, CLIPPED))


def _impulses(u: Image, noise: NoiseKind, wish: Wish) -> Result:
    from divgrad.tasks.filling import fill
    from divgrad.tasks.impulses import impulses

    lost = impulses(u, noise, wish.grid)
    if lost.all():
        return Result(u.copy(), ("No good pixel was found: nothing was changed.",))
    said = f"{100 * lost.mean():.2g} % of the pixels were filled from the others, which stay as they were."
    return Result(fill(u, lost, wish.grid), (said,))


def _stabilised(u: Image, transform: Stabiliser, wish: Wish, *, halve: bool) -> Result:
    from divgrad.tasks.stabilised import denoise_stabilised

    def inner(z: Image, sigma: float, grid: Grid) -> Image:
        return gaussian(z, sigma, Wish(wish.model, grid)).image

    clean = denoise_stabilised(u, wish.grid, transform, inner, halve=halve)
    by = "two classical flows" if wish.model is None else f"a learned diffusion ({wish.model})"
    said = (
        f"{type(transform).__name__} made it Gaussian of one level, {by} removed that; the exact unbiased inverse "
        "keeps the brightness."
    )
    return Result(clean, (said,))


def _poisson(u: Image, noise: NoiseKind, wish: Wish) -> Result:
    sigma = noise.parameters.get("sigma", 0.0)
    return _stabilised(u, Anscombe(noise.parameters["gain"], 0.0, sigma), wish, halve=True)


def _speckle(u: Image, noise: NoiseKind, wish: Wish) -> Result:
    return _stabilised(u, Logarithm(noise.parameters["looks"]), wish, halve=True)


def _rician(u: Image, noise: NoiseKind, wish: Wish) -> Result:
    return _stabilised(u, Rician(noise.parameters["sigma"]), wish, halve=False)


def _quantised(u: Image, noise: NoiseKind, wish: Wish) -> Result:
    step = noise.parameters["step"]
    made = gaussian(u, step / math.sqrt(12.0), wish)
    half = u.dtype.type(0.5 * step)
    clean = np.clip(made.image, u - half, u + half)
    return Result(clean, (*made.report, "No value left the interval that was rounded to its own."))


def _jpeg(u: Image, noise: NoiseKind, wish: Wish) -> Result:
    inside = float(u.min()) >= 0.0 and float(u.max()) <= 255.0
    if wish.model is not None and u.ndim == 3 and len(u) in (1, 3) and inside:
        from divgrad.tasks.compression import found, planes, repaired, resolution

        steps = found(u, None, None)
        if steps.tables:
            v = repaired(planes(u), steps, resolution(None), "jpeg", wish.grid)
            return Result(np.clip(v, 0, 255), (steps.sentence, REPAIRED))
    # what compression leaves differs from colour to colour: together it is 0.1 dB worse
    return gaussian(u, JPEG * noise.level, replace(wish, together=False))


REPAIRED = (
    "It was smoothed by the learned diffusion 'jpeg', and kept within what such a file says of every block; "
    "repair_jpeg knows the steps of the file itself."
)
JPEG = 0.9  # of the error of rounding a coefficient is left in a pixel; best at qualities 10 to 60

#: What is done about each kind of noise.
METHODS: dict[str, Callable[[Image, NoiseKind, Wish], Result]] = {
    "none": _none,
    "gaussian": _gaussian,
    "salt-and-pepper": _impulses,
    "random-impulse": _impulses,
    "poisson": _poisson,
    "poisson-gaussian": _poisson,
    "speckle": _speckle,
    "rician": _rician,
    "quantised": _quantised,
    "jpeg": _jpeg,
}
