"""Grey values drawn to what their rank in the image says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import histogram, tiles
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, volume


class Spread(NamedTuple):
    """A channel's range when it began, and the range over which grey values are to be spread.

    Parameters
    ----------
    low, scale
        First value counted, and bins per grey value, for each channel.
    floor, reach
        First value of the target, and its range.
    """

    low: Image
    scale: Image
    floor: Image
    reach: Image


def spread(u: Image, low: float | None, high: float | None) -> Spread:
    """Return the bins for an image that begins as u and goes to low ... high; None: its own range."""
    flat = u.reshape(u.shape[0], -1)
    least, most = flat.min(axis=1), flat.max(axis=1)
    floor = least if low is None else np.full_like(least, low)
    top = most if high is None else np.full_like(most, high)
    first, last = np.minimum(least, floor), np.maximum(most, top)
    width = np.maximum(last - first, np.finfo(u.dtype).tiny * histogram.BINS)
    scale = (histogram.BINS / width.astype(np.float64)).astype(u.dtype)
    return Spread(first, scale, floor, top - floor)


def draw(u: Image, to: Spread, part: float, grid: Grid) -> Image:
    """Return u + part (goal - u): the goal of a pixel is as far up the range as its rank among all pixels is.

    Ranks are exact where no more than two different values share a bin, and interpolated where more do; like
    values share the middle of their ranks.
    """
    view, out = volume(u), np.empty_like(u)
    result, real = volume(out), u.dtype.type
    module = specialise(histogram, constant, u.dtype)
    todo = list(tiles.boxes(view.shape[1:], _block(view.shape, grid)))
    found: list[tuple[Image, Image, Image]] = []

    def count(box: tiles.Box) -> None:
        bins = (u.shape[0], histogram.BINS)
        table = (
            np.zeros(bins, np.int64),
            np.full(bins, real(np.inf)),
            np.full(bins, real(-np.inf)),
        )
        module.count(view, *table, box, to.low, to.scale)
        found.append(table)

    tiles.run(count, todo, grid.tiling.workers)
    total = np.sum([table[0] for table in found], axis=0)  # whole numbers: in any order
    least = np.min([table[1] for table in found], axis=0)
    most = np.max([table[2] for table in found], axis=0)
    first, rise, least = _goals(total, least, most, to, u[0].size)
    tiles.run(
        lambda box: module.draw(
            view, first, rise, least, result, box, to.low, to.scale, real(part)
        ),
        todo,
        grid.tiling.workers,
    )
    return out


def _goals(
    total: Image, least: Image, most: Image, to: Spread, size: int
) -> tuple[Image, Image, Image]:
    """Return for each bin the goal of its least value, how it rises from there, and that value."""
    per_rank = to.reach[:, None].astype(np.float64) / size
    floor = to.floor[:, None].astype(np.float64)
    below = np.cumsum(total, axis=1) - total
    width = np.where(total > 0, most.astype(np.float64) - least, 0.0)
    several = width > 0.0
    rank = below + np.where(several, 0.5, 0.5 * total)
    rise = np.where(several, (total - 1) / np.where(several, width, 1.0), 0.0)
    dtype = least.dtype
    start = np.where(total > 0, least, dtype.type(0))
    return (floor + per_rank * rank).astype(dtype), (per_rank * rise).astype(dtype), start


def _block(shape: tuple[int, ...], grid: Grid) -> tuple[int, int, int]:
    if grid.tiling.block is not None:
        return grid.tiling.block
    _, planes, rows, cols = shape
    deep = max(-(-planes // (4 * grid.tiling.workers)), -(-100_000 // (rows * cols)))
    deep = min(deep, max(1, tiles.LARGEST // (20 * rows * cols)))
    return tiles.even(planes, max(1, deep)), rows, cols
