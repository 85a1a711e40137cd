"""Tridiagonal systems along the lines of an image: (I - tau A) x = v for many lines at once.

Thomas' algorithm: one sweep forwards that removes the lower diagonal, one backwards. Within a line it is
sequential, so the inner loops run over a bundle of lines side by side, for which the bundle is transposed where
lines are contiguous. No pivoting: I - tau A is diagonally dominant for a diffusion at any tau > 0.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; axes ``[before, line, after]`` around the axis
of the lines, with a leading channel axis for images.
"""

from __future__ import annotations

import numpy as np

__all__ = ["solve_lines"]

REAL = np.float32


def eliminate(upper, diagonal, lower, tau, pivots, ratios):
    """pivots, ratios <- what one pass forwards needs, for a bundle [line, bundle]."""
    for i in range(upper.shape[0]):
        p, r, up, dia = pivots[i], ratios[i], upper[i], diagonal[i]
        if i == 0:
            for j in range(p.shape[0]):
                p[j] = 1.0 / (1.0 - tau * dia[j])
                r[j] = tau * up[j] * p[j]
        else:
            low, last = lower[i], ratios[i - 1]
            for j in range(p.shape[0]):
                p[j] = 1.0 / (1.0 - tau * dia[j] - tau * low[j] * last[j])
                r[j] = tau * up[j] * p[j]


def substitute(lower, tau, pivots, ratios, x):
    """x <- the solution, for the right-hand side that x holds."""
    n = x.shape[0]
    for i in range(n):
        p, now = pivots[i], x[i]
        if i == 0:
            for j in range(now.shape[0]):
                now[j] = now[j] * p[j]
        else:
            low, last = lower[i], x[i - 1]
            for j in range(now.shape[0]):
                now[j] = (now[j] + tau * low[j] * last[j]) * p[j]
    for i in range(n - 2, -1, -1):
        r, now, after = ratios[i], x[i], x[i + 1]
        for j in range(now.shape[0]):
            now[j] = now[j] + r[j] * after[j]


def solve_lines(upper, diagonal, lower, given, v, out, box, tau, weight, add):
    """out <- weight (I - tau A)^-1 v, or out + that if ``add``, for the lines in box = (a0, a1, b0, b1).

    ``given`` = (has a diagonal, has a lower): else rows sum to zero, else the matrix is symmetric.
    """
    n = upper.shape[1]
    lines = (box[1] - box[0]) * (box[3] - box[2])
    depth = box[3] - box[2]
    up = np.empty((n, lines), REAL)
    dia = np.empty((n, lines), REAL)
    low = np.zeros((n, lines), REAL)
    pivots = np.empty((n, lines), REAL)
    ratios = np.empty((n, lines), REAL)
    x = np.empty((n, lines), REAL)
    for a in range(box[0], box[1]):
        first = (a - box[0]) * depth
        for i in range(n):
            for b in range(depth):
                j = first + b
                up[i, j] = upper[a, i, box[2] + b]
                if given[1]:
                    low[i, j] = lower[a, i, box[2] + b]
                elif i > 0:
                    low[i, j] = upper[a, i - 1, box[2] + b]
                if given[0]:
                    dia[i, j] = diagonal[a, i, box[2] + b]
                else:
                    dia[i, j] = -(up[i, j] + low[i, j])
    eliminate(up, dia, low, tau, pivots, ratios)
    for c in range(v.shape[0]):
        for a in range(box[0], box[1]):
            first = (a - box[0]) * depth
            for i in range(n):
                for b in range(depth):
                    x[i, first + b] = v[c, a, i, box[2] + b]
        substitute(low, tau, pivots, ratios, x)
        for a in range(box[0], box[1]):
            first = (a - box[0]) * depth
            for i in range(n):
                for b in range(depth):
                    value = weight * x[i, first + b]
                    if add:
                        value += out[c, a, i, box[2] + b]
                    out[c, a, i, box[2] + b] = value
