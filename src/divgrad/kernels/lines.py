"""Whole images solved line by line: the implicit step along one axis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import tiles, tridiagonal
from divgrad.kernels.specialise import specialise
from divgrad.operators import Bands, Image

BUNDLE = 32  # lines solved side by side: two vectors of 16, and 6 arrays of them fit the cache


def solve_axis(
    bands: Bands, axis: int, v: Image, out: Image, tau: float, weight: float, add: bool, grid: Grid
) -> None:
    """Out <- weight (I - tau A)^-1 v along the spatial axis, added to what it holds if ``add``."""
    space = v.shape[1:]
    shape = (int(np.prod(space[:axis])), space[axis], int(np.prod(space[axis + 1 :])))
    module = specialise(tridiagonal, constant, v.dtype)
    upper = bands.upper.reshape(shape)
    diagonal = upper if bands.diagonal is None else bands.diagonal.reshape(shape)
    lower = upper if bands.lower is None else bands.lower.reshape(shape)
    given = (bands.diagonal is not None, bands.lower is not None)
    source, result = v.reshape(-1, *shape), out.reshape(-1, *shape)
    real = v.dtype.type
    tiles.run(
        lambda box: module.solve_lines(
            upper, diagonal, lower, given, source, result, box[:4], real(tau), real(weight), add
        ),
        list(_bundles(shape[0], shape[2])),
        grid.tiling.workers,
    )


def _bundles(before: int, after: int) -> Iterator[tiles.Box]:
    """Cut the lines into bundles, along whichever side has more of them."""
    block = (1, min(after, BUNDLE)) if after >= BUNDLE else (max(1, BUNDLE // after), after)
    for a0, a1, b0, b1, _, _ in tiles.boxes((before, after, 1), (*block, 1)):
        yield a0, a1, b0, b1, 0, 1
