"""lap(c lap u) in one pass: the Laplacian of the planes ahead is kept in the cache, and never stored.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`.

    out = f (u - tau lap(c lap u)) + (1 - f) old

c is given at the pixels, or made of the squared Laplacian, summed over channels. Beyond the border stands the
border pixel, for u as for c lap u: neither u nor its curvature flows through. Both Laplacians are then one
symmetric matrix L, and L c L is symmetric and keeps the mean. A block spans all cols and repeats one
plane and one row on each side.
"""

from __future__ import annotations

import numpy as np

from divgrad.conductances import constant as conductance

__all__ = ["coefficients", "fourth"]

REAL = np.float32
CHANNELS = 1
VOLUME = True
NODES = False  # c is given at the pixels


def laplacian(p, before, behind, above, below, inverse, out):
    """out <- the Laplacian of the row p, whose neighbours are four rows; the row itself beyond a border."""
    iz, iy, ix = inverse[0], inverse[1], inverse[2]
    n = p.shape[0]
    for j in range(n):
        x = iz * ((before[j] - p[j]) + (behind[j] - p[j]))
        if VOLUME:
            x = x + iy * ((above[j] - p[j]) + (below[j] - p[j]))
        out[j] = x
    if n > 1:
        left, middle, right, inner = p[: n - 2], p[1 : n - 1], p[2:], out[1 : n - 1]
        for j in range(inner.shape[0]):
            inner[j] = inner[j] + ix * ((left[j] - middle[j]) + (right[j] - middle[j]))
        out[0] = out[0] + ix * (p[1] - p[0])
        out[n - 1] = out[n - 1] + ix * (p[n - 2] - p[n - 1])


def row_laplacian(u, z, y, inverse, out):
    """out <- the Laplacian of row y of plane z of u[plane, row, col]."""
    before, behind = u[max(z - 1, 0), y], u[min(z + 1, u.shape[0] - 1), y]
    above, below = u[z, max(y - 1, 0)], u[z, min(y + 1, u.shape[1] - 1)]
    laplacian(u[z, y], before, behind, above, below, inverse, out)


def weights(curved, contrast, squares):
    """squares <- c of the Laplacians curved[channel, col]."""
    for j in range(squares.shape[0]):
        squares[j] = 0.0
    for k in range(CHANNELS):
        row = curved[k]
        for j in range(squares.shape[0]):
            squares[j] += row[j] * row[j]
    for j in range(squares.shape[0]):
        squares[j] = conductance(squares[j], contrast)


def curve(u, c, z, y, contrast, inverse, squares, curved):
    """curved[channel, col] <- c lap u along row y of plane z."""
    for k in range(CHANNELS):
        row_laplacian(u[k], z, y, inverse, curved[k])
    if NODES:
        given = c[0, z, y]
        for j in range(squares.shape[0]):
            squares[j] = given[j]
    else:
        weights(curved, contrast, squares)
    for k in range(CHANNELS):
        row = curved[k]
        for j in range(squares.shape[0]):
            row[j] = squares[j] * row[j]


def finish(p, old, change, tau, fresh, out):
    """out <- fresh (p - tau change) + (1 - fresh) old."""
    kept = REAL(1.0) - fresh
    for j in range(out.shape[0]):
        out[j] = fresh * (p[j] - tau * change[j]) + kept * old[j]


def fourth(u, old, c, out, box, tau, fresh, contrast, inverse):
    """out[box] <- fresh (u - tau lap(c lap u)) + (1 - fresh) old; out may be old."""
    y0, y1 = max(0, box[2] - 1), min(u.shape[2], box[3] + 1)
    ring = np.empty((3, y1 - y0, CHANNELS, u.shape[3]), REAL)
    squares = np.empty(u.shape[3], REAL)
    march(u, old, c, out, box, tau, fresh, contrast, inverse, y0, ring, squares)


def march(u, old, c, out, box, tau, fresh, contrast, inverse, y0, ring, squares):
    """The loops of :func:`fourth`: c lap u of plane z, then the planes before it."""
    planes, rows = u.shape[1], u.shape[2]
    y1 = y0 + ring.shape[1]
    z0, z1 = max(0, box[0] - 1), min(planes, box[1] + 1)
    for z in range(z0, z1 + 1):
        if z < z1:
            for y in range(y0, y1):
                curve(u, c, z, y, contrast, inverse, squares, ring[z % 3, y - y0])
        r = z - 1
        if box[0] <= r < box[1]:
            a, b, d = ring[max(r - 1, 0) % 3], ring[r % 3], ring[min(r + 1, planes - 1) % 3]
            for y in range(box[2], box[3]):
                i = y - y0
                above, below = b[max(y - 1, 0) - y0], b[min(y + 1, rows - 1) - y0]
                for k in range(CHANNELS):
                    laplacian(b[i, k], a[i, k], d[i, k], above[k], below[k], inverse, squares)
                    finish(u[k, r, y], old[k, r, y], squares, tau, fresh, out[k, r, y])


def coefficients(u, out, box, contrast, inverse):
    """out[0][box] <- c of the Laplacian of u."""
    curved = np.empty((CHANNELS, u.shape[3]), REAL)
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            for k in range(CHANNELS):
                row_laplacian(u[k], z, y, inverse, curved[k])
            weights(curved, contrast, out[0, z, y])
