r"""Shock filters: grey value climbs or falls at a given speed, by the sign of a curvature, in one pass.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. One step is

.. math:: u + b \tau \Delta u - (1 - b) \, c \tau \, S(L v) \, |\nabla u| + d \tau \, u_{tt}

with L v a second derivative of a guide v, the mean of its channels: the Laplacian, or as the switches say; S its sign.

Upwind
    Where S > 0 grey value falls (erosion) and \|grad u\| takes, along every axis, the steepest descent towards a
    neighbour; where S < 0 it rises (dilation) and takes the steepest ascent (Rouy and Tourin). The step cannot
    pass the extreme neighbour M: it is at most :math:`c \tau \sqrt{\sum_i (M - u)^2 / h_i^2}`.
Rounding
    A sign is taken of what may be zero but for rounding, on plane ramps for instance. What is less than that has the
    sign 0: a part of the range of the whole image, not of the grey values around a pixel, so that a ramp has the same
    sign whatever is added to it.
Rows
    Three planes of a block lie in the cache with a rim of one pixel, mirrored at the image's border: p, m and q
    are rows of them, one pixel longer at both ends. In 2-D a row is treated by few loops over p, m, q; in
    volumes derivatives are kept, one per row of d: a loop over 9 rows at once would not vectorise.
"""

from __future__ import annotations

import math

import numpy as np

from divgrad.kernels.shock_rows import (
    add,
    along_direction,
    along_gradient,
    begin,
    bend,
    clip,
    fade,
    flow,
    glide,
    hard,
    hold,
    laplacian,
    mixed,
    slope,
    soft,
    total,
    volume_glide,
    widen,
)

__all__ = ["step"]

REAL = np.float32
CHANNELS = 1
VOLUME = True
OWN = False  # the guide is the image itself, of one channel
NORMAL = False  # L: along the guide's own gradient
DIRECTED = False  # L: along given directions, projections w w^T
SOFT = False  # S: a soft sign, instead of a hard one
BLEND = False  # b is given at every pixel, else 0
TANGENT = False  # with the term u_tt, else d = 0


def load(u, c, z, box, plane):
    """plane[y, x] <- plane z of channel c of u in the box, with a rim of one pixel."""
    z = min(max(z, 0), u.shape[1] - 1)
    width = box[5] - box[4]
    for i in range(plane.shape[0]):
        y = min(max(box[2] + i - 1, 0), u.shape[2] - 1) if VOLUME else box[2]
        row, out = u[c, z, y, box[4] : box[5]], plane[i, 1 : width + 1]
        for j in range(width):
            out[j] = row[j]
        plane[i, 0] = u[c, z, y, max(box[4] - 1, 0)]
        plane[i, width + 1] = u[c, z, y, min(box[5], u.shape[3] - 1)]


def derivatives(g, z, at, inverse, half, d):
    """Rows of d <- zz, yy, xx, zy, zx, yx and the gradient along z, y, x of a volume whose planes are z."""
    n = d.shape[1]
    p, m, q, a, b = g[z[0], at], g[z[1], at], g[z[2], at], g[z[1], at - 1], g[z[1], at + 1]
    pa, pb = g[z[0], at - 1, 1 : n + 1], g[z[0], at + 1, 1 : n + 1]
    qa, qb = g[z[2], at - 1, 1 : n + 1], g[z[2], at + 1, 1 : n + 1]
    i = m[1 : n + 1]
    bend(p[1 : n + 1], i, q[1 : n + 1], inverse[0], d[0])
    bend(a[1 : n + 1], i, b[1 : n + 1], inverse[1], d[1])
    bend(m[:n], i, m[2:], inverse[2], d[2])
    mixed(pa, pb, qa, qb, half[0] * half[1], d[3])
    mixed(p[:n], p[2:], q[:n], q[2:], half[0] * half[2], d[4])
    mixed(a[:n], a[2:], b[:n], b[2:], half[1] * half[2], d[5])
    if NORMAL or TANGENT:
        slope(p[1 : n + 1], q[1 : n + 1], half[0], d[6])
        slope(a[1 : n + 1], b[1 : n + 1], half[1], d[7])
        slope(m[:n], m[2:], half[2], d[8])


def spread_square(slopes, own, second, third, q0, q1, q2, out):
    """out <- the mean square of a part of the gradient over the voxel."""
    for j in range(out.shape[0]):
        x = slopes[j] * slopes[j] + q0 * (own[j] * own[j])
        out[j] = x + (q1 * (second[j] * second[j]) + q2 * (third[j] * third[j]))


def along_volume_gradient(d, inverse, work, out):
    """out <- the same in a volume; of the parts of the gradient work[:3] <- squares, as in :func:`along_gradient`."""
    qz, qy, qx = REAL(0.25) / inverse[0], REAL(0.25) / inverse[1], REAL(0.25) / inverse[2]
    spread_square(d[6], d[0], d[3], d[4], qz, qy, qx, work[0])
    spread_square(d[7], d[1], d[3], d[5], qy, qz, qx, work[1])
    spread_square(d[8], d[2], d[4], d[5], qx, qz, qy, work[2])
    az, ay, ax, zz, yy, xx = work[0], work[1], work[2], d[0], d[1], d[2]
    for j in range(out.shape[0]):
        out[j] = (az[j] * zz[j] + ay[j] * yy[j]) + ax[j] * xx[j]
    zy, zx, yx, gz, gy, gx = d[3], d[4], d[5], d[6], d[7], d[8]
    for j in range(out.shape[0]):
        across = ((gz[j] * gy[j]) * zy[j] + (gy[j] * gx[j]) * yx[j]) + (gz[j] * gx[j]) * zx[j]
        out[j] += across + across
    for j in range(out.shape[0]):
        s2 = (az[j] + ay[j]) + ax[j]
        out[j] = out[j] / s2 if s2 > 0.0 else 0.0


def along_volume_direction(d, w, plane, y, x0, x1, out):
    """out <- the same in a volume."""
    for k in range(6):
        row, weight = d[k], w[k, plane, y, x0:x1]
        share = 1.0 if k < 3 else 2.0
        for j in range(out.shape[0]):
            more = share * (weight[j] * row[j])
            out[j] = more if k == 0 else out[j] + more


def climb(p, m, q, a, b, signs, rz, ry, rx, reach, out):
    """out <- m - reach S |grad u|, upwind; rz, ry, rx are 1 / h."""
    for j in range(out.shape[0]):
        way = 1.0 if signs[j] > 0.0 else -1.0
        u = way * m[j + 1]
        lo, hi = way * p[j + 1], way * q[j + 1]
        z = u - (lo if lo < hi else hi)
        z = (z if z > 0.0 else 0.0) * rz
        lo, hi = way * m[j], way * m[j + 2]
        x = u - (lo if lo < hi else hi)
        x = (x if x > 0.0 else 0.0) * rx
        s2 = z * z + x * x
        if VOLUME:
            lo, hi = way * a[j + 1], way * b[j + 1]
            y = u - (lo if lo < hi else hi)
            y = (y if y > 0.0 else 0.0) * ry
            s2 = s2 + y * y
        out[j] = m[j + 1] - (reach * signs[j]) * math.sqrt(s2)


def step(u, v, w, share, out, box, inverse, half, amounts):
    """out[box] <- one explicit step from u, guided by v and, with the switches, by directions w and shares b.

    ``inverse`` is 1 / h^2, ``half`` 1 / (2 h) along planes, rows and cols; ``amounts`` are c tau, tau, d tau, 1 /
    softness, and the curvature that is rounding.
    ``w`` are projections: zz, xx, zx in 2-D; zz, yy, xx, zy, zx, yx in 3-D.
    """
    width = box[5] - box[4]
    lines = box[3] - box[2] + 2 if VOLUME else 1
    state = np.empty((CHANNELS, 3, lines, width + 2), REAL)
    guide = np.empty((2, 1 if OWN else 3, lines, width + 2), REAL)
    d = np.empty((9, width), REAL)
    work = np.empty((6, width), REAL)
    march(u, v, w, share, out, box, inverse, half, amounts, state, guide, d, work)


def march(u, v, w, share, out, box, inverse, half, amounts, state, guide, d, work):
    """The loops of :func:`step`, on the arrays that it has made."""
    x0, x1 = box[4], box[5]
    for r in range(box[0] - 1, box[1] + 1):
        k = (r + 3) % 3
        for c in range(CHANNELS):
            load(u, c, r, box, state[c, k])
        if not OWN:
            load(v, 0, r, box, guide[0, k])
            for c in range(1, v.shape[0]):
                load(v, c, r, box, guide[1, k])
                scale = REAL(1.0) / REAL(c + 1) if c + 1 == v.shape[0] else REAL(1.0)
                add(guide[1, k], guide[0, k], scale)
        if r <= box[0]:
            continue
        z = ((r + 1) % 3, (r + 2) % 3, r % 3)
        for y in range(box[2], box[3]):
            at = y - box[2] + 1 if VOLUME else 0
            g = state[0] if OWN else guide[0]
            look(g, z, at, w, r - 1, y, x0, x1, inverse, half, amounts, d, work)
            if BLEND:
                fade(work[0], share[0, r - 1, y, x0:x1])
            for c in range(CHANNELS):
                result = out[c, r - 1, y, x0:x1]
                p, m, q = state[c, z[0], at], state[c, z[1], at], state[c, z[2], at]
                a, b = (state[c, z[1], at - 1], state[c, z[1], at + 1]) if VOLUME else (m, m)
                climb(
                    p, m, q, a, b, work[0], half[0] + half[0], half[1] + half[1],
                    half[2] + half[2], amounts[0], result,
                )  # fmt: skip
                if BLEND or TANGENT:
                    spread(
                        state[c], z, at, share[0, r - 1, y, x0:x1], inverse, half, amounts,
                        d, work, result,
                    )  # fmt: skip


def look(g, z, at, w, plane, y, x0, x1, inverse, half, amounts, d, work):
    """work[0] <- S of the row ``at`` of the guide."""
    p, m, q, guess = g[z[0], at], g[z[1], at], g[z[2], at], work[1]
    if VOLUME:
        derivatives(g, z, at, inverse, half, d)
        if NORMAL:
            along_volume_gradient(d, inverse, work[2:], guess)
        elif DIRECTED:
            along_volume_direction(d, w, plane, y, x0, x1, guess)
        else:
            total(d[0], d[1], d[2], guess)
    elif NORMAL:
        along_gradient(p, m, q, inverse[0], inverse[2], half[0], half[2], guess)
    elif DIRECTED:
        zz, xx, zx = w[0, plane, y, x0:x1], w[1, plane, y, x0:x1], w[2, plane, y, x0:x1]
        scale = half[0] * half[2]
        along_direction(p, m, q, inverse[0], inverse[2], scale, zz, xx, zx, guess)
    else:
        laplacian(p, m, q, inverse[0], inverse[2], guess)
    if SOFT:
        soft(guess, amounts[4], amounts[3], work[0])
    else:
        hard(guess, amounts[4], work[0])


def spread(g, z, at, share, inverse, half, amounts, d, work, out):
    """out <- out with what diffuses."""
    p, m, q, lap = g[z[0], at], g[z[1], at], g[z[2], at], work[1]
    if VOLUME:
        derivatives(g, z, at, inverse, half, d)
        total(d[0], d[1], d[2], lap)
    elif BLEND:
        laplacian(p, m, q, inverse[0], inverse[2], lap)
    if BLEND:
        flow(lap, share, amounts[1], out)
    if TANGENT:
        if VOLUME:
            along_volume_gradient(d, inverse, work[2:], work[5])
            volume_glide(lap, work[5], amounts[2], out)
            for k in range(at - 1, at + 2):
                if k < at:
                    begin(m, work[2], work[3])
                widen(g[z[0], k], g[z[1], k], g[z[2], k], work[2], work[3])
            clip(work[2], work[3], out)
        else:
            glide(p, m, q, inverse[0], inverse[2], half[0], half[2], amounts[2], out)
            hold(p, m, q, out)
