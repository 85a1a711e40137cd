"""Kernels that make one step of whole rows, run over blocks of an image: step by step, or some steps per visit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels import tiles
from divgrad.operators import Image, volume

DEPTH = 5  # steps per visit of a block of an image: 1.4 x faster than one; in volumes the halo costs more than it gains
COPIES = 2 * tiles.CACHE  # bytes of the copies in use at a time

#: (source, fixed arrays ..., result, box, time step): result[box] <- one step; the box spans all cols.
Step = Callable[..., Any]


def over_rows(
    work: Callable[[tiles.Box], None], shape: tuple[int, ...], bytes_per_pixel: int, grid: Grid
) -> None:
    """Call ``work`` for blocks that span all cols of a volume ``(channel, plane, row, col)``.

    Parameters
    ----------
    work
        What treats a block; it reads one or two planes beyond it.
    shape
        Shape of the volume.
    bytes_per_pixel
        Scratch per pixel of a plane.
    grid
        How it is cut.
    """
    _, planes, rows, cols = shape
    if grid.tiling.block is not None:
        block = (*grid.tiling.block[:2], cols)
    else:
        height = tiles.even(rows, max(8, tiles.CACHE // (bytes_per_pixel * cols)))
        across = -(-rows // height)
        deep = max(16, -(-planes * across // (4 * grid.tiling.workers)))
        deep = max(1, min(deep, tiles.LARGEST // (20 * height * cols)))
        block = (tiles.even(planes, deep), height, cols)
    tiles.run(work, list(tiles.boxes((planes, rows, cols), block)), grid.tiling.workers)


def explicit_steps(
    step: Step, u: Image, fixed: Sequence[Image], taus: Sequence[float], grid: Grid
) -> Image:
    """Return u after steps, each of which reaches one pixel far.

    Parameters
    ----------
    step
        The kernel.
    u
        Image ``(channel, *space)``.
    fixed
        Volumes ``(channel, plane, row, col)`` that all steps read.
    taus
        The time steps.
    grid
        How the image is cut; the bits do not depend on it.
    """
    times = [u.dtype.type(tau) for tau in taus]
    depth = grid.tiling.depth or (1 if u.ndim > 3 else DEPTH)
    visits = -(-len(times) // depth)
    depth = -(-len(times) // max(1, visits))  # equal visits
    old, new = u, u
    for s in range(0, len(times), depth):
        out = np.empty_like(u) if old is u else old
        _visit(step, volume(new), fixed, volume(out), times[s : s + depth], grid)
        old, new = new, out
    return u.copy() if new is u else new


def _visit(
    step: Step, u: Image, fixed: Sequence[Image], out: Image, taus: Sequence[Any], grid: Grid
) -> None:
    """Make all the steps, block by block: in copies that stay in the cache, where there are several."""
    n = len(taus)
    if n == 1:
        over_rows(
            lambda box: step(u, *fixed, out, box, taus[0]), u.shape, 6 * u.dtype.itemsize, grid
        )
        return
    arrays = 2 * u.shape[0] + sum(array.shape[0] for array in fixed)
    block = _block(u.shape, n, arrays * u.dtype.itemsize, grid)

    def work(box: tiles.Box) -> None:
        outer = [
            (max(0, box[2 * i] - n), min(u.shape[i + 1], box[2 * i + 1] + n)) for i in range(3)
        ]
        cut = (slice(None), *(slice(*ends) for ends in outer))
        a, others = u[cut].copy(), [array[cut].copy() for array in fixed]
        b = np.empty_like(a)
        head, tail = int(outer[0][0] > 0), int(outer[0][1] < u.shape[1])
        for s, tau in enumerate(taus):  # what is wrong at the copy's rim comes nearer with each
            planes = (head * (s + 1), a.shape[1] - tail * (s + 1))
            step(a, *others, b, (*planes, 0, a.shape[2], 0, a.shape[3]), tau)
            a, b = b, a
        inside = [slice(box[2 * i] - outer[i][0], box[2 * i + 1] - outer[i][0]) for i in range(3)]
        out[:, box[0] : box[1], box[2] : box[3], box[4] : box[5]] = a[(slice(None), *inside)]

    tiles.run(work, list(tiles.boxes(u.shape[1:], block)), grid.tiling.workers)


def _block(
    shape: tuple[int, ...], steps: int, bytes_per_pixel: int, grid: Grid
) -> tuple[int, int, int]:
    """Return a block whose copies, with a halo of one pixel per step, fit the cache."""
    if grid.tiling.block is not None:
        return grid.tiling.block
    _, planes, rows, cols = shape
    pixels, halo = COPIES // bytes_per_pixel, 2 * steps
    width = tiles.even(cols, 512)
    height = rows if rows == 1 else tiles.even(rows, 16)
    thick = height + halo if rows > 1 else 1
    deep = max(8, pixels // ((width + halo) * thick) - halo)
    return tiles.even(planes, deep), height, width
