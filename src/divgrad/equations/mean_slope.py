"""How steep an image is on the whole: contrasts that the user leaves open follow from it."""

from __future__ import annotations

import numpy as np

from divgrad.grid import Grid
from divgrad.operators import Image


def mean_slope(u: Image, grid: Grid) -> float:
    """Return the mean slope of ``u[channel, *space]``, each pixel's from differences on both sides; 1 for a flat image.

    >>> round(mean_slope(np.array([[0.0, 2.0, 2.0]]), Grid((1.0,))), 3)
    0.943
    """
    s2 = np.zeros(u.shape[1:])
    for axis, h in enumerate(grid.spacing):
        squares = np.square(np.diff(u, axis=axis + 1), dtype=np.float64).sum(axis=0) / (2.0 * h * h)
        for side in ((0, 1), (1, 0)):
            s2 += np.pad(squares, [side if axis == n else (0, 0) for n in range(grid.ndim)])
    return float(np.sqrt(s2).mean()) or 1.0
