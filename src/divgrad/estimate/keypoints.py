"""Places of an image that are found again when it is turned, scaled and lit differently."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.equations.perona_malik import PeronaMalik
from divgrad.estimate.contrast import contrast
from divgrad.operators import Image
from divgrad.scales import scale_space
from divgrad.schemes import FSI

FINEST, PER_OCTAVE = (
    1.6,
    3,
)  # standard deviation of the first level, in pixels; levels until it doubles
COARSEST = 14.0
GENTLE = 70.0  # percentile of the slopes that is the contrast
FAINT = 2e-5  # determinants below are none, grey values from 0 to 1
CELLS, BINS, SAMPLES = (
    4,
    8,
    4,
)  # of a descriptor: cells along a side, directions, samples along a cell
CELL = 3.0  # width of a cell, in standard deviations of the level

Floats = NDArray[np.floating[Any]]


class Keypoints(NamedTuple):
    """Places, one row each.

    Parameters
    ----------
    places
        ``(n, 2)``: row and col.
    sizes
        Standard deviation of the blob, in pixels.
    angles
        Direction of the steepest slopes around, in radian from the cols towards the rows.
    descriptors
        ``(n, 128)`` unit vectors; their products tell how alike two places look.
    """

    places: Floats
    sizes: Floats
    angles: Floats
    descriptors: Floats


def keypoints(u: Image, most: int = 2000) -> Keypoints:
    r"""Return the blobs and corners of a grey image, with what they look like.

    The image diffuses where it is not steep; at each time the determinant of the Hessian, times the fourth power
    of the scale, is largest at blobs. Around each the directions of slopes are counted in 4 x 4 cells, turned to the
    place's own direction.

    Parameters
    ----------
    u
        ``(1, row, col)``, from about 0 to 1.
    most
        How many at most: the strongest.

    References
    ----------
    P. F. Alcantarilla, A. Bartoli, A. J. Davison, ECCV 2012, 214-227 (the scale space); D. G. Lowe, IJCV 60:91-110,
    2004 (the descriptor).

    Examples
    --------
    >>> rows, cols = np.indices((48, 48))
    >>> blob = np.exp(-((rows - 20) ** 2 + (cols - 27) ** 2) / 8.0)[None]
    >>> found = keypoints(np.float32(blob))
    >>> found.places.round().tolist()[0], found.descriptors.shape[1]
    ([20.0, 27.0], 128)
    """
    from scipy.ndimage import maximum_filter

    side = min(u.shape[1:])
    if side < 16:
        return _none()
    sigmas: list[float] = []
    while (sigma := FINEST * 2.0 ** (len(sigmas) / PER_OCTAVE)) <= min(COARSEST, side / 8.0):
        sigmas.append(sigma)
    images = _levels(u, sigmas)
    slopes, blobs = zip(*map(_derivatives, images, sigmas), strict=True)
    stack = np.stack(blobs)
    peak = (stack == maximum_filter(stack, size=3)) & (stack > FAINT)
    peak[[0, -1]] = False
    peak[:, [0, -1]] = False
    peak[:, :, [0, -1]] = False
    level, row, col = np.nonzero(peak)
    strongest = np.argsort(-stack[level, row, col], kind="stable")[:most]
    level, row, col = level[strongest], row[strongest], col[strongest]
    places = np.stack(
        [row + _top(stack, level, row, col, 1), col + _top(stack, level, row, col, 2)], 1
    )
    sizes = FINEST * 2.0 ** ((level + _top(stack, level, row, col, 0)) / PER_OCTAVE)
    parts = []
    for number in np.unique(level):
        chosen = level == number
        parts.append(_described(slopes[number], places[chosen], sizes[chosen]))
    if not parts:
        return _none()
    return Keypoints(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _none() -> Keypoints:
    return Keypoints(
        np.zeros((0, 2)), np.zeros(0), np.zeros(0), np.zeros((0, CELLS * CELLS * BINS))
    )


def _levels(u: Image, sigmas: list[float]) -> list[Floats]:
    """Return the image diffused for as long as Gaussians of these standard deviations take."""
    gentle = contrast(u, presmoothing=1.0, percentile=GENTLE, channel_axis=0)
    flow = PeronaMalik(max(gentle, 1e-3), presmoothing=1.0)
    times = [0.5 * sigma**2 for sigma in sigmas]
    return list(scale_space(u, times, equation=flow, scheme=FSI(tau=4.0), channel_axis=0)[:, 0])


def _derivatives(image: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Return the gradient (2, row, col) and the determinant of the Hessian, both free of the scale."""
    from scipy.ndimage import gaussian_filter

    width = 0.7 * sigma
    orders = ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1))
    dy, dx, yy, xx, xy = (
        gaussian_filter(image, width, order=order, truncate=3.0, mode="reflect") for order in orders
    )
    return sigma * np.stack([dy, dx]), sigma**4 * (yy * xx - xy * xy)


def _top(stack: Floats, level: Any, row: Any, col: Any, axis: int) -> Floats:
    """Return how far from the middle of three values a parabola through them is highest."""
    step = [int(axis == k) for k in range(3)]
    before = stack[level - step[0], row - step[1], col - step[2]]
    after = stack[level + step[0], row + step[1], col + step[2]]
    bend = 2.0 * stack[level, row, col] - before - after
    return np.asarray(np.clip(0.5 * (after - before) / np.maximum(bend, 1e-12), -0.5, 0.5))


def _described(slopes: Floats, places: Floats, sizes: Floats) -> Keypoints:
    """Return places of one level with their directions, some of which have two, and descriptors."""
    which, angles = _directions(slopes, places, sizes)
    places, sizes = places[which], sizes[which]
    dy, dx = _sampled(slopes, places, sizes, angles, *_square())
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    along, across = dx * cos + dy * sin, dy * cos - dx * sin
    turn = np.arctan2(across, along) % (2.0 * math.pi) / (2.0 * math.pi) * BINS
    high, wide = _square()
    half = CELLS * CELL / 2.0
    length = np.hypot(along, across) * np.exp(-0.5 * (high**2 + wide**2) / half**2)
    cells = _cells(high, wide)
    counted = np.empty((len(places), CELLS * CELLS, BINS))
    for k in range(BINS):
        off = np.abs((turn - k + 0.5 * BINS) % BINS - 0.5 * BINS)
        counted[:, :, k] = (length * np.maximum(0.0, 1.0 - off)) @ cells
    flat = counted.reshape(len(places), -1)
    flat = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    flat = np.minimum(flat, 0.2)
    flat = np.sqrt(flat / np.maximum(flat.sum(axis=1, keepdims=True), 1e-12))
    return Keypoints(places, sizes, angles, flat)


def _square() -> tuple[Floats, Floats]:
    """Return offsets of the samples of a descriptor, in standard deviations."""
    count = CELLS * SAMPLES
    line = (np.arange(count) - 0.5 * (count - 1)) * (CELL / SAMPLES)
    high, wide = np.meshgrid(line, line, indexing="ij")
    return high.ravel(), wide.ravel()


def _cells(high: Floats, wide: Floats) -> Floats:
    """Return how much of each sample falls into each cell."""
    middles = (np.arange(CELLS) - 0.5 * (CELLS - 1)) * CELL
    rows, cols = (
        np.maximum(0.0, 1.0 - np.abs(line[:, None] - middles) / CELL) for line in (high, wide)
    )
    return np.asarray((rows[:, :, None] * cols[:, None, :]).reshape(len(high), -1))


def _directions(slopes: Floats, places: Floats, sizes: Floats) -> tuple[Any, Floats]:
    """Return the strongest directions around each place: which place, and the angle."""
    line = np.arange(-6.0, 7.0)
    high, wide = (part.ravel() for part in np.meshgrid(line, line, indexing="ij"))
    near = high**2 + wide**2 <= 36.0
    high, wide = high[near], wide[near]
    dy, dx = _sampled(slopes, places, sizes, np.zeros(len(places)), high, wide)
    length = np.hypot(dy, dx) * np.exp(-0.5 * (high**2 + wide**2) / 2.5**2)
    bins = 36
    turn = np.arctan2(dy, dx) % (2.0 * math.pi) / (2.0 * math.pi) * bins
    counted = np.zeros((len(places), bins))
    lower = np.floor(turn).astype(int)
    part = turn - lower
    number = np.arange(len(places))[:, None]
    np.add.at(counted, (number, lower % bins), length * (1.0 - part))
    np.add.at(counted, (number, (lower + 1) % bins), length * part)
    for _ in range(3):
        counted = (np.roll(counted, 1, 1) + counted + np.roll(counted, -1, 1)) / 3.0
    before, after = np.roll(counted, 1, 1), np.roll(counted, -1, 1)
    peak = (counted > before) & (counted >= after)
    peak &= counted >= 0.8 * counted.max(axis=1, keepdims=True)
    which, k = np.nonzero(peak)
    a, b, c = before[which, k], counted[which, k], after[which, k]
    top = k + 0.5 * (c - a) / np.maximum(2.0 * b - a - c, 1e-12)
    return which, np.asarray(top * (2.0 * math.pi / bins))


def _sampled(
    slopes: Floats, places: Floats, sizes: Floats, angles: Floats, high: Floats, wide: Floats
) -> Floats:
    """Return the gradient (2, place, sample) on a pattern that is scaled and turned for each place."""
    from scipy.ndimage import map_coordinates

    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    size = sizes[:, None]
    rows = places[:, :1] + size * (high * cos + wide * sin)
    cols = places[:, 1:] + size * (wide * cos - high * sin)
    taken = [map_coordinates(part, [rows, cols], order=1, mode="nearest") for part in slopes]
    return np.stack(taken)
