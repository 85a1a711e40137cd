"""Edges as curves: weak points are kept where strong ones go on, short curves dropped."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.boundaries import Boundaries
from divgrad.grid import Grid

LOW = 0.4  # of the strength at which a curve begins: it goes on where it is that strong
LEVELS = 50
AXES = {1: ("col",), 2: ("row", "col"), 3: ("plane", "row", "col")}


class Curves(NamedTuple):
    """Curves, in volumes surfaces.

    Parameters
    ----------
    mask
        Where they are.
    strength
        At every pixel the largest threshold at which it would still be on a curve.
    table
        Name of the column -> one value for each pixel of the mask.
    many
        How many there are.
    """

    mask: NDArray[np.bool_]
    strength: NDArray[np.float32]
    table: dict[str, NDArray[Any]]
    many: int


def curves(found: Boundaries, high: float, shortest: int, grid: Grid) -> Curves:
    """Link crests into curves, keep those that reach ``high`` somewhere and have enough pixels.

    Positions are in length units from the centre of the first pixel; ``strength`` of a point is its own,
    ``curve_strength`` the mean along its curve.

    Examples
    --------
    >>> from divgrad.estimate.boundaries import boundaries
    >>> u = np.zeros((1, 32, 32))
    >>> u[..., 20:] = 100.0
    >>> made = curves(boundaries(u, Grid((1.0, 1.0))), 0.4, 5, Grid((1.0, 1.0)))
    >>> made.many, made.mask.sum().item(), made.table["col"].round(1).tolist()[16]
    (1, 32, 19.5)
    """
    height, offset = found.ridges
    ndim = height.ndim
    numbers, kept, mean = linked(height, high, shortest)
    mask = kept[numbers]
    at = np.nonzero(mask)
    h = min(grid.spacing)
    table: dict[str, NDArray[Any]] = {"curve": np.cumsum(kept)[numbers[at]]}
    for name, axis, spacing, part in zip(AXES[ndim], at, grid.spacing, found.normal, strict=True):
        table[name] = axis * spacing + offset[at] * part[at] * h
    for name, part in zip(AXES[ndim], found.normal, strict=True):
        table[f"normal_{name}"] = part[at]
    strength = linked_strength(height, shortest)
    table["strength"] = height[at]
    table["curve_strength"] = mean[numbers[at]]
    table["lasting"] = np.clip(found.lasting[at], 0.0, 1.0)
    return Curves(mask, strength, table, int(kept.sum()))


def linked(
    height: NDArray[Any], high: float, shortest: int
) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[Any]]:
    """Return numbers of the curves above ``LOW high``, which of these are kept, and their mean heights."""
    from scipy.ndimage import label

    numbers, many = label(height >= LOW * high, structure=np.ones((3,) * height.ndim))
    flat, values = numbers.ravel(), height.ravel()
    inside = flat > 0
    flat, values = flat[inside], values[inside]
    strongest = np.zeros(many + 1)
    rising = np.argsort(values, kind="stable")
    strongest[flat[rising]] = values[rising]  # the last, and largest, stays
    pixels = np.bincount(flat, minlength=many + 1)
    kept = (strongest >= high) & (pixels >= shortest)
    return numbers, kept, np.bincount(flat, values, many + 1) / np.maximum(pixels, 1)


def linked_strength(height: NDArray[Any], shortest: int) -> NDArray[np.float32]:
    """Return for each point the largest threshold, of 50, at which it would still be on a curve; 0 elsewhere.

    >>> linked_strength(np.array([[0.0, 0.6, 0.25, 0.1, 0.0]]), 1).round(2).tolist()
    [[0.0, 0.6000000238418579, 0.6000000238418579, 0.23999999463558197, 0.0]]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    at = np.flatnonzero(height >= LOW / LEVELS)
    values = height.ravel()[at]
    rising = np.argsort(values, kind="stable")
    one, other = neighbours(height.shape, at)
    lower = np.minimum(values[one], values[other])
    found = np.zeros(at.size, np.float32)
    for level in range(LEVELS, 0, -1):
        joined = lower >= LOW * level / LEVELS
        pairs = (np.ones(int(joined.sum()), bool), (one[joined], other[joined]))
        many, numbers = connected_components(
            coo_array(pairs, shape=(at.size,) * 2).tocsr(), directed=False
        )
        strongest = np.zeros(many)
        strongest[numbers[rising]] = values[rising]  # the last, and largest, stays
        kept = (strongest >= level / LEVELS) & (np.bincount(numbers, minlength=many) >= shortest)
        found[kept[numbers] & (found == 0.0)] = level / LEVELS
    out = np.zeros(height.size, np.float32)
    out[at] = found
    return out.reshape(height.shape)


def neighbours(
    shape: tuple[int, ...], at: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return all pairs of pixels that touch, corners too, as positions in a list of flat indices.

    >>> [part.tolist() for part in neighbours((2, 3), np.array([0, 2, 4]))]
    [[1, 0], [2, 2]]
    """
    places = np.full(shape, -1, np.intp)
    places.ravel()[at] = np.arange(at.size)
    padded = np.pad(places, 1, constant_values=-1)
    steps = np.array(padded.strides) // padded.itemsize
    flat = padded.ravel()
    here = np.flatnonzero(flat >= 0)
    ones, others = [], []
    for step in np.ndindex((3,) * len(shape)):
        ahead = int(np.dot(np.array(step) - 1, steps))
        if ahead <= 0:
            continue
        there = flat[here + ahead]
        ones.append(flat[here][there >= 0])
        others.append(there[there >= 0])
    return np.concatenate(ones), np.concatenate(others)
