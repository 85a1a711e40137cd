"""The contour to begin with: a mask, a centre and a radius, or the corners of a polygon."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.layout import Layout

WITHIN = 0.9  # of the image: the ellipse that is taken where none is given


def first_contour(
    start: Any, shape: tuple[int, ...], layout: Layout, grid: Grid, dtype: Any
) -> tuple[NDArray[Any], str]:
    """Return a function of the image's spatial shape that is negative within the contour, and what it is, in words.

    Raises
    ------
    ImageError
        If it is none of these, or lies outside the image, or encloses all of it.
    """
    given = np.asarray(start) if start is not None else None
    lengths = [n * h for n, h in zip(shape, grid.spacing, strict=True)]
    if given is None:
        middle = [0.5 * (length - h) for length, h in zip(lengths, grid.spacing, strict=True)]
        axes = [max(0.5 * WITHIN * length, h) for length, h in zip(lengths, grid.spacing, strict=True)]  # fmt: skip
        first = (_far(shape, middle, axes, grid) - 1.0) * min(axes)
        said = f"the ellipse that fills {100 * WITHIN:.0f} % of each axis"
    elif given.shape in (shape, layout.shape):
        marks = layout.arrange(given, "start", np.dtype(np.float64)).any(axis=0)
        first, said = np.where(marks, -0.5, 0.5) * min(grid.spacing), "the mask given"
    elif given.shape == (grid.ndim + 1,):
        numbers = _numbers(given)
        radius = max(float(numbers[-1]), 1e-9 * min(grid.spacing))
        first = (_far(shape, numbers[:-1].tolist(), [radius] * grid.ndim, grid) - 1.0) * radius
        said = f"radius {radius:.4g} about {', '.join(f'{x:.4g}' for x in numbers[:-1])}"
    elif grid.ndim == 2 and given.ndim == 2 and given.shape[1] == 2 and len(given) > 2:
        from skimage.draw import polygon2mask

        marks = polygon2mask(shape, _numbers(given) / np.array(grid.spacing))
        first, said = np.where(marks, -0.5, 0.5) * min(grid.spacing), f"{len(given)} corners"
    else:
        raise ImageError(
            f"start has the shape {given.shape}: give a mask of the image's shape {shape}, a centre and a radius "
            f"({grid.ndim + 1} numbers)" + (", or at least 3 corners (row, col)" if grid.ndim == 2 else "")
        )  # fmt: skip
    inside = first < 0
    if not inside.any() or inside.all():
        what = "nothing" if not inside.any() else "all"
        raise ImageError(f"start encloses {what} of the image: it must enclose a part")
    return first.astype(dtype), said


def typical_radius(first: NDArray[Any], grid: Grid) -> float:
    """Return the radius of the disc or ball of the same size.

    >>> round(typical_radius(np.where(np.ones((20, 20)), -1.0, 1.0), Grid((1.0, 1.0))), 2)
    11.28
    """
    size = float(np.count_nonzero(first < 0)) * math.prod(grid.spacing)
    return math.sqrt(size / math.pi) if grid.ndim == 2 else (0.75 * size / math.pi) ** (1 / 3)


def _numbers(given: NDArray[Any]) -> NDArray[np.float64]:
    try:
        numbers = given.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.array([math.nan])
    if not np.isfinite(numbers).all():
        raise ImageError("start must be finite numbers: a centre and a radius, or corners")
    return numbers


def _far(
    shape: tuple[int, ...], middle: list[float], axes: list[float], grid: Grid
) -> NDArray[np.float64]:
    """Return the distance from the middle, in half axes."""
    total = np.zeros((1,) * len(shape))
    for axis, n in enumerate(shape):
        place = (np.arange(n) * grid.spacing[axis] - middle[axis]) / axes[axis]
        total = total + (place**2).reshape((-1,) + (1,) * (len(shape) - axis - 1))
    return np.sqrt(total)
