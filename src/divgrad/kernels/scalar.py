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
Strips
    The inner loops run over the rows of a plane as one contiguous strip of some rows; flows from the end of a row
    to the start of the next are set to zero. Loops over single rows are too short in volumes (2 x slower at 256
    columns). Functions that allocate hold no loops over pixels: others need no reference counting (1.2 x).
"""

from __future__ import annotations

import numpy as np

from divgrad.conductances import constant as conductance
from divgrad.kernels.planes import blend, copy, load, store

__all__ = ["edge_weights", "explicit", "frozen"]

REAL = np.float32
CHANNELS = 1
VOLUME = True  # planes have more than one row
STRIP = 2048  # pixels per strip: its five arrays stay in the first-level cache
NODES = False  # conductances are given at the pixels, instead of made at the edges from differences


def weigh(a, i, b, k, contrast, inverse, g):
    """g <- conductances of the edges from a[:, i + j] to b[:, k + j], one for all channels."""
    n = g.shape[0]
    if NODES:
        p, q = a[0, i : i + n], b[0, k : k + n]
        for j in range(n):
            g[j] = 0.5 * (p[j] + q[j])
    else:
        g[:] = 0.0
        for c in range(CHANNELS):
            p, q = a[c, i : i + n], b[c, k : k + n]
            for j in range(n):
                d = q[j] - p[j]
                g[j] += d * d
        for j in range(n):
            g[j] = conductance(g[j] * inverse, contrast)


def flow(p, q, g, out):
    """out <- what flows to p from q through the conductances g."""
    for j in range(g.shape[0]):
        out[j] = g[j] * (q[j] - p[j])


def weigh_and_flow(p, q, contrast, inverse, out):
    """out <- the same, with the conductances made in the same loop."""
    for j in range(out.shape[0]):
        d = q[j] - p[j]
        out[j] = conductance(d * d * inverse, contrast) * d


def gain(p, q, g, right, above, below, before, rates, out):
    """out <- p + what flows in; g leads to q, the same pixels of the next plane, before came from the last."""
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


def explicit(u, out, box, taus, contrasts, inverse):
    """out[box] <- u after len(taus) explicit steps, every one with conductances of its own state.

    ``inverse`` is 1 / h^2 along planes, rows and cols. An edge is weighed by the difference across it.
    """
    steps = taus.shape[0]
    z0, z1 = max(0, box[0] - steps), min(u.shape[1], box[1] + steps)
    y0, y1 = max(0, box[2] - steps), min(u.shape[2], box[3] + steps)
    x0, x1 = max(0, box[4] - steps), min(u.shape[3], box[5] + steps)
    width = x1 - x0
    size = (y1 - y0) * width
    strip = min(size, max(1, STRIP // width) * width)
    # Beyond a plane's end lie a pixel and a row that are read, but only into flows that are set to zero.
    room = (size + (width if VOLUME else 0) + 16) // 16 * 16  # whole vectors: planes begin alike
    state = np.zeros((steps + 1, 2, CHANNELS, room), REAL)
    before = np.zeros((steps, CHANNELS, size), REAL)
    right = np.zeros((CHANNELS, strip + 1), REAL)
    below = np.zeros((CHANNELS, strip + width), REAL)  # begins with what the row above sent down
    g = np.empty((3, strip), REAL)
    march(
        u, out, box, taus, contrasts, inverse, (z0, z1, y0, y1, x0, x1),
        state, before, right, below, g,
    )  # fmt: skip


def march(u, out, box, taus, contrasts, inverse, outer, state, before, right, below, g):
    """The loops of :func:`explicit`, on the arrays that it has made, over the box with its halo, outer."""
    steps, (z0, z1, y0, y1, x0, x1) = taus.shape[0], outer
    planes, width = z1 - z0, x1 - x0
    size, strip = (y1 - y0) * width, right.shape[1] - 1
    head = 1 if z0 > 0 else 0  # at a border of the image nothing is wrong and no plane is left out
    tail = 1 if z1 < u.shape[1] else 0
    for i in range(planes + steps):
        if i < planes:
            load(u, z0 + i, y0, y1, x0, x1, state[0, i % 2])
        for s in range(steps):
            r = i - s - 1
            if r < head * s or r >= planes - tail * s:
                continue
            a = state[s, r % 2]
            b = a if r + 1 == planes else state[s, (r + 1) % 2]  # no slope, no flow at the border
            rates = (taus[s] * inverse[0], taus[s] * inverse[1], taus[s] * inverse[2])
            k = contrasts[s]
            if VOLUME:
                for c in range(CHANNELS):
                    below[c, :width] = 0.0
            for i0 in range(0, size, strip):
                i1 = min(i0 + strip, size)
                n = i1 - i0
                if CHANNELS > 1:
                    weigh(a, i0, b, i0, k, inverse[0], g[0, :n])
                    if VOLUME:
                        weigh(a, i0, a, i0 + width, k, inverse[1], g[1, :n])
                    weigh(a, i0, a, i0 + 1, k, inverse[2], g[2, :n])
                for c in range(CHANNELS):
                    p, q, result = a[c, i0:i1], b[c, i0:i1], state[s + 1, r % 2, c, i0:i1]
                    x, y = right[c, : n + 1], below[c, : n + width]
                    if CHANNELS > 1:
                        flow(p, a[c, i0 + 1 : i1 + 1], g[2, :n], x[1:])
                        if VOLUME:
                            flow(p, a[c, i0 + width : i1 + width], g[1, :n], y[width:])
                    else:
                        weigh_and_flow(p, a[c, i0 + 1 : i1 + 1], k, inverse[2], x[1:])
                        if VOLUME:
                            weigh_and_flow(
                                p, a[c, i0 + width : i1 + width], k, inverse[1], y[width:]
                            )
                    x[width::width] = 0.0
                    if VOLUME and i1 == size:
                        y[n:] = 0.0
                    if CHANNELS > 1:
                        gain(
                            p, q, g[0, :n], x, y[:n], y[width:], before[s, c, i0:i1], rates, result
                        )
                    else:
                        weigh_and_gain(
                            p, q, k, inverse[0], x, y[:n], y[width:], before[s, c, i0:i1],
                            rates, result,
                        )  # fmt: skip
                    if VOLUME:
                        copy(y[n:], y[:width])
        r = i - steps
        if box[0] <= z0 + r < box[1]:
            store(state[steps, r % 2], y0, x0, width, z0 + r, box, out)


def frozen(u, old, w, out, box, taus, fresh, contrast, inverse):
    """out[box] <- a polynomial of the operator A(w), as a recurrence of two terms, applied to u.

    ``v[s + 1] = fresh[s] (v[s] + taus[s] A v[s]) + (1 - fresh[s]) v[s - 1]``, v[0] = u, v[-1] = old. The
    conductances are made once from w and used by all steps. For a single step out may be old itself.
    """
    steps = taus.shape[0]
    z0, z1 = max(0, box[0] - steps), min(u.shape[1], box[1] + steps)
    y0, y1 = max(0, box[2] - steps), min(u.shape[2], box[3] + steps)
    x0, x1 = max(0, box[4] - steps), min(u.shape[3], box[5] + steps)
    width = x1 - x0
    size = (y1 - y0) * width
    strip = min(size, max(1, STRIP // width) * width)
    ring = steps + 2  # planes of conductances in use at the same time
    room = (size + (width if VOLUME else 0) + 16) // 16 * 16
    state = np.zeros((steps + 1, 3, CHANNELS, room), REAL)
    before = np.zeros((steps, CHANNELS, size), REAL)
    right = np.zeros(strip + 1, REAL)
    below = np.zeros((CHANNELS, strip + width), REAL)
    source = np.zeros((2, w.shape[0], room), REAL)
    first = np.zeros((CHANNELS, size), REAL)  # the state before the first one
    gz = np.zeros((ring, size), REAL)
    gy = np.zeros((ring, size if VOLUME else 0), REAL)
    gx = np.zeros((ring, size), REAL)
    march_frozen(
        u, old, w, out, box, taus, fresh, contrast, inverse, (z0, z1, y0, y1, x0, x1),
        state, before, right, below, source, first, gz, gy, gx,
    )  # fmt: skip


def march_frozen(
    u, old, w, out, box, taus, fresh, contrast, inverse, outer,
    state, before, right, below, source, first, gz, gy, gx,
):  # fmt: skip
    """The loops of :func:`frozen`, on the arrays that it has made, over the box with its halo, outer."""
    steps, (z0, z1, y0, y1, x0, x1) = taus.shape[0], outer
    planes, width, ring = z1 - z0, x1 - x0, gz.shape[0]
    size, strip = (y1 - y0) * width, right.shape[0] - 1
    head = 1 if z0 > 0 else 0
    tail = 1 if z1 < u.shape[1] else 0
    for i in range(planes + steps):
        if i < planes:
            load(u, z0 + i, y0, y1, x0, x1, state[0, i % 3])
            a, b = source[(i + 1) % 2], source[i % 2]
            load(w, z0 + i, y0, y1, x0, x1, b)
            weigh(b, 0, b, 1, contrast, inverse[2], gx[i % ring])
            gx[i % ring, width - 1 :: width] = 0.0
            if VOLUME:
                weigh(b, 0, b, width, contrast, inverse[1], gy[i % ring])
                gy[i % ring, size - width :] = 0.0
            if i > 0:
                weigh(a, 0, b, 0, contrast, inverse[0], gz[(i - 1) % ring])
        for s in range(steps):
            r = i - s - 1
            if r < head * s or r >= planes - tail * s:
                continue
            a = state[s, r % 3]
            b = a if r + 1 == planes else state[s, (r + 1) % 3]  # no slope, no flow at the border
            rates = (taus[s] * inverse[0], taus[s] * inverse[1], taus[s] * inverse[2])
            before_that = first if s == 0 else state[s - 1, r % 3]
            if s == 0 and fresh[0] != 1.0:
                load(old, z0 + r, y0, y1, x0, x1, first)
            if VOLUME:
                for c in range(CHANNELS):
                    below[c, :width] = 0.0
            for i0 in range(0, size, strip):
                i1 = min(i0 + strip, size)
                n = i1 - i0
                for c in range(CHANNELS):
                    p, q, result = a[c, i0:i1], b[c, i0:i1], state[s + 1, r % 3, c, i0:i1]
                    x, y = right[: n + 1], below[c, : n + width]
                    flow(p, a[c, i0 + 1 : i1 + 1], gx[r % ring, i0:i1], x[1:])
                    if VOLUME:
                        flow(p, a[c, i0 + width : i1 + width], gy[r % ring, i0:i1], y[width:])
                    gain(
                        p, q, gz[r % ring, i0:i1], x, y[:n], y[width:], before[s, c, i0:i1],
                        rates, result,
                    )  # fmt: skip
                    if VOLUME:
                        copy(y[n:], y[:width])
                    if fresh[s] != 1.0:
                        blend(result, fresh[s], before_that[c, i0:i1])
        r = i - steps
        if box[0] <= z0 + r < box[1]:
            store(state[steps, r % 3], y0, x0, width, z0 + r, box, out)


def edge_weights(w, out, box, axis, contrast, inverse):
    """out[box] <- g / h^2 of the edge to the next pixel along axis (0 planes, 1 rows, 2 cols); last 0.

    The box spans all rows and cols.
    """
    rows, width = w.shape[2], w.shape[3]
    size = rows * width
    near = np.zeros((w.shape[0], size + width + 1), REAL)
    far = np.zeros((w.shape[0], size + width + 1), REAL)
    g = np.empty(size, REAL)
    for z in range(box[0], box[1]):
        load(w, z, 0, rows, 0, width, near)
        if axis == 0:
            load(w, min(z + 1, w.shape[1] - 1), 0, rows, 0, width, far)
            weigh(near, 0, far, 0, contrast, inverse, g)
            if z + 1 == w.shape[1]:
                g[:] = 0.0
        elif axis == 1:
            weigh(near, 0, near, width, contrast, inverse, g)
            g[size - width :] = 0.0
        else:
            weigh(near, 0, near, 1, contrast, inverse, g)
            g[width - 1 :: width] = 0.0
        for y in range(rows):
            row, result = g[y * width : (y + 1) * width], out[z, y]
            for j in range(width):
                result[j] = row[j] * inverse
