"""Midway between the darkest and the brightest grey value around every pixel.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. Over
windows of ``2 reach + 1`` pixels, cut at the borders of the image.
"""

from __future__ import annotations

import numpy as np

__all__ = ["middle"]

REAL = np.float32


def widen(row, low, high):
    """low, high <- the smaller and the larger of what they hold and the row."""
    for j in range(low.shape[0]):
        low[j] = row[j] if row[j] < low[j] else low[j]
        high[j] = row[j] if row[j] > high[j] else high[j]


def middle(u, out, box, reach):
    """out[box] <- (least + largest) / 2 of u within reach[axis] pixels; the box must span all cols."""
    width = u.shape[3]
    low, high = np.empty(width, REAL), np.empty(width, REAL)
    for c in range(u.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                around(u[c], z, y, reach, low, high, out[c, z, y])


def around(u, z, y, reach, low, high, out):
    """out <- the row of :func:`middle` at z, y."""
    n = low.shape[0]
    for j in range(n):
        low[j] = high[j] = u[z, y, j]
    for k in range(max(0, z - reach[0]), min(u.shape[0], z + reach[0] + 1)):
        for i in range(max(0, y - reach[1]), min(u.shape[1], y + reach[1] + 1)):
            widen(u[k, i], low, high)
    for j in range(n):
        out[j] = high[j]
    for d in range(1, min(reach[2], n - 1) + 1):
        for j in range(n - d):
            out[j] = high[j + d] if high[j + d] > out[j] else out[j]
        for j in range(n - d):
            out[j + d] = high[j] if high[j] > out[j + d] else out[j + d]
    for j in range(n):
        high[j] = low[j]
    for d in range(1, min(reach[2], n - 1) + 1):
        for j in range(n - d):
            high[j] = low[j + d] if low[j + d] < high[j] else high[j]
        for j in range(n - d):
            high[j + d] = low[j] if low[j] < high[j + d] else high[j + d]
    for j in range(n):
        out[j] = 0.5 * (out[j] + high[j])
