"""By how much the mean around every pixel is above the middle of the values around it.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. Middle: between
the darkest and the brightest of ``2 reach + 1`` pixels along every axis, cut at the borders of the image. The extremes
of a row are widened by doubling: of 1, 2, 4 ... pixels.
"""

from __future__ import annotations

import numpy as np

__all__ = ["side"]

REAL = np.float32


def begin(row, low, high):
    """low, high <- the row."""
    for j in range(low.shape[0]):
        low[j] = row[j]
        high[j] = row[j]


def widen(p, q, low, high):
    """low, high <- the smallest and the largest of what they hold and the rows p and q."""
    for j in range(low.shape[0]):
        x, y = p[j], q[j]
        a, b = (x if x < y else y), (y if x < y else x)
        low[j] = a if a < low[j] else low[j]
        high[j] = b if b > high[j] else high[j]


def along(low, d, least):
    """least <- the smaller of each entry of low and the one d further on."""
    p, q = low[: least.shape[0]], low[d : d + least.shape[0]]
    for j in range(least.shape[0]):
        least[j] = q[j] if q[j] < p[j] else p[j]


def up(high, d, most):
    """most <- the larger of each entry of high and the one d further on."""
    p, q = high[: most.shape[0]], high[d : d + most.shape[0]]
    for j in range(most.shape[0]):
        most[j] = q[j] if q[j] > p[j] else p[j]


def compare(mean, low, high, rounding, out):
    """out <- mean - (low + high) / 2; 0 where that is no more than rounding, so that mirrored images decide alike."""
    for j in range(out.shape[0]):
        d = mean[j] - 0.5 * (low[j] + high[j])
        largest = high[j] if high[j] > -low[j] else -low[j]
        allowed = rounding * largest
        out[j] = d if d > allowed or d < -allowed else 0.0


def side(u, mean, out, box, reach, rounding):
    """out[box] <- mean - the middle of u within reach[axis] pixels; the box must span all cols; out may be mean."""
    low = np.empty((2, u.shape[3] + 2 * reach[2]), REAL)
    high = np.empty((2, u.shape[3] + 2 * reach[2]), REAL)
    for c in range(u.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                k = around(u[c], z, y, reach, low, high)
                compare(mean[c, z, y], low[k], high[k], rounding, out[c, z, y])


def around(u, z, y, reach, low, high):
    """low[k], high[k] <- the extremes around the pixels of the row z, y, from the first entry on; returns k."""
    width, rim = u.shape[2], reach[2]
    a, b = low[0, rim : rim + width], high[0, rim : rim + width]
    begin(u[z, y], a, b)
    z0, z1 = max(0, z - reach[0]), min(u.shape[0], z + reach[0] + 1)
    y0, y1 = max(0, y - reach[1]), min(u.shape[1], y + reach[1] + 1)
    rows, lines = y1 - y0, (z1 - z0) * (y1 - y0)
    for i in range(0, lines, 2):
        j = min(i + 1, lines - 1)
        widen(u[z0 + i // rows, y0 + i % rows], u[z0 + j // rows, y0 + j % rows], a, b)
    for j in range(rim):
        low[0, j], high[0, j] = a[0], b[0]
        low[0, rim + width + j], high[0, rim + width + j] = a[width - 1], b[width - 1]
    size, k = 1, 0
    while size < 2 * rim + 1:
        d = min(size, 2 * rim + 1 - size)
        n = low.shape[1] - size - d + 1
        along(low[k], d, low[1 - k, :n])
        up(high[k], d, high[1 - k, :n])
        size += d
        k = 1 - k
    return k
