"""Steps of a linear flow between neighbours whose weights are given: the loops of frozen curvature flows.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. A pixel i
gains ``tau w[3, i]`` times the sum over its neighbours of ``w (u_j - u_i)``, where ``w[axis, i]`` leads to the next
pixel along (plane, row, col). One kernel for every law that made the weights. Steps follow each other through the
planes, as in :mod:`divgrad.kernels.scalar`: 20 in one visit are several times faster than 20 visits.
"""

from __future__ import annotations

import numpy as np

from divgrad.kernels.planes import blend, copy, load, widened

__all__ = ["polynomial"]

REAL = np.float32


def flow(v, g, out):
    """out[j + 1] <- what flows from pixel j + 1 of a row to pixel j, nothing from beyond its ends."""
    for j in range(v.shape[0] - 1):
        out[j + 1] = g[j] * (v[j + 1] - v[j])


def across(v, a, b, g, h, out):
    """out <- what flows to v from a through g, and from b through h."""
    for j in range(out.shape[0]):
        out[j] = g[j] * (a[j] - v[j]) + h[j] * (b[j] - v[j])


def gain(v, a, b, g, h, x, y, rate, tau, out):
    """out <- v + tau rate times what flows along all axes."""
    for j in range(out.shape[0]):
        s = (x[j + 1] - x[j]) + (g[j] * (a[j] - v[j]) + h[j] * (b[j] - v[j]))
        out[j] = v[j] + tau * (rate[j] * (s + y[j]))


def flat_gain(v, a, b, g, h, x, rate, tau, out):
    """out <- the same without rows."""
    for j in range(out.shape[0]):
        s = (x[j + 1] - x[j]) + (g[j] * (a[j] - v[j]) + h[j] * (b[j] - v[j]))
        out[j] = v[j] + tau * (rate[j] * s)


def polynomial(u, old, w, out, box, taus, fresh):
    """out[box] <- ``v[s + 1] = fresh[s] (v[s] + taus[s] A v[s]) + (1 - fresh[s]) v[s - 1]``, v[0] = u, v[-1] = old."""
    steps, channels = taus.shape[0], u.shape[0]
    outer = widened(box, steps, u)
    width = outer[5] - outer[4]
    size = (outer[3] - outer[2]) * width
    march(
        u, old, w, out, box, taus, fresh, outer, np.zeros((steps + 1, 3, channels, size), REAL),
        np.zeros((channels, size), REAL), np.zeros(width + 1, REAL), np.zeros(width, REAL),
    )  # fmt: skip


def march(u, old, w, out, box, taus, fresh, outer, state, first, x, y):
    """The loops of :func:`polynomial`, on the arrays that it has made, over the box with its halo, outer."""
    steps, channels, planes = taus.shape[0], u.shape[0], outer[1] - outer[0]
    width, rows = outer[5] - outer[4], outer[3] - outer[2]
    head = 1 if outer[0] > 0 else 0
    tail = 1 if outer[1] < u.shape[1] else 0
    for i in range(planes + steps):
        if i < planes:
            load(u, outer[0] + i, outer[2], outer[3], outer[4], outer[5], state[0, i % 3])
        for s in range(steps):
            r = i - s - 1
            if r < head * (s + 1) or r >= planes - tail * (s + 1):
                continue
            if s == 0 and fresh[0] != 1.0:
                load(old, outer[0] + r, outer[2], outer[3], outer[4], outer[5], first)
            for c in range(channels):
                here, result = state[s, r % 3, c], state[s + 1, r % 3, c]
                after = here if r + 1 == planes else state[s, (r + 1) % 3, c]
                before = here if r == 0 else state[s, (r + 2) % 3, c]
                last = first[c] if s == 0 else state[s - 1, r % 3, c]
                sweep(
                    here, before, after, w, outer[0] + r, outer, width, rows, x, y, taus[s], result
                )
                if fresh[s] != 1.0:
                    blend(result, fresh[s], last)
        r = i - steps
        if box[0] <= outer[0] + r < box[1]:
            for c in range(channels):
                done = state[steps, r % 3, c]
                for k in range(box[2], box[3]):
                    at = (k - outer[2]) * width + box[4] - outer[4]
                    copy(done[at : at + box[5] - box[4]], out[c, outer[0] + r, k, box[4] : box[5]])


def sweep(here, before, after, w, z, outer, width, rows, x, y, tau, out):
    """out <- a step of plane z."""
    x0, x1 = outer[4], outer[5]
    for k in range(rows):
        row = outer[2] + k
        i, j = k * width, (k + 1) * width
        v = here[i:j]
        flow(v, w[2, z, row, x0:x1], x)
        h = w[0, z - 1 if z > 0 else 0, row, x0:x1]
        if rows > 1:
            up = here[i - width : i] if k > 0 else v
            down = here[j : j + width] if k + 1 < rows else v
            g = w[1, z, row - 1 if row > 0 else 0, x0:x1]
            across(v, down, up, w[1, z, row, x0:x1], g, y)
            gain(
                v, after[i:j], before[i:j], w[0, z, row, x0:x1], h, x, y, w[3, z, row, x0:x1], tau,
                out[i:j],
            )  # fmt: skip
        else:
            flat_gain(
                v, after[i:j], before[i:j], w[0, z, row, x0:x1], h, x, w[3, z, row, x0:x1], tau,
                out[i:j],
            )  # fmt: skip
