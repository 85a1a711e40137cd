r"""Shock filters of images in one visit: smoothing, directions, sign and step, tile by tile in the cache.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. The step is
that of :mod:`divgrad.kernels.shock`, the structure tensor that of :mod:`divgrad.kernels.structure`; what lies between
the image and its next state - the smoothed image, the products of its slopes, their averages, the sign - is never
stored: whole images went from memory to the cache and back seven times per step before. Measured: 1.3 to 1.8 x.

Directions are projections w w' by the double angle, without an eigenvector: :mod:`divgrad.kernels.dominant`.
"""

from __future__ import annotations

import math

import numpy as np

from divgrad.kernels import flat
from divgrad.kernels.flat import accumulate, along, down, products, repeat
from divgrad.kernels.planes import fill, keep
from divgrad.kernels.shock_rows import fade, flow, hard, soft, volume_glide

__all__ = ["steer"]

REAL = np.float32
PITCH = flat.PITCH
INLINE = False


def convexity(g, a, b, iz, ix, out):
    """out <- the Laplacian."""
    x, o = g[a - PITCH : b + PITCH], out[a:b]
    for j in range(o.shape[0]):
        two = x[j + PITCH] + x[j + PITCH]
        z, y = (x[j] + x[j + 2 * PITCH]) - two, (x[j + PITCH - 1] + x[j + PITCH + 1]) - two
        o[j] = iz * z + ix * y


def bend_along(g, a, b, iz, ix, hzx, zz, xx, zx, out):
    """out <- the second derivative along the dominant direction of the tensors zz, xx, zx."""
    x, o = g[a - PITCH - 1 : b + PITCH + 1], out[a:b]
    p, q, r = zz[a:b], xx[a:b], zx[a:b]
    for j in range(o.shape[0]):
        way, across = p[j] - q[j], r[j] + r[j]
        none = 0.03125 * (p[j] + q[j])
        radius = math.sqrt((way * way + across * across) + none * none)
        share = REAL(0.5) / radius if radius > 0.0 else 0.0
        m = x[j + PITCH + 1]
        two = m + m
        dz = iz * ((x[j + 1] + x[j + 2 * PITCH + 1]) - two)
        dx = ix * ((x[j + PITCH] + x[j + PITCH + 2]) - two)
        d = hzx * ((x[j] + x[j + 2 * PITCH + 2]) - (x[j + 2] + x[j + 2 * PITCH]))
        w, v = share * way, share * across
        o[j] = ((0.5 + w) * dz + (0.5 - w) * dx) + v * (d + d)


def bend_across(g, a, b, iz, ix, hz, hx, out):
    """out <- the second derivative along the gradient: see :func:`divgrad.kernels.shock_rows.along_gradient`."""
    x, o, hzx = g[a - PITCH - 1 : b + PITCH + 1], out[a:b], hz * hx
    for j in range(o.shape[0]):
        m = x[j + PITCH + 1]
        n, s, e, w = x[j + 1], x[j + 2 * PITCH + 1], x[j + PITCH + 2], x[j + PITCH]
        two = m + m
        dz, dx = (n + s) - two, (w + e) - two
        zz, xx = iz * dz, ix * dx
        dzx = (x[j] + x[j + 2 * PITCH + 2]) - (x[j + 2] + x[j + 2 * PITCH])
        zx, d2 = hzx * dzx, 0.0625 * (dzx * dzx)
        z, y = hz * (s - n), hx * (e - w)
        az, ax = z * z + 0.25 * (zz * dz + iz * d2), y * y + 0.25 * (xx * dx + ix * d2)
        way, s2 = (az * zz + ax * xx) + (z * y) * (zx + zx), az + ax
        o[j] = way / s2 if s2 > 0.0 else 0.0


def slopes(g, a, b, hz, hx, kept, out):
    """out <- squared central differences of g; kept = 1 adds them to those of other channels."""
    x, o = g[a - PITCH : b + PITCH], out[a:b]
    for j in range(o.shape[0]):
        s = (x[j + 2 * PITCH] - x[j]) * hz
        t = (x[j + PITCH + 1] - x[j + PITCH - 1]) * hx
        o[j] = kept * o[j] + (s * s + t * t)


def portion(contrast, out):
    """out <- Charbonnier's conductance of the squared slopes in it: another one would be another kernel to compile."""
    for j in range(out.shape[0]):
        out[j] = contrast / math.sqrt(contrast * contrast + out[j])


def climb(u, a, b, signs, rz, rx, reach, out):
    """out <- u - reach S |grad u|, upwind: see :func:`divgrad.kernels.shock.climb`."""
    v, o, sign = u[a - PITCH : b + PITCH], out[a:b], signs[a:b]
    for j in range(o.shape[0]):
        way = 1.0 if sign[j] > 0.0 else -1.0
        m = v[j + PITCH]
        x = way * m
        lo, hi = way * v[j], way * v[j + 2 * PITCH]
        z = x - (lo if lo < hi else hi)
        z = (z if z > 0.0 else 0.0) * rz
        lo, hi = way * v[j + PITCH - 1], way * v[j + PITCH + 1]
        y = x - (lo if lo < hi else hi)
        y = (y if y > 0.0 else 0.0) * rx
        o[j] = m - (reach * sign[j]) * math.sqrt(z * z + y * y)


def least(u, a, b, rows, out):
    """rows, out <- the least and the largest of three pixels above each other."""
    x, low, high = u[a - PITCH : b + PITCH], rows[a:b], out[a:b]
    for j in range(low.shape[0]):
        p, m, q = x[j], x[j + PITCH], x[j + 2 * PITCH]
        p, q = (p if p < q else q), (q if p < q else p)
        low[j] = m if m < p else p
        high[j] = m if m > q else q


def hold(low, high, a, b, out):
    """out <- out, held within the least and the largest of nine pixels, of which low and high are those of cols."""
    p, q, o = low[a - 1 : b + 1], high[a - 1 : b + 1], out[a:b]
    for j in range(o.shape[0]):
        x = p[j] if p[j] < p[j + 2] else p[j + 2]
        x = p[j + 1] if p[j + 1] < x else x
        y = q[j] if q[j] > q[j + 2] else q[j + 2]
        y = q[j + 1] if q[j + 1] > y else y
        value = x if o[j] < x else o[j]
        o[j] = y if value > y else value


def extremes(tile, rows, cols, low, high, ends):
    """ends <- the least and the largest of what they hold and of a tile; low and high are room for a row."""
    for j in range(cols):
        low[j], high[j] = tile[j], tile[j]
    for i in range(1, rows):
        row, p, q = tile[i * PITCH : i * PITCH + cols], low[:cols], high[:cols]
        for j in range(cols):
            x = row[j]
            p[j] = x if x < p[j] else p[j]
            q[j] = x if x > q[j] else q[j]
    for j in range(cols):
        ends[0] = low[j] if low[j] < ends[0] else ends[0]
        ends[1] = high[j] if high[j] > ends[1] else ends[1]


def steer(s, u, out, box, gz, gx, az, ax, inverse, half, amounts, kinds, room, ends):
    """out[box] <- one explicit step from u, steered by s.

    gz, gx are halves of the Gaussian that smooths s, az, ax of that which averages directions: see
    :mod:`divgrad.kernels.flat`. ``inverse`` is 1 / h^2, ``half`` 1 / (2 h); ``amounts`` are c tau, tau, d tau, 1 /
    softness, the curvature that is rounding, and the contrast of diffusion. ``kinds``: rows and cols of a tile;
    whether there are directions; whether the curvature is that along the gradient; whether the sign is soft; whether
    there is diffusion; whether s is u. ``room[8, pixels]`` is of any finite content; ``ends`` become the least and the
    largest result, if it is beyond them.
    """
    high, wide = kinds[0], kinds[1]
    for y0 in range(box[0], box[1], high):
        for x0 in range(box[4], box[5], wide):
            tile(
                s, u, out, y0, min(box[1], y0 + high), x0, min(box[5], x0 + wide), gz, gx, az, ax,
                inverse, half, amounts, kinds, room, ends,
            )  # fmt: skip


def tile(s, u, out, y0, y1, x0, x1, gz, gx, az, ax, inverse, half, amounts, kinds, room, ends):
    """One tile of :func:`steer`."""
    height, width, channels = u.shape[1], u.shape[3], s.shape[0]
    directed, normal, softly, blended = kinds[2] > 0, kinds[3] > 0, kinds[4] > 0, kinds[5] > 0
    iz, ix, hz, hx = inverse[0], inverse[2], half[0], half[2]
    ry, rx = gz.shape[0] - 1, gx.shape[0] - 1
    ty, tx = (az.shape[0], ax.shape[0]) if directed else (1, 1)  # one more for differences
    top, side = ry + ty, rx + tx
    rows, cols = y1 - y0 + 2 * top, x1 - x0 + 2 * side
    # A row is spare at both ends of a tile, for what nobody reads.
    v, g, mean = room[0], room[1], room[2]
    zz, xx, zx, share = room[3], room[4], room[5], room[6]
    first, last = PITCH, (1 + rows) * PITCH
    a, b = first + top * PITCH, last - top * PITCH
    d, e = a - (ty - 1) * PITCH, b + (ty - 1) * PITCH  # where there are products
    for c in range(channels):
        fill(s, c, y0 - top, x0 - side, rows, cols, PITCH, v[first:])
        guide = mean if channels == 1 else g
        kept = REAL(0.0) if c == 0 else REAL(1.0)
        if ry + rx > 0:
            down(v, first + ry * PITCH, last - ry * PITCH, gz, share)
            along(share, first + ry * PITCH, last - ry * PITCH, gx, guide)
        else:
            accumulate(v, REAL(0.0), REAL(1.0), guide)
        if directed:
            products(guide, d, e, hz, hx, kept, zz, xx, zx)
        if blended:
            slopes(guide, a, b, hz, hx, kept, room[7])
        if channels > 1:
            scale = REAL(1.0) / REAL(channels) if c + 1 == channels else REAL(1.0)
            accumulate(g, kept, scale, mean)
    if directed:
        if y0 < ty or x0 < tx or y1 + ty > height or x1 + tx > width:
            repeat(zx[d:], y0 - ty + 1, x0 - side, y1 - y0 + 2 * ty - 2, cols, height, width)
        for k in range(3):
            part = room[3 + k]
            down(part, a, b, az, share)
            along(share, a, b, ax, part)
        bend_along(mean, a, b, iz, ix, hz * hx, zz, xx, zx, g)
    elif normal:
        bend_across(mean, a, b, iz, ix, hz, hx, g)
    else:
        convexity(mean, a, b, iz, ix, g)
    signs = zz
    if softly:
        soft(g[a:b], amounts[4], amounts[3], signs[a:b])
    else:
        hard(g[a:b], amounts[4], signs[a:b])
    if blended:
        portion(amounts[5], room[7, a:b])
        fade(signs[a:b], room[7, a:b])
    for c in range(u.shape[0]):
        if u.shape[0] > 1 or kinds[6] == 0:
            fill(u, c, y0 - top, x0 - side, rows, cols, PITCH, v[first:])
        climb(v, a, b, signs, hz + hz, hx + hx, amounts[0], g)
        if blended:
            convexity(v, a, b, iz, ix, xx)
            flow(xx[a:b], room[7, a:b], amounts[1], g[a:b])
        if amounts[2] > 0.0:
            convexity(v, a, b, iz, ix, xx)
            bend_across(v, a, b, iz, ix, hz, hx, zx)
            volume_glide(xx[a:b], zx[a:b], amounts[2], g[a:b])
            least(v, a - 1, b + 1, xx, zx)
            hold(xx, zx, a, b, g)
        extremes(g[a + side :], y1 - y0, x1 - x0, v, share, ends)
        keep(g[a + side :], y0, x0, y1 - y0, x1 - x0, PITCH, c, out)
