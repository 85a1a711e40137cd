"""A step of diffusion backwards, without overshoot."""

from __future__ import annotations

import numpy as np

from divgrad.grid import Grid
from divgrad.operators import Image
from divgrad.tasks.ground import blurred


def backward(u: Image, blur: float, strength: float, window: float, grid: Grid) -> Image:
    """Return ``u[1, *space]`` with what a blur takes from it added, within the range of the window around a pixel.

    >>> u = np.array([[0.0, 0.0, 3.0, 7.0, 10.0, 10.0]])
    >>> v = backward(u, 1.0, 1.0, 2.0, Grid((1.0,)))
    >>> bool(v[0, 2] < 3.0), bool(v[0, 3] > 7.0), float(v.min()), float(v.max())
    (True, True, 0.0, 10.0)
    """
    from scipy.ndimage import maximum_filter, minimum_filter

    size = (1, *(2 * max(1, round(window / h)) + 1 for h in grid.spacing))
    v = u + u.dtype.type(strength) * (u - blurred(u, blur, grid))
    return np.asarray(np.clip(v, minimum_filter(u, size), maximum_filter(u, size)))
