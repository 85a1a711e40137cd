"""(I - tau A) x on a grid and on its reduced images: products, residuals, Jacobi sweeps, and the ways between grids.

The matrix is ``mass x_i + sum_j w_ij (x_i - x_j)``, with the weights w >= 0 of the edges to the next plane, row and
col, and a mass >= 0 at every pixel: symmetric, and with a positive diagonal a matrix whose inverse makes no new
extrema. Images ``[channel, plane, row, col]``, weights and mass ``[plane, row, col]``, one for all channels.

Each pixel is computed on its own, in one order: the bits do not depend on how the work is cut. Plain Python,
compiled by :mod:`divgrad.kernels.specialise`.
"""

from __future__ import annotations

import numpy as np

__all__ = ["product", "prolong", "relax", "residual", "restrict"]

REAL = np.float32


def along(p, w, total):
    """total += w (p - next), and of the previous edge, along a row."""
    n = total.shape[0]
    for j in range(n - 1):
        total[j] += w[j] * (p[j] - p[j + 1])
    for j in range(1, n):
        total[j] += w[j - 1] * (p[j] - p[j - 1])


def across(p, q, w, total):
    """total += w (p - q), for rows."""
    for j in range(total.shape[0]):
        total[j] += w[j] * (p[j] - q[j])


def row_product(x, mass, wz, wy, wx, z, y, total):
    """total <- the row y of the plane z of the matrix times x."""
    p, m = x[z, y], mass[z, y]
    for j in range(total.shape[0]):
        total[j] = m[j] * p[j]
    along(p, wx[z, y], total)
    if y + 1 < x.shape[1]:
        across(p, x[z, y + 1], wy[z, y], total)
    if y > 0:
        across(p, x[z, y - 1], wy[z, y - 1], total)
    if z + 1 < x.shape[0]:
        across(p, x[z + 1, y], wz[z, y], total)
    if z > 0:
        across(p, x[z - 1, y], wz[z - 1, y], total)


def product(x, mass, wz, wy, wx, out, box):
    """out <- (I - tau A) x in the planes of the box."""
    for c in range(x.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(x.shape[2]):
                row_product(x[c], mass, wz, wy, wx, z, y, out[c, z, y])


def subtract(a, b, out):
    """out <- a - b, for rows."""
    for j in range(out.shape[0]):
        out[j] = a[j] - b[j]


def residual(x, r, mass, wz, wy, wx, out, box):
    """out <- r - (I - tau A) x in the planes of the box."""
    total = np.empty(x.shape[3], REAL)
    for c in range(x.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(x.shape[2]):
                row_product(x[c], mass, wz, wy, wx, z, y, total)
                subtract(r[c, z, y], total, out[c, z, y])


def correct(p, r, total, inverse, omega, out):
    """out <- p + omega (r - total) / diagonal, for rows."""
    for j in range(out.shape[0]):
        out[j] = p[j] + omega * inverse[j] * (r[j] - total[j])


def relax(x, r, inverse, mass, wz, wy, wx, omega, out, box):
    """out <- x + omega D^-1 (r - (I - tau A) x) in the planes of the box: one damped Jacobi sweep."""
    total = np.empty(x.shape[3], REAL)
    for c in range(x.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(x.shape[2]):
                row_product(x[c], mass, wz, wy, wx, z, y, total)
                correct(x[c, z, y], r[c, z, y], total, inverse[z, y], omega, out[c, z, y])


def gather(fine, coarse, fold):
    """coarse += the pixels of a fine row, ``fold`` of them to each."""
    if fold == 1:
        for j in range(coarse.shape[0]):
            coarse[j] += fine[j]
    else:
        for j in range(fine.shape[0] // 2):
            coarse[j] += fine[2 * j] + fine[2 * j + 1]
        if fine.shape[0] % 2:
            coarse[fine.shape[0] // 2] += fine[fine.shape[0] - 1]


def restrict(fine, coarse, fold, box):
    """coarse <- sums over ``fold`` fine pixels along each axis, in the coarse planes of the box."""
    for c in range(coarse.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(coarse.shape[2]):
                row = coarse[c, z, y]
                for j in range(row.shape[0]):
                    row[j] = 0.0
                for k in range(z * fold[0], min((z + 1) * fold[0], fine.shape[1])):
                    for i in range(y * fold[1], min((y + 1) * fold[1], fine.shape[2])):
                        gather(fine[c, k, i], row, fold[2])


def spread(coarse, inverse, fold, x):
    """x += the coarse pixel above each, in a row, but where the diagonal says that nothing changes."""
    if fold == 1:
        for j in range(x.shape[0]):
            x[j] += coarse[j] if inverse[j] > 0.0 else 0.0
    else:
        for j in range(x.shape[0] // 2):
            x[2 * j] += coarse[j] if inverse[2 * j] > 0.0 else 0.0
            x[2 * j + 1] += coarse[j] if inverse[2 * j + 1] > 0.0 else 0.0
        if x.shape[0] % 2:
            last = x.shape[0] - 1
            x[last] += coarse[last // 2] if inverse[last] > 0.0 else 0.0


def prolong(coarse, inverse, fold, x, box):
    """x += the coarse image, each of its pixels to all it was made of, in the fine planes of the box."""
    for c in range(x.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(x.shape[2]):
                spread(coarse[c, z // fold[0], y // fold[1]], inverse[z, y], fold[2], x[c, z, y])
