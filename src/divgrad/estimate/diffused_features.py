"""What small images look like, as numbers for a classifier: directions of slopes at several diffusion times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.equations.perona_malik import PeronaMalik
from divgrad.errors import ImageError, ParameterError
from divgrad.layout import enter
from divgrad.parameters import Parameter
from divgrad.scales import scale_space

DIRECTIONS = 8
STEEP = 0.1  # of an image's range per pixel: steeper places are edges
APART = 1e4  # spacing between images, in pixels: nothing flows from one to the next
MANY = 2000  # images at a time

_CELLS = Parameter("Cells along each side", kind=int, least=1)
_TIME = Parameter("Every time", unit="pixels squared", least=0)


def diffused_features(
    images: ArrayLike, *, times: Sequence[float] = (0.5, 4.0), cells: int = 5
) -> NDArray[np.float32]:
    r"""Describe each of many small grey images by numbers that a classifier can part.

    Each image diffuses (Perona and Malik's equation: noise and wobbles fade, the shape stays). At each time the
    directions of the slopes are counted in overlapping cells; every cell has 8 directions, every time unit length.
    The result does not depend on brightness, contrast, or the other images.

    Parameters
    ----------
    images
        ``(image, row, col)``, any real dtype; never written to.
    times
        Diffusion times, in pixels squared.
    cells
        Cells along each side.

    Returns
    -------
    ndarray
        ``(image, feature)``, float32: len(times) * cells^2 * 8 features, for any estimator of scikit-learn.

    Raises
    ------
    ImageError
        If they are not images of two axes, or not finite.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990; N. Dalal, B. Triggs, CVPR 2005, 886-893 (the cells).

    Examples
    --------
    >>> bars = np.zeros((2, 16, 16))
    >>> bars[0, 6:10], bars[1, :, 6:10] = 1.0, 1.0
    >>> features = diffused_features(bars)
    >>> features.shape, float(features[0] @ features[1]) < 0.2 * float(features[0] @ features[0])
    ((2, 400), True)
    """
    stack = np.asarray(images)
    if stack.ndim != 3 or stack.size == 0:
        raise ImageError(
            f"images of shape (image, row, col) are needed, one at least; got the shape {stack.shape}"
        )
    _CELLS.check("cells", cells)
    if np.ndim(times) != 1 or len(times) == 0:
        raise ParameterError(f"times must be a list of one time or more; got {times!r:.60}")
    for time in times:
        _TIME.check("every time", time)
    parts = [_features(stack[k : k + MANY], times, cells) for k in range(0, len(stack), MANY)]
    return np.concatenate(parts)


def _features(stack: NDArray[Any], times: Sequence[float], cells: int) -> NDArray[np.float32]:
    u, _, _ = enter(stack)
    low, high = (f(u[0], axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    even = ((u[0] - low) / np.maximum(high - low, np.finfo(u.dtype).tiny)).astype(np.float32)
    levels = scale_space(
        even, times, equation=PeronaMalik(STEEP, presmoothing=0.7), spacing=(APART, 1.0, 1.0)
    )
    rows, cols = (_shares(n, cells) for n in stack.shape[1:])
    found = [_directions(level, rows, cols) for level in levels]
    return np.concatenate(found, axis=1).astype(np.float32)


def _shares(size: int, cells: int) -> NDArray[np.float32]:
    """Return ``(cell, pixel)``: how much of each pixel is counted in each cell; neighbours overlap by half.

    >>> _shares(4, 2).round(2).tolist()
    [[1.0, 0.75, 0.25, 0.0], [0.0, 0.25, 0.75, 1.0]]
    """
    places = (np.arange(size) + 0.5) / size * cells - 0.5
    places = np.clip(places, 0.0, cells - 1.0)
    off = np.abs(places - np.arange(cells)[:, None])
    return np.maximum(0.0, 1.0 - off).astype(np.float32)


def _directions(
    level: NDArray[Any], rows: NDArray[np.float32], cols: NDArray[np.float32]
) -> NDArray[Any]:
    slopes = [
        np.gradient(level, axis=axis) if level.shape[axis] > 1 else np.zeros_like(level)
        for axis in (1, 2)
    ]
    length = np.hypot(*slopes)
    turn = np.arctan2(*slopes) % (2.0 * math.pi) / (2.0 * math.pi) * DIRECTIONS
    found = []
    for k in range(DIRECTIONS):
        off = np.abs((turn - k + 0.5 * DIRECTIONS) % DIRECTIONS - 0.5 * DIRECTIONS)
        found.append(rows @ (length * np.maximum(0.0, 1.0 - off)) @ cols.T)
    flat = np.sqrt(np.stack(found, axis=1).reshape(len(level), -1))
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12))
