"""Local means by diffusion, each pixel of its own weight, and the ground that they follow under outliers."""

from __future__ import annotations

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.presmoothing import smooth
from divgrad.operators import Image

WINDOW = 11  # of the pixels, reduced, that a median is taken of


def local_mean(u: Image, weight: Image, width: float, grid: Grid) -> Image:
    """Return the means of u within a Gaussian of standard deviation ``width``, each pixel of its weight."""
    tiny = u.dtype.type(1e-12)
    above = smooth(weight * u, width, grid) + tiny * u.mean()
    return np.asarray(above / (smooth(weight, width, grid) + tiny))


def ground(u: Image, inside: Image, width: float, grid: Grid, *, above: bool = True) -> Image:
    """Return the level that most pixels around have: means without what is further off than the spread.

    Parameters
    ----------
    u
        Image ``(1, *space)``.
    inside
        Weights of the pixels, such as 1 within a field of view and 0 outside.
    width
        How far the means reach.
    grid
        Where the pixels are.
    above
        Whether what is brighter than the ground is left out as what is darker is.
    """
    weight = inside
    for _ in range(3):
        level = local_mean(u, weight, width, grid)
        off = u - level
        spread = np.sqrt(local_mean(off * off, weight, width, grid)) + 1e-2 * np.abs(level)
        near = (off > -spread) & (off < spread) if above else off > -spread
        weight = inside * np.where(near, u.dtype.type(1), u.dtype.type(1e-3))
    return level


def local_rank(u: Image, width: float, grid: Grid, percent: float = 50.0) -> Image:
    """Return local medians, or other ranks, of ``(1, *space)`` over about ``width``: the ground under lines and spots.

    They are taken of means over an eleventh of the width, and joined linearly.
    """
    from scipy.ndimage import percentile_filter, zoom
    from skimage.measure import block_reduce

    shape = u.shape[1:]
    fold = tuple(
        max(1, min(n, round(width / (WINDOW * h))))
        for n, h in zip(shape, grid.spacing, strict=True)
    )
    pad = [(0, -n % f) for n, f in zip(shape, fold, strict=True)]
    small = block_reduce(np.pad(u[0], pad, mode="edge"), fold, np.mean)
    ranks = percentile_filter(small, percent, WINDOW, mode="nearest")
    large = zoom(ranks, fold, order=1, mode="nearest", grid_mode=True)
    return np.asarray(large[tuple(slice(n) for n in shape)][None], u.dtype)
