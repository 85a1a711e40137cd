"""From seeds to the chances of each label: contrast, colours and places together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.perceptual import perceptual
from divgrad.grid import Grid
from divgrad.operators import Image
from divgrad.tasks.segmenting.colours import colour_likelihood
from divgrad.tasks.segmenting.walking import edge_weights, walk

ROUNDS = 4  # of colours learned and labels spread
COLOUR, PLACE = 0.5, 1.5  # powers of the colours' likelihood, and of exp(-distance / extent)


def believed(
    u: Image, seeds: NDArray[Any], count: int, sharpness: float, trust: float, grid: Grid
) -> Image:
    """Return the chances of the labels 1 ... count, ``(count, *space)``, after the last round."""
    from scipy.ndimage import distance_transform_edt

    colours = perceptual(u).channels.astype(u.dtype)
    weights = edge_weights(colours, sharpness, grid)
    if trust == 0.0:
        return walk(weights, seeds, count, grid)
    numbers = range(1, count + 1)
    volume = np.prod(grid.spacing) * seeds.size
    far = np.stack([distance_transform_edt(seeds != k, grid.spacing) for k in numbers])
    place = (PLACE / volume ** (1.0 / grid.ndim)) * far
    parts = [seeds == k for k in numbers]
    for _ in range(ROUNDS):
        belief = COLOUR * np.log(colour_likelihood(colours, parts)) - place
        chances = np.exp(belief - belief.max(axis=0))
        chances /= chances.sum(axis=0)
        found = walk(weights, seeds, count, grid, chances.astype(u.dtype), trust)
        labels = found.argmax(axis=0) + 1
        parts = [labels == k for k in numbers]
    return found


def without_islands(chances: Image, labels: NDArray[Any], seeds: NDArray[Any]) -> NDArray[np.intp]:
    """Return labels of which every piece holds a seed; the first, the ground, may have others.

    A piece without goes, pixel by pixel, to the label that is likely next.

    Parameters
    ----------
    chances
        Of the labels 1, 2, ..., ``(label, *space)``.
    labels
        The likeliest label of each pixel.
    seeds
        0 where nothing is known, else the label.
    """
    from scipy.ndimage import label

    left, found = chances.copy(), labels.astype(np.intp)
    while True:
        lost = np.zeros(found.shape, bool)
        for k in range(2, len(chances) + 1):
            pieces, count = label(found == k)
            held = np.zeros(count + 1, bool)
            held[pieces[seeds == k]] = True
            held[0] = True
            lost |= ~held[pieces]
            left[k - 1][~held[pieces]] = -1.0
        if not lost.any():
            return found
        found[lost] = left[:, lost].argmax(axis=0) + 1


def default_seeds(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return 1 on the border, 2 in the middle, 0 between."""
    seeds = np.zeros(shape)
    inner = tuple(slice(max(1, n // 50), n - max(1, n // 50)) for n in shape)
    border = np.ones(shape, bool)
    border[inner] = False
    seeds[border] = 1.0
    seeds[tuple(slice((2 * n) // 5, max((2 * n) // 5 + 1, (3 * n) // 5)) for n in shape)] = 2.0
    return seeds
