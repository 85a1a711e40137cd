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
    np.maximum.at(strongest, flat, values)
    pixels = np.bincount(flat, minlength=many + 1)
    kept = (strongest >= high) & (pixels >= shortest)
    return numbers, kept, np.bincount(flat, values, many + 1) / np.maximum(pixels, 1)


def linked_strength(height: NDArray[Any], shortest: int) -> NDArray[np.float32]:
    """Return for each point the largest threshold, of 50, at which it would still be on a curve; 0 elsewhere.

    >>> linked_strength(np.array([[0.0, 0.6, 0.25, 0.1, 0.0]]), 1).round(2).tolist()
    [[0.0, 0.6000000238418579, 0.6000000238418579, 0.23999999463558197, 0.0]]
    """
    out = np.zeros(height.shape, np.float32)
    for level in range(LEVELS, 0, -1):
        numbers, kept, _ = linked(height, level / LEVELS, shortest)
        out[kept[numbers] & (out == 0.0)] = level / LEVELS
    return out
