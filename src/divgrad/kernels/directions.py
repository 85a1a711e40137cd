"""Which offsets stencils are made of, and how thin a tensor they can render."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import selling
from divgrad.kernels.specialise import specialise

Offset = tuple[int, int]

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


class Directions(NamedTuple):
    """The offsets that the tensors of images can need, and the parts that they are in of the cone of all tensors.

    Of three offsets ``u, v, w = u + v`` there are weights with D = sum of weights times u u', v v', w w', all >= 0
    in one part of the cone. Beyond its border, where that of v is negative, lies the part of ``u, w, u + w``,
    whose newest weight is that of v with the sign changed, to the bit: so every tensor is in one part, and no
    search is needed. Tensors are mirrored before, so that zx >= 0 and, where pixels are square, zz >= xx: of ten
    parts with reach 3 there are three.
    """

    table: NDArray[Any]
    """The offsets (dz >= 0, dx)."""
    images: NDArray[Any]
    """For each offset, which of the mirrored ones has its weight, and which if rows and cols were exchanged; and
    of which sign zx is, 0: of any, ``(offset, 3)``."""
    parts: NDArray[Any]
    """Of each part, the mirrored offsets w, u, v."""
    weights: NDArray[Any]
    """The weights of w, u, v are these numbers times the parts zz, xx, zx of D, ``(part, 3, 3)``."""
    least: NDArray[Any]
    """A tensor is in a part if its first weight is above, the others are not below these, ``(part, 3)``."""
    borders: NDArray[Any]
    """Numbers times zz, xx, zx that are negative for tensors too thin, between two neighbours in direction."""


def directions(grid: Grid, reach: int, dtype: Any = np.float64) -> Directions:
    """Return the offsets that the tensors of images can need.

    Of two neighbours u and v in angle, u + v is needed where they are so far apart that a tensor as thin as
    allowed can lie beyond u u' + v v'.

    >>> directions(Grid((1.0, 1.0)), 2).table.tolist()
    [[0, 1], [1, -2], [1, -1], [1, 0], [1, 1], [1, 2], [2, -1], [2, 1]]
    >>> [len(directions(Grid((1.0, 1.0)), reach).table) for reach in (1, 3, 5)]
    [4, 12, 24]
    """
    found = _directions(grid.spacing if grid.ndim == 2 else (1.0, 1.0), roundest(grid, reach))
    return found._replace(
        weights=found.weights.astype(dtype), least=found.least.astype(dtype),
        borders=found.borders.astype(dtype),
    )  # fmt: skip


@lru_cache(maxsize=32)
def _directions(h: Sequence[float], thin: float) -> Directions:
    square = h[0] == h[1]
    found = [(0, 1), (1, 0)]
    triples = [((0, 1), (1, 0))]
    rows: list[tuple[int, int, int]] = []
    weights: list[list[tuple[int, int, int]]] = []
    least: list[tuple[float, float, float]] = []
    borders: list[tuple[int, int, int]] = []
    for n, (u, v) in enumerate(triples):  # it grows
        w = (u[0] + v[0], u[1] + v[1])
        found.append(w)
        rows.append((found.index(w), found.index(u), found.index(v)))
        sides = ((u, v, -1), (v, w, 1), (u, w, 1))
        weights.append(
            [
                (s * p[1] * q[1], s * p[0] * q[0], -s * (p[0] * q[1] + p[1] * q[0]))
                for p, q, s in sides
            ]
        )
        lows = [-1.0 if n == 0 else 0.0]  # zx = 0 is in the first
        for k, ends in ((1, (w, v)), (2, (u, w))):  # where the weight of u is negative, of v
            angle = abs(math.atan2(*_lengths(ends[0], h)) - math.atan2(*_lengths(ends[1], h)))
            beyond = math.tan(0.5 * angle) ** 2 > thin * (1.0 + 1e-9)
            mirrored = square and n == 0 and k == 2  # zz >= xx is not there
            if beyond and not mirrored:
                triples.append(ends)
            if not beyond:
                borders.append(weights[n][k])
            lows.append(0.0 if beyond and not mirrored else -1e30)
        least.append((lows[0], lows[1], lows[2]))
    every = {(z, s * x) for z, x in found for s in (1, -1)} - {(0, -1)}
    if square:
        every |= {(abs(x), z if x > 0 else -z) for z, x in every if x}
        every -= {(z, x) for z, x in every if z == 0 and x < 0}
    table = sorted((z, 0) if x == 0 else (z, x) for z, x in every)
    place = {e: k for k, e in enumerate(found)}
    images = [
        (
            place.get((z, abs(x)), -1),
            place.get((abs(x), z), -1) if square else -1,
            (z * x > 0) - (z * x < 0),
        )
        for z, x in table
    ]
    made = (np.array(numbers, np.float64) for numbers in (weights, least, borders))
    return Directions(
        np.array(table, np.int64), np.array(images, np.int64), np.array(rows, np.int64), *made
    )


def _lengths(offset: Offset, h: Sequence[float]) -> tuple[float, float]:
    return offset[0] * h[0], offset[1] * h[1]


@lru_cache(maxsize=32)
def _roundest_in_volumes(spacing: tuple[float, float, float], reach: int) -> float:
    """Halve the interval of what is needed until it is known to a hundredth."""
    rng = np.random.default_rng(0)
    turns = np.linalg.qr(rng.standard_normal((12_000, 3, 3)))[0]
    middle = np.repeat([0.0, 1.0, 0.5], 4_000)  # needles, plates, and between
    module = specialise(selling, constant, np.dtype("f8"))
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
