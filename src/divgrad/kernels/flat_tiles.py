"""Tiles of images for the kernels that work on flat ones: see :mod:`divgrad.kernels.flat`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.grid import Grid
from divgrad.kernels import flat
from divgrad.kernels.presmoothing import gaussians
from divgrad.operators import Image

HIGH = 48  # rows of a tile, which with what is around it and six of its kind stays in the cache
LINE = 64  # bytes
NARROWEST = 64  # cols of a tile, without what is around it
CUT = 3.0  # standard deviations at which averages of directions end: farther away lie 0.3 % of the weight


class Tiles:
    """Where a flow looks from a pixel of an image, and the tiles that leave room for it."""

    def __init__(self, sigma: float, rho: float | None, grid: Grid, dtype: Any) -> None:
        self.first = [_paired(half) for half in gaussians(sigma, grid, dtype)[::2]]
        means = gaussians(rho or 0.0, grid, dtype, CUT)[::2]
        self.second = [_paired(half) for half in means]
        wide = self.second if rho is not None else [np.ones(1, dtype)] * 2
        self.top, self.side = (a.size - 1 + b.size for a, b in zip(self.first, wide, strict=True))
        self.width = flat.PITCH - 2 * self.side

    @property
    def fit(self) -> bool:
        """Whether there are such tiles: not where it looks very far."""
        return bool(self.width >= NARROWEST and self.top <= HIGH)


def aligned(shape: tuple[int, int], dtype: Any) -> Image:
    """Return zeros that begin with a line of the cache: loads that lie in one line take half the time."""
    dtype = np.dtype(dtype)
    size = shape[0] * shape[1] * dtype.itemsize
    room = np.zeros(size + LINE, np.uint8)
    first = -room.ctypes.data % LINE
    numbers: Image = room[first : first + size].view(dtype).reshape(shape)
    return numbers


def _paired(half: NDArray[Any]) -> NDArray[Any]:
    """Return weights with zeros at their end: the loops take four or six pairs at a time."""
    more = (0, 3, 2, 1, 0, 1)[(half.size - 1) % 6]
    return np.append(half, np.zeros(more, half.dtype))
