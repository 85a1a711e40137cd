"""Which pixels are impulses: by their value, or by filling them and looking what then is far from its place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate import NoiseKind
from divgrad.estimate.impulse_pixels import extreme_pixels, unlike_neighbours
from divgrad.grid import Grid
from divgrad.learned import run, shipped
from divgrad.operators import Image
from divgrad.tasks.filling import fill
from divgrad.tasks.gaussian_part import has_learned, remove_gaussian

# All in 1/255 of the range; chosen on photographs of imagecompression.info with 10, 20 and 40 % of impulses.
SUSPECT = 24.0  # distance from the nearest neighbours, to begin with
ROUNDS = (
    (25.0, 35.0),
    (20.0, 25.0),
    (15.0, 18.0),
    (12.0, 12.0),
)  # (noise, distance from what is without it)
TEXTURE = 1.0  # times the usual distance around is added
LIMIT = 40.0  # of a distance in the usual one
WINDOW = 7  # pixels


def impulses(u: Image, noise: NoiseKind, grid: Grid) -> NDArray[np.bool_]:
    """Say which pixels of ``u[channel, *space]`` are impulses of the kind that was found."""
    if noise.likely == "salt-and-pepper":
        return np.stack([extreme_pixels(part, noise.parameters["density"]) for part in u])
    return random_impulses(u, grid)


def random_impulses(u: Image, grid: Grid) -> NDArray[np.bool_]:
    """Say which pixels of ``u[channel, *space]`` hold a random value.

    Those first that are unlike their neighbours; then, three times and more strictly, those that are
    far from an image in which the suspects were filled and which was denoised.
    """
    return np.stack([_channel(part[None], grid) for part in u])


def _channel(u: Image, grid: Grid) -> NDArray[np.bool_]:
    from scipy.ndimage import uniform_filter

    unit = (float(u.max()) - float(u.min())) / 255.0
    found = unlike_neighbours(u[0]) > SUSPECT * unit
    if unit == 0.0:
        return np.zeros_like(found)
    for sigma, far in ROUNDS:
        filled = fill(u, found[None], grid)
        if has_learned(u, grid):
            smooth = run(filled / u.dtype.type(unit), shipped("fast"), sigma, tiling=grid.tiling)
            distance = np.abs(u[0] / u.dtype.type(unit) - smooth[0])
        else:
            distance = np.abs(u[0] - remove_gaussian(filled, sigma * unit, grid)[0]) / unit
        good = (~found).astype(u.dtype)
        around = uniform_filter(good, WINDOW)
        usual = uniform_filter(np.minimum(distance, LIMIT) * good, WINDOW) / np.maximum(
            around, 0.02
        )
        found = distance > far + TEXTURE * usual
    return found
