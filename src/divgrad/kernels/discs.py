"""Contrast of the two halves of discs, for every pixel and orientation: offsets, soft histograms, blocks of rows."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import half_discs, tiles
from divgrad.kernels.specialise import specialise

#: Orientations of the line between the halves, evenly over half a turn.
ORIENTATIONS = 8
#: Levels to which grey values are rounded before they are looked up.
LEVELS = 64
ROWS = 16  # of the image, per block


class Disc(NamedTuple):
    """The pixels of a disc: where they are, in which sector, and how much of them."""

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    sectors: NDArray[np.int64]
    weights: NDArray[Any]


@lru_cache(maxsize=16)
def disc(radius: float, spacing: tuple[float, float]) -> Disc:
    """Return the pixels of a disc about one pixel, which itself belongs to neither half; a pixel on a line to both.

    >>> disc(1.0, (1.0, 1.0)).rows.tolist()
    [-1, -1, 0, 0, 0, 0, 1, 1]
    """
    reach = [math.ceil(radius / h) for h in spacing]
    found = []
    for y in range(-reach[0], reach[0] + 1):
        for x in range(-reach[1], reach[1] + 1):
            high, wide = y * spacing[0], x * spacing[1]
            if (y, x) == (0, 0) or math.hypot(high, wide) > radius * (1.0 + 1e-9):
                continue
            turn = math.atan2(high, wide) % (2.0 * math.pi) / math.pi * ORIENTATIONS
            sector = round(turn)
            if abs(turn - sector) < 1e-6:  # on the line between two sectors
                found += [(y, x, sector, 0.5), (y, x, sector - 1, 0.5)]
            else:
                found.append((y, x, math.floor(turn), 1.0))
    y, x, sectors, weights = np.array(found).T
    whole = (sectors % (2 * ORIENTATIONS)).astype(np.int64)
    return Disc(y.astype(np.int64), x.astype(np.int64), whole, weights / weights.sum() * 2.0)


@lru_cache(maxsize=8)
def soft_bins(width: float) -> NDArray[np.float64]:
    """Return the row of the histogram that a level adds: a Gaussian of this width, in parts of the range.

    >>> soft_bins(0.05).sum(axis=1).round(6).max().item()
    1.0
    """
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    bins = (np.arange(half_discs.BINS) + 0.5) / half_discs.BINS
    rows = np.exp(-0.5 * ((levels[:, None] - bins) / width) ** 2)
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def disc_differences(
    channels: NDArray[Any], widths: tuple[float, ...], radius: float, grid: Grid
) -> NDArray[np.float32]:
    r"""Return how differently grey values are distributed in both halves of a disc, from 0 to 1 for each channel.

    .. math:: \sum_c \tfrac12 \sum_j \frac{(p_{cj} - q_{cj})^2}{p_{cj} + q_{cj}}

    Parameters
    ----------
    channels
        ``(channel, row, col)``, in [0, 1].
    widths
        By how much bins overlap, for each channel.
    radius
        Of the disc, in length units.
    grid
        Spacing, and how many threads.

    Returns
    -------
    ndarray
        ``(orientation, row, col)``: orientation k is the angle pi k / n of the line, from the cols towards the rows.
    """
    space = channels.shape[1:]
    out = np.zeros((ORIENTATIONS, *space), np.float32)
    spacing = (grid.spacing[0], grid.spacing[1])
    rows, cols, sectors, weights = disc(radius, spacing)
    high, wide = int(rows.max(initial=0)), int(cols.max(initial=0))
    module = specialise(half_discs, constant, np.float32)
    for channel, width in zip(channels, widths, strict=True):
        codes = np.clip(channel * LEVELS, 0, LEVELS - 1).astype(np.int32)
        codes = np.pad(codes, ((high, high), (wide, wide)), mode="symmetric")
        table = np.ascontiguousarray(soft_bins(width).T.astype(np.float32))
        shares = weights.astype(np.float32)
        given = (codes, table, rows + high, cols + wide, sectors, shares, np.float32(0.5))

        def work(box: tiles.Box, given: Any = given) -> None:
            module.differences(*given, box[0], box[1], out)

        tiles.run(work, list(tiles.boxes((space[0], 1, 1), (ROWS, 1, 1))), grid.tiling.workers)
    return out
