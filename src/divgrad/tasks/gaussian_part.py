"""The Gaussian denoiser in between: learned for images, mixtures of flows for signals and volumes."""

from __future__ import annotations

from math import sqrt

import numpy as np

from divgrad.grid import Grid
from divgrad.learned import run, shipped
from divgrad.operators import Image
from divgrad.tasks.colour import is_colour
from divgrad.tasks.least_error import weights
from divgrad.tasks.photograph_scale import scale_for
from divgrad.tasks.two_flows import flows_for, mix, versions


def has_learned(u: Image, grid: Grid) -> bool:
    """Whether learned models, which know images of square pixels, apply to ``u[channel, *space]``."""
    return u.ndim == 3 and len(set(grid.spacing)) == 1


def remove_gaussian(
    z: Image, sigma: float, grid: Grid, model: str = "best", *, together: bool = True
) -> Image:
    """Return ``z[channel, *space]``, in any unit, without Gaussian noise of a known level.

    The learned models know grey values of 0..255: images are multiplied so that what is seen through the noise has
    the contrast of a photograph. Colours go through them together, other channels one by one. They know square
    pixels; images of others and signals are left to two classical flows, volumes to these and more. Without
    ``together`` colours go one by one too.
    """
    if z.ndim == 4:
        from divgrad.tasks.volume_mixture import mixture  # only what is needed starts quickly

        return mixture(z, sigma, grid, model)[0]
    if has_learned(z, grid):
        if together and is_colour(z, sigma, grid):
            known, parts, seen = shipped(f"{model}-colour"), [z], z.mean(axis=0, keepdims=True)
            scale = scale_for(seen, sigma / sqrt(3.0), grid)
        else:
            known, parts, scale = shipped(model), list(z[:, None]), scale_for(z, sigma, grid)
        factor = z.dtype.type(scale)
        parts = [run(part * factor, known, sigma * scale, tiling=grid.tiling) for part in parts]
        return np.asarray(np.concatenate(parts) / factor)
    flows = flows_for(sigma, None, z, grid)
    parts_, _ = weights(z, lambda v: versions(v, flows, grid), sigma, grid)
    return mix(z, flows, parts_, grid)
