"""Images of about half as many pixels along some axes, and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from divgrad.grid import Grid
from divgrad.operators import Image

LEAST = 8  # pixels along an axis that is halved


@dataclass(frozen=True)
class Halving:
    """A grid, and one of the same extent whose pixels are about twice as wide along its densest axes.

    Mirrored images are reduced to mirrored ones: of an odd number of pixels the new ones overlap parts.
    """

    fine: Grid
    grid: Grid
    shape: tuple[int, ...]
    small: tuple[int, ...]

    @property
    def factor(self) -> float:
        """How much wider its densest pixels are."""
        return min(self.grid.spacing) / min(self.fine.spacing)

    def shrink(self, u: Image) -> Image:
        """Return the means over the wider pixels; the mean of the image is kept."""
        for axis, (n, m) in enumerate(zip(self.shape, self.small, strict=True), 1):
            if n != m:
                u = _average(u, axis, n, m)
        return u

    def enlarge(self, u: Image) -> Image:
        """Return it on the fine grid, linear between the middles of the wider pixels, with the same mean."""
        out = u
        for axis, (n, m) in enumerate(zip(self.shape, self.small, strict=True), 1):
            if n != m:
                out = _interpolate(out, axis, n, m)
        axes = tuple(range(1, u.ndim))
        lost = u.mean(axis=axes, keepdims=True, dtype=np.float64)
        lost = lost - out.mean(axis=axes, keepdims=True, dtype=np.float64)
        return np.asarray(out + lost.astype(u.dtype))


def halving(grid: Grid, shape: tuple[int, ...]) -> Halving | None:
    """Return the next smaller grid for images of a shape; None where they are small already.

    >>> found = halving(Grid((1.0, 1.0)), (16, 9))
    >>> found.small, found.grid.spacing
    ((8, 5), (2.0, 1.8))
    """
    pairs = list(zip(shape, grid.spacing, strict=True))
    dense = min((h for n, h in pairs if n >= LEAST), default=math.inf)
    small = tuple(-(-n // 2) if n >= LEAST and h <= 1.5 * dense else n for n, h in pairs)
    if small == shape:
        return None
    spacing = tuple(h * n / m for (n, h), m in zip(pairs, small, strict=True))
    return Halving(grid, Grid(spacing, grid.tiling), shape, small)


def _along(weights: Image, axis: int, ndim: int) -> Image:
    return weights.reshape((-1,) + (1,) * (ndim - axis - 1))


def _average(u: Image, axis: int, n: int, m: int) -> Image:
    if n == 2 * m:
        before = (slice(None),) * axis
        out = u[(*before, slice(0, None, 2))] + u[(*before, slice(1, None, 2))]
        out *= u.dtype.type(0.5)
        return np.ascontiguousarray(out)
    # The pixel k covers k n / m to (k + 1) n / m: parts of at most three.
    begin = np.arange(m) * n
    first = begin // m
    out = np.zeros((*u.shape[:axis], m, *u.shape[axis + 1 :]), u.dtype)
    for offset in range(3):
        i = first + offset
        part = np.minimum((i + 1) * m, begin + n) - np.maximum(i * m, begin)
        weight = (np.maximum(part, 0) / n).astype(u.dtype)
        out += _along(weight, axis, u.ndim) * np.take(u, np.minimum(i, n - 1), axis)
    return out


def _interpolate(u: Image, axis: int, n: int, m: int) -> Image:
    place = np.clip((np.arange(n) + 0.5) * m / n - 0.5, 0.0, m - 1.0)
    low = np.minimum(place.astype(int), max(m - 2, 0))
    part = _along((place - low).astype(u.dtype), axis, u.ndim)
    below = np.take(u, low, axis)
    out: Image = np.take(u, np.minimum(low + 1, m - 1), axis)
    out -= below
    out *= part
    out += below
    return out
