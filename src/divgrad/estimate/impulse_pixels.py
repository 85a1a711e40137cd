"""Which pixels are impulses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.channels import Channel

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

RUN = 9  # pixels of a piece of a line; where too many of them are at one end for chance, it is black or white there
CHANCE = 1e-4  # that a pixel lies in such a piece though it is an impulse
SPARSE = 0.5  # density up to which that can be told
ROWS = 64  # at once


def extreme_pixels(channel: Channel, density: float) -> Mask:
    """Say which pixels are salt or pepper: those at the ends of the range, but for solid black and white.

    Parameters
    ----------
    channel : ndarray
        Real numbers.
    density : float
        Share of the pixels that are lost, as `impulse_share` finds it.

    Returns
    -------
    ndarray of bool

    Examples
    --------
    >>> extreme_pixels(np.array([[0, 120, 130, 255]]), 0.5)
    array([[ True, False, False,  True]])
    """
    low, high = channel == channel.min(), channel == channel.max()
    if density <= SPARSE:
        for ends in (low, high):
            ends &= ~_solid(ends, 0.5 * density)
    found: Mask = low | high
    return found


def _solid(ends: Mask, share: float) -> Mask:
    """Say which pixels lie in a piece of a row or column of which more are set than a random share would be."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    def chance(count: int) -> float:
        return sum(
            math.comb(RUN, n) * share**n * (1.0 - share) ** (RUN - n) for n in range(count, RUN + 1)
        )

    enough = next((n for n in range(1, RUN + 1) if RUN * chance(n) < CHANCE), RUN + 1)
    solid = np.zeros_like(ends)
    for axis, extent in enumerate(ends.shape):
        if extent >= RUN:
            part = uniform_filter1d(ends.astype(np.float32), RUN, axis=axis, mode="constant")
            full = (part > (enough - 0.5) / RUN).astype(np.uint8)
            solid |= maximum_filter1d(full, RUN, axis=axis, mode="constant") > 0
    return solid


def unlike_neighbours(channel: Channel) -> Floats:
    r"""Measure how far each pixel is even from those of its neighbours that are most like it.

    .. math:: \frac1n \sum_{i=1}^{n} |u - v_{(i)}|

    over the half of its neighbours that are nearest in value (the rank-ordered absolute difference).

    Parameters
    ----------
    channel : ndarray, 1-D to 3-D
        Real numbers.

    Returns
    -------
    ndarray of float32
        Image units.

    References
    ----------
    .. [1] R. Garnett, T. Huegerich, C. Chui, W. He, "A universal noise removal algorithm with an
       impulse detector", IEEE Trans. Image Process. 14(11), 1747-1754, 2005.

    Examples
    --------
    >>> unlike_neighbours(np.array([1.0, 1.0, 9.0, 1.0]))
    array([0., 0., 8., 0.], dtype=float32)
    """
    wide = np.pad(channel.astype(np.float32), 1, mode="symmetric")
    out = np.empty(channel.shape, np.float32)
    offsets = [o for o in np.ndindex(*(3,) * channel.ndim) if o != (1,) * channel.ndim]
    for top in range(0, len(channel), ROWS):
        rows = min(ROWS, len(channel) - top)
        shape = (rows, *channel.shape[1:])
        middle = channel[top : top + rows].astype(np.float32)
        far = np.empty((len(offsets), *shape), np.float32)
        for n, offset in enumerate(offsets):
            begin = (top + offset[0], *offset[1:])
            window = tuple(slice(b, b + s) for b, s in zip(begin, shape, strict=True))
            np.abs(wide[window] - middle, out=far[n])
        half = len(offsets) // 2
        far.partition(half - 1, axis=0)
        out[top : top + rows] = far[:half].mean(axis=0)
    return out
