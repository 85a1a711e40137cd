"""Conjugate gradients for a thin plate over holes, m lap lap x = b, in the runs of pixels where there are holes.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; arrays are [plane, row, col], runs are
[run, (plane, row, first, last)]: whatever lies outside of them is zero and stays so. Sums are taken run by run, in 16
lanes that do not depend on how runs are dealt out to threads.
"""

from __future__ import annotations

import numpy as np

__all__ = ["bend", "follow", "pull", "turn"]

REAL = np.float32


def line(p, before, behind, above, below, first, last, inverse, out):
    """out[: last - first] <- the Laplacian of the row p from first to last; the row itself beyond a border."""
    iz, iy, ix = inverse[0], inverse[1], inverse[2]
    n = p.shape[0]
    a, b, c, d, e = (
        p[first:last],
        before[first:last],
        behind[first:last],
        above[first:last],
        below[first:last],
    )
    for j in range(last - first):
        out[j] = iz * ((b[j] - a[j]) + (c[j] - a[j])) + iy * ((d[j] - a[j]) + (e[j] - a[j]))
    low, high = max(first, 1), min(last, n - 1)
    if high > low:
        left, right = p[low - 1 : high - 1], p[low + 1 : high + 1]
        middle, inner = p[low:high], out[low - first : high - first]
        for j in range(high - low):
            inner[j] = inner[j] + ix * ((left[j] - middle[j]) + (right[j] - middle[j]))
    if n > 1 and first == 0:
        out[0] = out[0] + ix * (p[1] - p[0])
    if n > 1 and last == n:
        out[n - 1 - first] = out[n - 1 - first] + ix * (p[n - 2] - p[n - 1])


def run_laplacian(u, run, inverse, out):
    """out <- the Laplacian of u[plane, row, col] along a run."""
    z, y = run[0], run[1]
    before, behind = u[max(z - 1, 0), y], u[min(z + 1, u.shape[0] - 1), y]
    above, below = u[z, max(y - 1, 0)], u[z, min(y + 1, u.shape[1] - 1)]
    line(u[z, y], before, behind, above, below, run[2], run[3], inverse, out)


def product(p, q, lanes):
    """Return the sum of p q, in double precision; lanes are scratch."""
    for k in range(16):
        lanes[k] = 0.0
    whole = p.shape[0] // 16 * 16
    for j in range(0, whole, 16):
        for k in range(16):
            lanes[k] += np.float64(p[j + k]) * np.float64(q[j + k])
    for j in range(whole, p.shape[0]):
        lanes[j - whole] += np.float64(p[j]) * np.float64(q[j])
    total = np.float64(0)
    for k in range(16):
        total += lanes[k]
    return total


def bend(p, q, runs, first, last, inverse):
    """q <- lap p."""
    for n in range(first, last):
        run = runs[n]
        run_laplacian(p, run, inverse, q[run[0], run[1], run[2] : run[3]])


def pull(q, p, mask, h, runs, first, last, inverse, sums):
    """h <- mask lap q; sums[run] <- p h."""
    lanes = np.empty(16, np.float64)
    for n in range(first, last):
        run = runs[n]
        z, y, i, j = run[0], run[1], run[2], run[3]
        row, m = h[z, y, i:j], mask[z, y, i:j]
        run_laplacian(q, run, inverse, row)
        for k in range(j - i):
            row[k] = m[k] * row[k]
        sums[n] = product(p[z, y, i:j], row, lanes)


def follow(x, r, p, h, alpha, runs, first, last, sums, steps):
    """x <- x + alpha p, r <- r - alpha h; sums[run] <- r r, steps[run] <- the largest |alpha p|."""
    lanes = np.empty(16, np.float64)
    for n in range(first, last):
        run = runs[n]
        z, y, i, j = run[0], run[1], run[2], run[3]
        xs, rs, ps, hs = x[z, y, i:j], r[z, y, i:j], p[z, y, i:j], h[z, y, i:j]
        largest = REAL(0)
        for k in range(j - i):
            step = alpha * ps[k]
            xs[k] = xs[k] + step
            rs[k] = rs[k] - alpha * hs[k]
            largest = max(largest, abs(step))
        sums[n] = product(rs, rs, lanes)
        steps[n] = largest


def turn(p, r, beta, runs, first, last):
    """p <- r + beta p."""
    for n in range(first, last):
        run = runs[n]
        z, y, i, j = run[0], run[1], run[2], run[3]
        ps, rs = p[z, y, i:j], r[z, y, i:j]
        for k in range(j - i):
            ps[k] = rs[k] + beta * ps[k]
