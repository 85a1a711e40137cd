"""div(D grad u) in images, with non-negative stencils of few directions: a plane of weights for each.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`, where an image
is a volume whose planes are its rows: so everything here goes over [plane, col].

Decomposition
    D = sum w e e' with three whole offsets e and weights w >= 0 at every pixel, by Selling's algorithm: a superbase
    p + q + r = 0 of the grid is changed until no two of its vectors have a positive product p' D q. With COMPACT it
    is the delta stencil: the four directions of the nearest neighbours.
Weights
    A pixel exchanges half its weight with x + e and half with x - e (AD-LBR). ``planes[d, z, x]`` is the sum of
    what both ends of the pair (x, x + e_d) give it; pairs that leave the image have none. So the operator is
    symmetric, keeps the mean, and has no negative weight: no new extrema.
Steps
    All offsets are the same everywhere, so that the inner loops read contiguous pieces of rows; runs of RUN pixels
    without weight along a direction are left out. The steps follow each other through the rows as in
    :mod:`divgrad.kernels.scalar`, ``reach`` rows apart.
"""

from __future__ import annotations

import math

import numpy as np

from divgrad.kernels.cone_rows import (
    add_mean,
    clear,
    gained,
    mean,
    mirrored,
    scaled,
    selling,
    unfold,
)
from divgrad.kernels.planes import copy

__all__ = ["steps", "weigh"]

REAL = np.float32
CHANNELS = 1
COMPACT = False
RUN = 512


def rounder(zz, xx, zx, scale, borders, rows, work):
    """rows <- D times the scale; where it is too thin for the offsets, it gains across what they need, and no more.

    Between neighbouring offsets at angles a and b from the direction of D that is tan a tan b of its largest
    eigenvalue: with reach 3 at most 1/38, in the mean over directions 1/66, nothing along the offsets themselves.
    """
    a, c, b = rows[0], rows[1], rows[2]
    na, nc, nb, lack, gain = work[0], work[1], work[2], work[3], work[4]
    sa, sc, sb = scale[0], scale[1], scale[2]
    for j in range(a.shape[0]):
        half = 0.5 * (zz[j] - xx[j])
        radius = math.sqrt(half * half + zx[j] * zx[j])
        share = REAL(0.5) / radius if radius > 0.0 else REAL(0.0)
        na[j] = share * half
        nb[j] = -sb * (share * zx[j])
    for j in range(a.shape[0]):
        way = na[j]
        na[j] = sa * (0.5 - way)
        nc[j] = sc * (0.5 + way)
    scaled(zz, sa, a)
    scaled(xx, sc, c)
    scaled(zx, sb, b)
    for j in range(a.shape[0]):
        lack[j], gain[j] = 0.0, 1.0
    for n in range(borders.shape[0]):
        fa, fc, fb = borders[n, 0], borders[n, 1], borders[n, 2]
        for j in range(a.shape[0]):
            y = (fa * a[j] + fc * c[j]) + fb * b[j]
            m = (fa * na[j] + fc * nc[j]) + fb * nb[j]
            old = gain[j]
            gain[j] = m if y < 0.0 else old
        for j in range(a.shape[0]):
            y = (fa * a[j] + fc * c[j]) + fb * b[j]
            less = lack[j]
            lack[j] = -y if y < 0.0 else less
    for j in range(a.shape[0]):
        x, y = lack[j], gain[j]
        lack[j] = x / y if y > 0.0 else 0.0
    gained(a, lack, na)
    gained(c, lack, nc)
    gained(b, lack, nb)


def delta(zz, xx, zx, scale, weights):
    """weights[d, j] <- the delta stencil; delta is a third of the way from |b| to min(a, c).

    The directions are (0, 1), (1, -1), (1, 0), (1, 1).
    """
    for j in range(zz.shape[0]):
        a, c, b = zz[j] * scale[0], xx[j] * scale[1], zx[j] * scale[2]
        least = a if a < c else c
        size = b if b > 0.0 else -b
        size = size if size < least else least
        d = size + (least - size) / REAL(3.0)
        b = size if b > 0.0 else -size
        weights[0, j] = c - d
        weights[1, j] = 0.5 * (d - b)
        weights[2, j] = a - d
        weights[3, j] = 0.5 * (d + b)


def weigh(
    field, scale, reach, table, images, parts, factors, least, borders, planes, active, highest, box
):  # fmt: skip
    """planes[:, box] <- weights of all pairs; active[d, z, run] <- whether the run has any.

    ``field[part, z, 0, x]`` holds zz, xx, zx; ``table[d]`` an offset (dz >= 0, dx), no longer than ``reach``. The
    planes have ``reach`` zeros around them. ``highest[box[0]]`` becomes the largest sum of the
    weights of a pixel's pairs.
    """
    cols = field.shape[3]
    ring = np.zeros((2 * reach + 1, table.shape[0], cols), REAL)
    total = np.zeros((2, cols), REAL)
    rows = np.zeros((3, cols), REAL)
    work = np.zeros((11, cols), REAL)
    canon = np.zeros((table.shape[0] + 1, cols), REAL)
    weigh_all(
        field, scale, reach, table, images, parts, factors, least, borders, planes, active, highest, box,
        ring, total, rows, work, canon,
    )  # fmt: skip


def weigh_all(
    field, scale, reach, table, images, parts, factors, least, borders, planes, active, highest, box,
    ring, total, given, work, canon,
):  # fmt: skip
    """The loops of :func:`weigh`, on the arrays that it has made."""
    cols, rows = field.shape[3], field.shape[1]
    depth = 2 * reach + 1
    for z in range(max(0, box[0] - reach), min(rows, box[1] + reach) + reach):
        if z < min(rows, box[1] + reach):
            weights = ring[z % depth]
            zz, xx, zx = field[0, z, 0], field[1, z, 0], field[2, z, 0]
            if COMPACT:
                delta(zz, xx, zx, scale, weights)
            else:
                keep, positive, negative = work[8], work[9], work[10]
                mirrored(zz, xx, zx, scale, work[5:8], keep, positive, negative)
                rounder(work[5], work[6], work[7], scale, borders, given, work)
                for d in range(parts.shape[0] + 2):
                    clear(canon[d])
                selling(given, factors, parts, least, canon)
                for d in range(table.shape[0]):
                    unfold(images, d, canon, keep, positive, negative, weights[d])
        here = z - reach
        if here < box[0] or here >= box[1]:
            continue
        for j in range(cols):
            total[0, j] = 0.0
        for d in range(table.shape[0]):
            dz, dx = table[d, 0], table[d, 1]
            first, last = max(0, -dx), min(cols, cols - dx)
            whole = planes[d, reach + here]
            out, own = whole[reach : reach + cols], ring[here % depth, d]
            for j in range(reach):
                whole[j] = 0.0
                whole[reach + cols + j] = 0.0
            if here + dz >= rows or first >= last:
                for j in range(cols):
                    out[j] = 0.0
            for j in range(first):
                out[j] = 0.0
            for j in range(max(0, last), cols):
                out[j] = 0.0
            if here + dz < rows and first < last:
                there = ring[(here + dz) % depth, d]
                mean(
                    own[first:last],
                    there[first + dx : last + dx],
                    out[first:last],
                    total[0, first:last],
                )
            if here - dz >= 0 and first < last:  # the pairs (x - e, x)
                there = ring[(here - dz) % depth, d]
                add_mean(
                    own[first + dx : last + dx], there[first:last], total[0, first + dx : last + dx]
                )
            for run in range(active.shape[2]):
                j, end = run * RUN, min(cols, run * RUN + RUN)
                while j < end and not out[j] > 0.0:
                    j += 1
                active[d, here, run] = 1 if j < end else 0
        for j in range(cols):
            total[1, j] = total[0, j] if total[0, j] > total[1, j] else total[1, j]
    top = REAL(0.0)
    for j in range(cols):
        top = total[1, j] if total[1, j] > top else top
    highest[box[0]] = top


def steps(u, out, box, taus, planes, active, table, reach):
    """out[box] <- u after the explicit steps; the box spans all cols."""
    number = taus.shape[0]
    z0, z1 = max(0, box[0] - number * reach), min(u.shape[1], box[1] + number * reach)
    stride = u.shape[3] + 2 * reach  # zeros on both sides, read with weight zero
    state = np.zeros((number, CHANNELS, 2 * reach + 1, stride), REAL)
    gain = np.zeros(u.shape[3], REAL)
    march(u, out, box, taus, planes, active, table, reach, z0, z1, state, gain)


def march(u, out, box, taus, planes, active, table, reach, z0, z1, state, gain):
    """The loops of :func:`steps`, on the arrays that it has made, over the rows z0 to z1."""
    number, cols, rows, depth = taus.shape[0], u.shape[3], z1 - z0, state.shape[2]
    far = reach
    head = (
        reach if z0 > 0 else 0
    )  # at a border of the image nothing is wrong and no row is left out
    tail = reach if z1 < u.shape[1] else 0
    for i in range(rows + number * reach):
        if i < rows:
            for c in range(CHANNELS):
                copy(u[c, z0 + i, 0], state[0, c, i % depth, far : far + cols])
        for s in range(number):
            r = i - (s + 1) * reach
            if r < head * (s + 1) or r >= rows - tail * (s + 1):
                continue
            last = s + 1 == number
            if last and not box[0] <= z0 + r < box[1]:
                continue
            for c in range(CHANNELS):
                row = state[s, c]
                gather(row, r, z0 + r, far, depth, cols, planes, active, table, gain)
                p = row[r % depth, far : far + cols]
                if last:
                    go(p, gain, taus[s], out[c, z0 + r, 0])
                else:
                    go(p, gain, taus[s], state[s + 1, c, r % depth, far : far + cols])


def gather(state, r, z, far, depth, cols, planes, active, table, gain):
    """gain <- what flows into row z of the image, the r-th of the state. Weights that are not there are zeros."""
    for j in range(cols):
        gain[j] = 0.0
    p, most = state[r % depth], active.shape[2] - 1
    for run in range(most + 1):
        x0 = far + run * RUN
        x1 = min(x0 + RUN, far + cols)
        here, total = p[x0:x1], gain[x0 - far : x1 - far]
        for d in range(0, table.shape[0], 2):
            dz, dx, ez, ex = table[d, 0], table[d, 1], table[d + 1, 0], table[d + 1, 1]
            last, next = max(run - 1, 0), min(run + 1, most)
            any_of_them = active[d, z, run] + active[d + 1, z, run]
            if z >= dz:
                any_of_them += (
                    active[d, z - dz, last] + active[d, z - dz, run] + active[d, z - dz, next]
                )
            if z >= ez:
                any_of_them += (
                    active[d + 1, z - ez, last]
                    + active[d + 1, z - ez, run]
                    + active[d + 1, z - ez, next]
                )
            if any_of_them == 0:
                continue
            row, up = far + z, far + z
            flows(
                here,
                state[(r + dz) % depth, x0 + dx : x1 + dx],
                planes[d, row, x0:x1],
                state[(r - dz + depth) % depth, x0 - dx : x1 - dx],
                planes[d, up - dz, x0 - dx : x1 - dx],
                state[(r + ez) % depth, x0 + ex : x1 + ex],
                planes[d + 1, row, x0:x1],
                state[(r - ez + depth) % depth, x0 - ex : x1 - ex],
                planes[d + 1, up - ez, x0 - ex : x1 - ex],
                total,
            )


def flows(p, q0, w0, q1, w1, q2, w2, q3, w3, out):
    """out += what flows to p along two directions, from both sides: one pass instead of four (2 x)."""
    for j in range(out.shape[0]):
        x = out[j] + w0[j] * (q0[j] - p[j])
        x = x + w1[j] * (q1[j] - p[j])
        x = x + w2[j] * (q2[j] - p[j])
        out[j] = x + w3[j] * (q3[j] - p[j])


def go(p, gain, tau, out):
    """out <- p + tau gain."""
    for j in range(out.shape[0]):
        out[j] = p[j] + tau * gain[j]
