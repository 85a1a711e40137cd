"""The structure tensor of images in one visit: smoothing, slopes, products, averages, tile by tile in the cache.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. What it makes
is what :mod:`divgrad.kernels.structure` does. Measured: 2 x.
"""

from __future__ import annotations

import numpy as np

from divgrad.kernels import flat
from divgrad.kernels.flat import along, down, products, repeat
from divgrad.kernels.planes import fill, keep

__all__ = ["average"]

REAL = np.float32
PITCH = flat.PITCH
INLINE = False


def average(u, out, box, gz, gx, az, ax, half, size, room):
    """out[part][box] <- the structure tensor, summed over channels.

    gz, gx are halves of the Gaussian that smooths u, az, ax of that which averages: see :mod:`divgrad.kernels.flat`.
    ``half`` is 1 / (2 h), ``size`` rows and cols of a tile; ``room[6, pixels]`` is of any finite content.
    """
    for y0 in range(box[0], box[1], size[0]):
        for x0 in range(box[4], box[5], size[1]):
            tile(
                u, out, y0, min(box[1], y0 + size[0]), x0, min(box[5], x0 + size[1]), gz, gx, az, ax,
                half, room,
            )  # fmt: skip


def tile(u, out, y0, y1, x0, x1, gz, gx, az, ax, half, room):
    """One tile of :func:`average`."""
    height, width = u.shape[1], u.shape[3]
    ry, rx, ty, tx = gz.shape[0] - 1, gx.shape[0] - 1, az.shape[0], ax.shape[0]
    top, side = ry + ty, rx + tx
    rows, cols = y1 - y0 + 2 * top, x1 - x0 + 2 * side
    v, guide, work = room[0], room[1], room[5]
    first, last = PITCH, (1 + rows) * PITCH
    a, b = first + top * PITCH, last - top * PITCH
    d, e = a - (ty - 1) * PITCH, b + (ty - 1) * PITCH  # where there are products
    for c in range(u.shape[0]):
        fill(u, c, y0 - top, x0 - side, rows, cols, PITCH, v[first:])
        down(v, d - PITCH, e + PITCH, gz, work)
        along(work, d - PITCH, e + PITCH, gx, guide)
        kept = REAL(0.0) if c == 0 else REAL(1.0)
        products(guide, d, e, half[0], half[2], kept, room[2], room[3], room[4])
    if y0 < ty or x0 < tx or y1 + ty > height or x1 + tx > width:
        repeat(room[4, d:], y0 - ty + 1, x0 - side, y1 - y0 + 2 * ty - 2, cols, height, width)
    for k in range(3):
        part = room[2 + k]
        down(part, a, b, az, work)
        along(work, a, b, ax, part)
        keep(part[a + side :], y0, x0, y1 - y0, x1 - x0, PITCH, k, out)
