"""The Gaussian denoiser in between: learned for images, the mixture of flows for signals and volumes."""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.halving import halving
from divgrad.learned import run, shipped
from divgrad.operators import Image
from divgrad.tasks.least_error import weights
from divgrad.tasks.two_flows import flows_for, mix, versions

CONTRAST = 38.0  # grey values of 255 that a photograph's standard deviation is taken for


def remove_gaussian(z: Image, sigma: float, grid: Grid, model: str = "best") -> Image:
    """Return ``z[channel, *space]``, in any unit, without Gaussian noise of a known level.

    The learned models know grey values of 0..255: images are multiplied so that what is seen through the noise has
    the contrast of a photograph. Channels go through them one by one. They know square pixels; images of others,
    signals and volumes are left to two classical flows.
    """
    if len(set(grid.spacing)) == 1 and z.ndim == 3:
        scale = CONTRAST / seen(z, sigma, grid)
        known, factor = shipped(model), z.dtype.type(scale)
        parts = [run(part[None] * factor, known, sigma * scale, tiling=grid.tiling) for part in z]
        return np.asarray(np.concatenate(parts) / factor)
    flows = flows_for(sigma, None, z, grid)
    parts_, _ = weights(z, lambda v: versions(v, flows, grid), sigma, grid)
    return mix(z, flows, parts_, grid)


def seen(z: Image, sigma: float, grid: Grid, halvings: int = 3) -> float:
    """Return the standard deviation of the image without that of its noise, seen on a coarser grid."""
    small, pixels = z, prod(z.shape[1:])
    while halvings and (level := halving(grid, small.shape[1:])) is not None:
        small, grid, halvings = level.shrink(small), level.grid, halvings - 1
    noise = sigma**2 * prod(small.shape[1:]) / pixels
    # Never less than the noise there: a flat image has no contrast.
    return sqrt(max(float(small.var(dtype=np.float64)) - noise, noise, 1e-30))
