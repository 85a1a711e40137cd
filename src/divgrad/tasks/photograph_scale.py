"""What an image must be multiplied by before a model learned on photographs."""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.halving import halving
from divgrad.operators import Image

CONTRAST = 38.0  # grey values of 255 that a photograph's standard deviation is taken for

SAFE = 1.1  # of what is taken for noise: its level is known to a few per cent


def scale_for(z: Image, sigma: float, grid: Grid) -> float:
    """Return the factor that gives an image the contrast of a photograph in grey values of 0..255."""
    return CONTRAST / seen(z, sigma, grid)


def seen(z: Image, sigma: float, grid: Grid, halvings: int = 3) -> float:
    """Return the standard deviation of the image without that of its noise, seen on coarser grids.

    Strong noise leaves only the coarsest to look at, a fine texture is seen on the finer ones alone.
    """
    small, pixels, found = z, prod(z.shape[1:]), 0.0
    noise, variance = sigma**2, float(z.var(dtype=np.float64))
    while halvings and (level := halving(grid, small.shape[1:])) is not None:
        small, grid, halvings = level.shrink(small), level.grid, halvings - 1
        noise = sigma**2 * prod(small.shape[1:]) / pixels
        variance = float(small.var(dtype=np.float64))
        found = max(found, variance - SAFE * noise)
    # Never less than the noise there: a flat image has no contrast.
    return sqrt(max(found, variance - noise, noise, 1e-30))
