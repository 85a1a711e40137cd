"""div(g grad u) on a grid, many time steps per visit: the loops at the heart of divgrad.

Every function here is plain Python over scalars and arrays and runs uncompiled: that is its own oracle.
:mod:`divgrad.kernels.specialise` compiles this source for one conductance and one setting of the switches.

Layout
    ``u[channel, plane, row, col]``. A 2-D image is a volume whose planes are its rows, each of one row, so
    that one source serves signals, images and volumes.
Discretisation
    Across the edge between the neighbours i and j, a distance h apart, flows ``g (u_j - u_i)``; a pixel
    gains ``tau / h^2`` times what flows in. Each flow is computed once, for both pixels: what leaves one
    enters the other, so the mean is kept. Nothing flows through the border.
Many steps per visit
    The steps follow each other through the planes: as soon as step s has made plane r + 1, step s + 1 makes
    plane r. Two planes per step stay in the cache; main memory is read and written once for all steps. A
    block carries a halo of one pixel per step. What is wrong at the halo's rim walks inwards one pixel per
    step and never reaches the block: the bits of a result do not depend on the blocks.
Arithmetic
    Strict IEEE: no fused multiply-add, no reassociation, no reciprocal estimates. Vector and scalar code
    then round alike, and machines agree to the bit. It costs nothing: the divisions bound the speed.
Rows
    The inner loops run over contiguous rows, ``block[channel, y]`` of blocks that are contiguous too: a
    view whose stride the compiler cannot know to be 1 is not vectorised (7 x slower).
"""

from __future__ import annotations

import numpy as np

from divgrad.conductances import constant as conductance

__all__ = ["edge_weights", "explicit", "frozen"]

REAL = np.float32
CHANNELS = 1
VOLUME = True  # planes have more than one row
NODES = False  # conductances are given at the pixels, instead of made at the edges from differences


def weigh(a, y, b, v, shift, contrast, inverse, g):
    """g <- conductances of the edges from row y of block a to row v of block b, one for all channels.

    With ``shift`` 1 they lead to the next pixel; g is then shorter than the rows.
    """
    if NODES:
        p, q = a[0, y], b[0, v, shift:]
        for j in range(g.shape[0]):
            g[j] = 0.5 * (p[j] + q[j])
    else:
        g[:] = 0.0
        for c in range(CHANNELS):
            p, q = a[c, y], b[c, v, shift:]
            for j in range(g.shape[0]):
                d = q[j] - p[j]
                g[j] += d * d
        for j in range(g.shape[0]):
            g[j] = conductance(g[j] * inverse, contrast)


def flow(p, q, g, out):
    """out <- what flows to row p from row q through the conductances g."""
    for j in range(g.shape[0]):
        out[j] = g[j] * (q[j] - p[j])


def weigh_and_flow(p, q, contrast, inverse, out):
    """out <- the same, with the conductances made in the same loop."""
    for j in range(out.shape[0]):
        d = q[j] - p[j]
        out[j] = conductance(d * d * inverse, contrast) * d


def gain(p, q, g, right, above, below, before, rates, out):
    """out <- p + what flows in; g leads to q, the same row of the next plane, before came from the last."""
    tz, ty, tx = rates
    for j in range(g.shape[0]):
        behind = g[j] * (q[j] - p[j])
        x = tx * (right[j + 1] - right[j])
        z = tz * (behind - before[j])
        before[j] = behind
        if VOLUME:
            x = x + ty * (below[j] - above[j])
        out[j] = p[j] + (x + z)


def weigh_and_gain(p, q, contrast, inverse, right, above, below, before, rates, out):
    """out <- the same, with the conductances made in the same loop: one pass instead of three."""
    tz, ty, tx = rates
    for j in range(p.shape[0]):
        d = q[j] - p[j]
        behind = conductance(d * d * inverse, contrast) * d
        x = tx * (right[j + 1] - right[j])
        z = tz * (behind - before[j])
        before[j] = behind
        if VOLUME:
            x = x + ty * (below[j] - above[j])
        out[j] = p[j] + (x + z)


def blend(out, fresh, old):
    """out <- fresh out + (1 - fresh) old."""
    kept = REAL(1.0) - fresh
    for j in range(out.shape[0]):
        out[j] = fresh * out[j] + kept * old[j]


def explicit(u, out, box, taus, contrasts, inverse):
    """out[box] <- u after len(taus) explicit steps, every one with conductances of its own state.

    ``inverse`` is 1 / h^2 along planes, rows and cols. An edge is weighed by the difference across it.
    """
    steps = taus.shape[0]
    z0, z1 = max(0, box[0] - steps), min(u.shape[1], box[1] + steps)
    y0, y1 = max(0, box[2] - steps), min(u.shape[2], box[3] + steps)
    x0, x1 = max(0, box[4] - steps), min(u.shape[3], box[5] + steps)
    planes, rows, width = z1 - z0, y1 - y0, x1 - x0
    state = np.empty((steps + 1, 2, CHANNELS, rows, width), REAL)
    before = np.zeros((steps, CHANNELS, rows, width), REAL)
    right = np.zeros((CHANNELS, width + 1), REAL)
    above = np.zeros((CHANNELS, width), REAL)
    below = np.zeros((CHANNELS, width), REAL)
    g = np.empty((3, width), REAL)
    head = 1 if z0 > 0 else 0  # at a border of the image nothing is wrong and no plane is left out
    tail = 1 if z1 < u.shape[1] else 0
    for i in range(planes + steps):
        if i < planes:
            for c in range(CHANNELS):
                for y in range(rows):
                    state[0, i % 2, c, y] = u[c, z0 + i, y0 + y, x0:x1]
        for s in range(steps):
            r = i - s - 1
            if r < head * s or r >= planes - tail * s:
                continue
            a = state[s, r % 2]
            b = a if r + 1 == planes else state[s, (r + 1) % 2]  # no slope, no flow at the border
            rates = (taus[s] * inverse[0], taus[s] * inverse[1], taus[s] * inverse[2])
            above[:, :] = 0.0
            for y in range(rows):
                v = min(y + 1, rows - 1)
                if CHANNELS == 1:
                    row = a[0, y]
                    weigh_and_flow(row[:-1], row[1:], contrasts[s], inverse[2], right[0, 1:-1])
                    if VOLUME:
                        weigh_and_flow(row, a[0, v], contrasts[s], inverse[1], below[0])
                    weigh_and_gain(
                        row, b[0, y], contrasts[s], inverse[0], right[0], above[0], below[0],
                        before[s, 0, y], rates, state[s + 1, r % 2, 0, y],
                    )  # fmt: skip
                else:
                    weigh(a, y, b, y, 0, contrasts[s], inverse[0], g[0])
                    if VOLUME:
                        weigh(a, y, a, v, 0, contrasts[s], inverse[1], g[1])
                    weigh(a, y, a, y, 1, contrasts[s], inverse[2], g[2, :-1])
                    for c in range(CHANNELS):
                        row = a[c, y]
                        flow(row[:-1], row[1:], g[2, :-1], right[c, 1:-1])
                        if VOLUME:
                            flow(row, a[c, v], g[1], below[c])
                        gain(
                            row, b[c, y], g[0], right[c], above[c], below[c], before[s, c, y],
                            rates, state[s + 1, r % 2, c, y],
                        )  # fmt: skip
                if VOLUME:
                    above[:, :] = below
        r = i - steps
        if box[0] <= z0 + r < box[1]:
            for c in range(CHANNELS):
                for y in range(box[2], box[3]):
                    out[c, z0 + r, y, box[4] : box[5]] = state[
                        steps, r % 2, c, y - y0, box[4] - x0 : box[5] - x0
                    ]


def frozen(u, old, w, out, box, taus, fresh, contrast, inverse):
    """out[box] <- a polynomial of the operator A(w), as a recurrence of two terms, applied to u.

    ``v[s + 1] = fresh[s] (v[s] + taus[s] A v[s]) + (1 - fresh[s]) v[s - 1]``, v[0] = u, v[-1] = old. The
    conductances are made once from w and used by all steps. For a single step out may be old itself.
    """
    steps = taus.shape[0]
    z0, z1 = max(0, box[0] - steps), min(u.shape[1], box[1] + steps)
    y0, y1 = max(0, box[2] - steps), min(u.shape[2], box[3] + steps)
    x0, x1 = max(0, box[4] - steps), min(u.shape[3], box[5] + steps)
    planes, rows, width = z1 - z0, y1 - y0, x1 - x0
    ring = steps + 2  # planes of conductances in use at the same time
    state = np.empty((steps + 1, 3, CHANNELS, rows, width), REAL)
    before = np.zeros((steps, CHANNELS, rows, width), REAL)
    right = np.zeros(width + 1, REAL)
    above = np.zeros((CHANNELS, width), REAL)
    below = np.zeros(width, REAL)
    source = np.empty((2, w.shape[0], rows, width), REAL)
    gz = np.zeros((ring, rows, width), REAL)
    gy = np.zeros((ring, rows if VOLUME else 0, width), REAL)
    gx = np.zeros((ring, rows, width), REAL)
    head = 1 if z0 > 0 else 0
    tail = 1 if z1 < u.shape[1] else 0
    for i in range(planes + steps):
        if i < planes:
            a, b = source[(i - 1) % 2], source[i % 2]
            for y in range(rows):
                for c in range(CHANNELS):
                    state[0, i % 3, c, y] = u[c, z0 + i, y0 + y, x0:x1]
                for c in range(w.shape[0]):
                    b[c, y] = w[c, z0 + i, y0 + y, x0:x1]
            for y in range(rows):
                weigh(b, y, b, y, 1, contrast, inverse[2], gx[i % ring, y, :-1])
                if VOLUME:
                    weigh(b, y, b, min(y + 1, rows - 1), 0, contrast, inverse[1], gy[i % ring, y])
                if i > 0:
                    weigh(a, y, b, y, 0, contrast, inverse[0], gz[(i - 1) % ring, y])
        for s in range(steps):
            r = i - s - 1
            if r < head * s or r >= planes - tail * s:
                continue
            a = state[s, r % 3]
            b = a if r + 1 == planes else state[s, (r + 1) % 3]  # no slope, no flow at the border
            rates = (taus[s] * inverse[0], taus[s] * inverse[1], taus[s] * inverse[2])
            above[:, :] = 0.0
            for y in range(rows):
                for c in range(CHANNELS):
                    row, result = a[c, y], state[s + 1, r % 3, c, y]
                    flow(row[:-1], row[1:], gx[r % ring, y, :-1], right[1:-1])
                    if VOLUME:
                        flow(row, a[c, min(y + 1, rows - 1)], gy[r % ring, y], below)
                    gain(
                        row, b[c, y], gz[r % ring, y], right, above[c], below,
                        before[s, c, y], rates, result,
                    )  # fmt: skip
                    if VOLUME:
                        above[c] = below
                    if fresh[s] != 1.0:
                        if s == 0:
                            blend(result, fresh[s], old[c, z0 + r, y0 + y, x0:x1])
                        else:
                            blend(result, fresh[s], state[s - 1, r % 3, c, y])
        r = i - steps
        if box[0] <= z0 + r < box[1]:
            for c in range(CHANNELS):
                for y in range(box[2], box[3]):
                    out[c, z0 + r, y, box[4] : box[5]] = state[
                        steps, r % 3, c, y - y0, box[4] - x0 : box[5] - x0
                    ]


def edge_weights(w, out, box, axis, contrast, inverse):
    """out[box] <- g / h^2 of the edge to the next pixel along axis (0 planes, 1 rows, 2 cols); last 0."""
    a = np.empty((1, w.shape[0], 1, w.shape[3]), REAL)
    b = np.empty((1, w.shape[0], 1, w.shape[3]), REAL)
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            far_z = z + 1 if axis == 0 else z
            far_y = y + 1 if axis == 1 else y
            row = out[z, y]
            if far_z == w.shape[1] or far_y == w.shape[2]:
                row[:] = 0.0
                continue
            for c in range(w.shape[0]):
                a[0, c, 0] = w[c, z, y]
                b[0, c, 0] = w[c, far_z, far_y]
            if axis == 2:
                row[-1] = 0.0
                weigh(a[0], 0, a[0], 0, 1, contrast, inverse, row[:-1])
            else:
                weigh(a[0], 0, b[0], 0, 0, contrast, inverse, row)
            for j in range(row.shape[0]):
                row[j] *= inverse
