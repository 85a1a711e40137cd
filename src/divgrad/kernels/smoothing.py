"""Gaussian smoothing, and conductances from the gradient of the smoothed image.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. Planes are
smoothed one after the other (along planes, rows, then cols) and the last three kept in the cache, so
that no smoothed image is ever stored when only its gradient is wanted. Beyond the border the image is
mirrored, the border pixel repeated: nothing flows there.
"""

from __future__ import annotations

import numpy as np

from divgrad.conductances import constant as conductance
from divgrad.kernels.planes import mirror

__all__ = ["gaussian", "gradient_conductance"]

REAL = np.float32
CHANNELS = 1
VOLUME = True


def add_pair(p, q, weight, out):
    """out <- out + weight (p + q)."""
    for j in range(out.shape[0]):
        out[j] += weight * (p[j] + q[j])


def add_pairs(p, q, weight, r, s, other, out):
    """out <- out + weight (p + q) + other (r + s): one pass over out instead of two."""
    for j in range(out.shape[0]):
        out[j] = (out[j] + weight * (p[j] + q[j])) + other * (r[j] + s[j])


def smooth_plane(u, c, z, y0, y1, kz, ky, kx, stack, line, out):
    """out[row] <- rows y0 to y1 of plane z of channel c, smoothed; z, y0 and y1 may lie beyond the border."""
    width = u.shape[3]
    ry, rx = ky.shape[0] - 1, kx.shape[0] - 1
    zc = mirror(z, u.shape[1])
    for n in range(y1 - y0 + 2 * ry):
        y = mirror(y0 - ry + n, u.shape[2])
        row, result = u[c, zc, y], stack[n]
        for j in range(width):
            result[j] = kz[0] * row[j]
        for k in range(1, kz.shape[0] - 1, 2):
            p, q = u[c, mirror(z - k, u.shape[1]), y], u[c, mirror(z + k, u.shape[1]), y]
            a, b = u[c, mirror(z - k - 1, u.shape[1]), y], u[c, mirror(z + k + 1, u.shape[1]), y]
            add_pairs(p, q, kz[k], a, b, kz[k + 1], result)
        if kz.shape[0] % 2 == 0:
            k = kz.shape[0] - 1
            p, q = u[c, mirror(z - k, u.shape[1]), y], u[c, mirror(z + k, u.shape[1]), y]
            add_pair(p, q, kz[k], result)
    for n in range(y1 - y0):
        middle = line[rx : rx + width]
        row = stack[n + ry]
        for j in range(width):
            middle[j] = ky[0] * row[j]
        for k in range(1, ry + 1):
            p, q = stack[n + ry - k], stack[n + ry + k]
            weight = ky[k]
            for j in range(width):
                middle[j] += weight * (p[j] + q[j])
        for k in range(rx):
            line[k] = line[rx + mirror(k - rx, width)]
            line[rx + width + k] = line[rx + mirror(width + k, width)]
        result = out[n]
        for j in range(width):
            result[j] = kx[0] * middle[j]
        for k in range(1, rx, 2):
            p, q = line[rx - k : rx - k + width], line[rx + k : rx + k + width]
            a, b = line[rx - k - 1 : rx - k - 1 + width], line[rx + k + 1 : rx + k + 1 + width]
            add_pairs(p, q, kx[k], a, b, kx[k + 1], result)
        if rx % 2 == 1:
            add_pair(line[:width], line[2 * rx : 2 * rx + width], kx[rx], result)


def gaussian(u, out, box, kz, ky, kx):
    """out[box] <- u smoothed with the halves kz, ky, kx of kernels; the box must span all cols."""
    width = u.shape[3]
    stack = np.empty((box[3] - box[2] + 2 * ky.shape[0], width), REAL)
    line = np.empty(width + 2 * kx.shape[0], REAL)
    for c in range(u.shape[0]):
        for z in range(box[0], box[1]):
            smooth_plane(
                u, c, z, box[2], box[3], kz, ky, kx, stack, line, out[c, z, box[2] : box[3]]
            )


def gradient_conductance(u, out, box, kz, ky, kx, half, contrast):
    """out[0][box] <- g(|grad G u|^2) by central differences, summed over channels; half = 1 / (2 h)."""
    width = u.shape[3]
    rows = box[3] - box[2]
    rim = 1 if VOLUME else 0  # rows around the box whose slopes are asked for
    stack = np.empty((rows + 2 + 2 * ky.shape[0], width), REAL)
    line = np.empty(width + 2 * kx.shape[0], REAL)
    smooth = np.empty((3, CHANNELS, rows + 2, width), REAL)
    for z in range(box[0] - 1, box[1] + 1):
        for c in range(CHANNELS):
            smooth_plane(
                u, c, z, box[2] - rim, box[3] + rim, kz, ky, kx, stack, line, smooth[(z + 1) % 3, c]
            )
        if z <= box[0]:
            continue
        for y in range(rows):
            g = out[0, z - 1, box[2] + y]
            g[:] = 0.0
            for c in range(CHANNELS):
                p, q = smooth[(z - 1) % 3, c, y + rim], smooth[(z + 1) % 3, c, y + rim]
                for j in range(width):
                    d = (q[j] - p[j]) * half[0]
                    g[j] += d * d
                p = smooth[z % 3, c, y + rim]
                for j in range(1, width - 1):
                    d = (p[j + 1] - p[j - 1]) * half[2]
                    g[j] += d * d
                if width > 1:
                    d = (p[1] - p[0]) * half[2]
                    g[0] += d * d
                    d = (p[width - 1] - p[width - 2]) * half[2]
                    g[width - 1] += d * d
                if VOLUME:
                    p, q = smooth[z % 3, c, y], smooth[z % 3, c, y + 2]
                    for j in range(width):
                        d = (q[j] - p[j]) * half[1]
                        g[j] += d * d
            for j in range(width):
                g[j] = conductance(g[j], contrast)
