"""How steep an image is, place by place: the slopes that estimates and robust flows are made of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

BUDGET = 1_048_576  # pixels looked at: bounds time and memory for any image
BOX = {1: 16_384, 2: 128, 3: 32}  # side of each sample of a larger image, by number of axes


def collect(
    planes: Sequence[NDArray[Any]],
    spacing: tuple[float, ...],
    presmoothing: float | None,
    budget: int = BUDGET,
) -> Floats:
    """Return the slopes of the channels of an image that are not zero, as Perona-Malik diffusion sees them.

    From evenly spaced boxes if the image has more pixels than the budget. See
    :func:`divgrad.estimate.gradients.slopes`.
    """
    shape = planes[0].shape
    halos = [1 if presmoothing is None else 1 + math.ceil(4 * presmoothing / h) for h in spacing]
    found = []
    for box in _boxes(shape, budget):
        firsts = [max(0, start - halo) for (start, _), halo in zip(box, halos, strict=True)]
        outer = tuple(
            slice(first, min(n, stop + halo))
            for first, n, (_, stop), halo in zip(firsts, shape, box, halos, strict=True)
        )
        inner = tuple(
            slice(start - first, stop - first)
            for first, (start, stop) in zip(firsts, box, strict=True)
        )
        part = [plane[outer].astype(np.float64) for plane in planes]
        squares = _squares(part, spacing, presmoothing)
        found += [square[inner][square[inner] > 0] for square in squares]
    result: Floats = np.sqrt(np.concatenate(found))
    return result


def robust_scale(slopes: Floats) -> float:
    """Return 1.4826 times the median distance of slopes from their median; 0 where there are none.

    >>> robust_scale(np.array([1.0, 2.0, 3.0, 100.0]))
    1.4826
    """
    if slopes.size == 0:
        return 0.0
    return 1.4826 * float(np.median(np.abs(slopes - np.median(slopes))))


def _squares(
    part: Sequence[Floats], steps: tuple[float, ...], presmoothing: float | None
) -> list[Floats]:
    """Squared slopes: across the edges along each axis, or of the smoothed image, one array."""
    if presmoothing is None:
        return [
            np.sum([(np.diff(u, axis=axis) / step) ** 2 for u in part], axis=0)
            for axis, step in enumerate(steps)
        ]
    square = np.zeros(part[0].shape)
    for u in part:
        for axis, step in enumerate(steps):
            u = _smooth(u, presmoothing / step, axis)
        for axis, step in enumerate(steps):
            mirrored = _mirrored(u, 1, axis)
            slope = (_along(mirrored, 2, None, axis) - _along(mirrored, 0, -2, axis)) / (2 * step)
            square += slope**2
    return [square]


def _smooth(u: Floats, sigma: float, axis: int) -> Floats:
    """Convolve with a Gaussian, `sigma` in pixels, along one axis."""
    reach = math.ceil(4 * sigma)
    if reach == 0:
        return u
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    mirrored = _mirrored(u, reach, axis)
    result = np.zeros(u.shape)
    for i, weight in enumerate(weights):
        result += weight * _along(mirrored, i, i + u.shape[axis], axis)
    return result


def _mirrored(u: Floats, reach: int, axis: int) -> Floats:
    """Continue an image beyond its border as the equations do: mirrored, border pixel repeated."""
    size = u.shape[axis]
    place = np.arange(-reach, size + reach) % (2 * size)
    mirrored: Floats = np.take(u, np.minimum(place, 2 * size - 1 - place), axis=axis)
    return mirrored


def _along(u: Floats, start: int, stop: int | None, axis: int) -> Floats:
    return u[(slice(None),) * axis + (slice(start, stop),)]


def _boxes(shape: tuple[int, ...], budget: int) -> list[tuple[tuple[int, int], ...]]:
    """Ranges along each axis: the whole image, or boxes evenly spaced in it within the budget."""
    if math.prod(shape) <= budget:
        return [tuple((0, n) for n in shape)]
    sides = [min(n, BOX[len(shape)]) for n in shape]
    counts = [n // side for n, side in zip(shape, sides, strict=True)]
    while math.prod(counts) * math.prod(sides) > budget:
        most = max(counts)
        counts = [count - max(1, count // 5) if count == most else count for count in counts]
    ranges = []
    for n, side, count in zip(shape, sides, counts, strict=True):
        if (n - side) % 2 and count % 2 and count > 1:
            count -= (
                1  # nothing in the middle: the sample of a mirrored image is the mirrored sample
            )
        starts = ((np.arange(count) + 0.5) / count * (n - side)).astype(int).tolist()
        starts[(count + 1) // 2 :] = [n - side - start for start in reversed(starts[: count // 2])]
        ranges.append([(start, start + side) for start in starts])
    return list(itertools.product(*ranges))
