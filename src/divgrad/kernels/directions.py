"""Which offsets stencils are made of, and how thin a tensor they can render."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import tensor
from divgrad.kernels.specialise import specialise

#: The parts of D in the arrays that hold it, as pairs of (plane, row, col): of images, and of volumes.
PARTS = {False: ((0, 0), (2, 2), (0, 2)), True: ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))}


@lru_cache(maxsize=32)
def offsets(reach: int, deep: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return all offsets within reach, each followed half the table later by its opposite; and their codes.

    Only offsets with no whole divisor: no other is ever used. ``codes[dz, dy, dx]`` counts from -reach, and
    an offset and its opposite have one code.

    >>> table, codes = offsets(1, False)
    >>> table[:4].tolist(), codes.shape
    ([[0, 0, 1], [1, 0, -1], [1, 0, 0], [1, 0, 1]], (3, 1, 3))
    """
    steps = range(-reach, reach + 1)
    every = product(steps, steps if deep else (0,), steps)
    half = [e for e in every if e > (0, 0, 0) and math.gcd(*e) == 1]
    table = np.array([*half, *([-z, -y, -x] for z, y, x in half)], np.int64)
    side = 2 * reach + 1
    codes = np.full((side, side if deep else 1, side), -1, np.int16)
    for code, (z, y, x) in enumerate(table):
        codes[z + reach, (y + reach) if deep else 0, x + reach] = code % len(half)
    return table, codes


def roundest(grid: Grid, reach: int, compact: bool = False) -> float:
    r"""Return the least eigenvalue, as a part of the largest, with which no tensor needs a farther offset.

    In images, for two offsets next to each other in angle with nothing between them within reach, D = u u' + v v'
    marks the border; so it is :math:`\max \tan^2(\angle(u, v) / 2)`, about :math:`1 / (4 r^2)`. In volumes it
    is measured on 12,000 tensors.

    >>> round(1.0 / roundest(Grid((1.0, 1.0)), 1), 3), round(1.0 / roundest(Grid((1.0, 1.0)), 5), 1)
    (5.828, 102.0)
    """
    shortest = min(grid.spacing)
    spacing = tuple(sorted(h / shortest for h in grid.spacing))  # the same for turned images
    if len(spacing) == 3:
        return _roundest_in_volumes(spacing, reach)
    across, along = spacing if len(spacing) == 2 else (1.0, 1.0)
    table = offsets(1 if compact else reach, False)[0]
    angles = np.unique(np.arctan2(table[:, 0] * along, table[:, 2] * across).round(12))
    widest = float(np.diff(angles).max())
    return math.tan(0.5 * widest) ** 2


def directions(grid: Grid, reach: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the offsets (dz >= 0, dx) that the tensors of images can need, and where each stands, by (dz, dx).

    Of two neighbours u and v in angle, u + v is needed where they are so far apart that a tensor as thin as
    allowed can lie beyond u u' + v v'. An offset and its opposite stand at the same place, counted from -reach;
    -1 stands for none.

    >>> directions(Grid((1.0, 1.0)), 2)[0].tolist()
    [[0, 1], [1, -2], [1, -1], [1, 0], [1, 1], [1, 2], [2, -1], [2, 1]]
    >>> [len(directions(Grid((1.0, 1.0)), reach)[0]) for reach in (1, 3, 5)]
    [4, 12, 24]
    """
    thin = roundest(grid, reach) * (1.0 + 1e-9)
    h = grid.spacing if grid.ndim == 2 else (1.0, 1.0)
    found = [(0, 1), (1, 0), (1, 1), (1, -1)]
    arcs = [((0, 1), (1, 1)), ((1, 1), (1, 0)), ((1, 0), (1, -1)), ((1, -1), (0, -1))]
    while arcs:
        u, v = arcs.pop()
        angle = abs(math.atan2(u[0] * h[0], u[1] * h[1]) - math.atan2(v[0] * h[0], v[1] * h[1]))
        angle = min(angle, 2.0 * math.pi - angle)
        if math.tan(0.5 * angle) ** 2 > thin:
            middle = (u[0] + v[0], u[1] + v[1])
            found.append(middle)
            arcs += [(u, middle), (middle, v)]
    table = np.array(sorted(found), np.int64)
    places = np.full((2 * reach + 1, 2 * reach + 1), -1, np.int64)
    for d, (dz, dx) in enumerate(table):
        places[reach + dz, reach + dx] = places[reach - dz, reach - dx] = d
    return table, places


@lru_cache(maxsize=32)
def _roundest_in_volumes(spacing: tuple[float, float, float], reach: int) -> float:
    """Halve the interval of what is needed until it is known to a hundredth."""
    rng = np.random.default_rng(0)
    turns = np.linalg.qr(rng.standard_normal((12_000, 3, 3)))[0]
    middle = np.repeat([0.0, 1.0, 0.5], 4_000)  # needles, plates, and between
    module = specialise(tensor, constant, np.dtype("f8"), CHANNELS=1)
    table, index = offsets(reach, True)
    lengths = (table**2).sum(axis=1)
    scale = np.array([1.0 / (spacing[i] * spacing[j]) for i, j in PARTS[True]])
    low, high = 1e-3, 1.0
    while high > 1.01 * low:
        trial = math.sqrt(low * high)
        values = np.stack([np.ones(12_000), np.maximum(middle, trial), np.full(12_000, trial)])
        matrices = np.einsum("nij,jn,nkj->ikn", turns, values, turns)
        field = np.stack([matrices[i, j] for i, j in PARTS[True]])[:, :, None, None]
        weights, codes = np.empty((6, 12_000, 1, 1)), np.empty((6, 12_000, 1, 1), np.int16)
        module.decompose(field, scale, 1.0, 1e-15, index, weights, codes, (0, 12_000, 0, 1, 0, 1))
        trace = (weights * lengths[codes]).sum(axis=0)  # another one where D was made rounder
        wanted = np.einsum("i,inyx->nyx", scale[:3], field[:3])
        fits = bool((np.abs(trace - wanted) < 1e-9 * wanted).all())
        low, high = (low, trial) if fits else (trial, high)
    return 1.05 * high
