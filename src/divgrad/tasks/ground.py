"""The ground of an image - paper, glass, sky - without what is on it: diffusion that this does not feed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from divgrad.equations.heat import Heat
from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.operators import Image
from divgrad.schemes import FSI
from divgrad.stopping import Time

# Chosen on the ten pages of DIBCO 2009: 3 widths instead of 2 change F by 0.6, the knee from 0.1 to 0.2 by 0.3.
WIDTHS = 2.0  # of what stands out, in a scale
KNEE = 0.2  # of the ground (or 0.33 of the contrast), that makes a pixel stand out
SHARE = 0.33
ROUNDS = 3
FLOOR = 1e-3  # weight of the darkest ink: where there is nothing else, it is the ground
BROAD = 8.0  # parts of the shorter side: scale of the first look
NARROWEST, BROADEST = 4.0, 0.25  # pixels; part of the shorter side


@dataclass(frozen=True, eq=False)
class Ground:
    """A ground, ``[1, *space]``.

    Parameters
    ----------
    image
        The ground itself.
    dark
        Whether what stands out is darker than it.
    scale
        Length over which the ground was averaged.
    width
        Median width of what stands out; None if nobody looked.
    """

    image: Image
    dark: bool
    scale: float
    width: float | None


def ground(u: Image, grid: Grid, scale: float | None = None) -> Ground:
    """Return the ground of ``u[1, *space]``, averaged over a scale, or over some widths of what is on it."""
    pixel = min(grid.spacing)
    side = min(n * h for n, h in zip(u.shape[1:], grid.spacing, strict=True))
    broad = blurred(u, max(side / BROAD, NARROWEST * pixel), grid)
    rest = (u - broad).astype(np.float64)
    dark = bool((rest**3).sum() <= 0.0)
    divide = dark and float(u.min()) >= 0.0
    width = None
    if scale is None:
        out = _standing_out(u, broad, dark)
        width = median_width(out, grid)
        scale = float(
            np.clip(WIDTHS * width, NARROWEST * pixel, max(BROADEST * side, NARROWEST * pixel))
        )
    b = broad if scale * BROAD >= side else blurred(u, scale, grid)
    knee = u.dtype.type(KNEE)
    if not divide:
        out = _standing_out(u, broad, dark)
        contrast = (
            abs(float(np.mean(u[out]) - np.mean(u[~out]))) if 0 < out.sum() < out.size else 0.0
        )
        knee = u.dtype.type(max(SHARE * contrast, 1e-30))
    for _ in range(ROUNDS):
        below = (1 - u / np.maximum(b, tiny(u))) if divide else (b - u if dark else u - b)
        weight = 1 / (1 + (np.maximum(below, 0) / knee) ** 4) + u.dtype.type(FLOOR)
        b = blurred(weight * u, scale, grid) / blurred(weight, scale, grid)
    return Ground(b, dark, scale, width)


def tiny(u: Image) -> float:
    """Return a brightness that is as good as none."""
    return max(1e-3 * float(u.max()), float(np.finfo(u.dtype).tiny))


def blurred(u: Image, scale: float, grid: Grid) -> Image:
    """Return the image after linear diffusion, as a Gaussian of that standard deviation would leave it."""
    time = 0.5 * scale**2
    return evolve(
        u, Heat(), scheme=FSI(tau=time), until=Time(time), channel_axis=0,
        spacing=grid.spacing, tiling=grid.tiling,
    ).u  # fmt: skip


def _standing_out(u: Image, broad: Image, dark: bool) -> NDArray[np.bool_]:
    """Return which pixels are not ground, at a first look."""
    from skimage.filters import threshold_otsu

    rest = broad - u if dark else u - broad
    if float(np.ptp(rest)) == 0.0:
        return np.zeros(u.shape, bool)
    return np.asarray(rest > threshold_otsu(rest))


def median_width(mask: NDArray[np.bool_], grid: Grid) -> float:
    """Return the median length of the runs of a mask ``[1, *space]`` along all axes; one pixel if it is empty.

    >>> median_width(np.array([[0, 1, 1, 1, 0, 1, 1, 1, 0]]) > 0, Grid((2.0,)))
    6.0
    """
    found = []
    for axis, h in enumerate(grid.spacing, 1):
        rows = np.moveaxis(mask, axis, -1).reshape(-1, mask.shape[axis])
        edges = np.diff(np.pad(rows, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        runs = np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]
        found.append(runs * h)
    lengths = np.concatenate(found)
    return float(np.median(lengths)) if lengths.size else min(grid.spacing)
