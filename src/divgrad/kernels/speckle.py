"""Diffusion by how much grey values vary around each pixel, as a part of their mean: what speckle is known by.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. The
``conductance`` is a function of the squared coefficient of variation and of the speckle's coefficient.

Variation
    Weights w of the pixels around one, u: mean = u + sum w d, variance = sum w d^2 - (sum w d)^2, with the
    differences d from the pixel itself: nothing cancels where the variance is small. Channels share the
    mean of their squared coefficients.
Planes
    A plane lies in scratch as one contiguous row, every row of it with REACH mirrored pixels at both ends,
    and, in volumes, with REACH mirrored rows above and below: one loop goes over all its pixels, and what
    it makes of the margins is written over. In a block that is not at the border of the image the margins
    are wrong; that walks inwards REACH + 1 pixels per step and never reaches the block.
Many steps per visit
    As soon as REACH planes beyond a plane are there its conductances are made, and with those of its neighbours
    the next step of the plane before. Against one visit for conductances and one for the step: 3 x.
"""

from __future__ import annotations

import numpy as np

from divgrad.conductances import constant as conductance
from divgrad.kernels.planes import copy, mirror

__all__ = ["explicit", "nodes"]

REAL = np.float32
CHANNELS = 1
VOLUME = True
CROSS = True  # the next neighbours along the axes, or else all pixels of a window
REACH = 1  # how far the window goes, 1 or 2


def load(u, z, y0, y1, x0, x1, plane):
    """plane[channel] <- a part of plane z of u, with margins."""
    stride, first = x1 - x0 + 2 * REACH, REACH if VOLUME else 0
    for c in range(CHANNELS):
        for y in range(y1 - y0):
            at = (first + y) * stride + REACH
            copy(u[c, z, y0 + y, x0:x1], plane[c, at : at + x1 - x0])
        surround(plane[c], y1 - y0, x1 - x0)


def surround(plane, rows, width):
    """Margins of a plane <- its pixels, mirrored."""
    stride, first = width + 2 * REACH, REACH if VOLUME else 0
    for y in range(first, first + rows):
        at = y * stride + REACH
        for k in range(REACH):
            plane[at - 1 - k] = plane[at + mirror(-1 - k, width)]
            plane[at + width + k] = plane[at + mirror(width + k, width)]
    if VOLUME:
        for k in range(REACH):
            above, below = REACH + mirror(-1 - k, rows), REACH + mirror(rows + k, rows)
            for j in range(stride):
                plane[(REACH - 1 - k) * stride + j] = plane[above * stride + j]
                plane[(REACH + rows + k) * stride + j] = plane[below * stride + j]


def gather(line, p, along, across, offset, square):
    """Add a row of the window: offset += weighted sum of d, square += of d^2; line begins REACH before p."""
    w0, w1, w2 = across * along[0], across * along[1], across * along[2]
    for j in range(p.shape[0]):
        q = p[j]
        m = line[j + REACH] - q
        a, b = line[j + REACH - 1] - q, line[j + REACH + 1] - q
        d = w0 * m + w1 * (a + b)
        e = w0 * (m * m) + w1 * (a * a + b * b)
        if REACH > 1:
            f, g = line[j] - q, line[j + 4] - q
            d = d + w2 * (f + g)
            e = e + w2 * (f * f + g * g)
        offset[j] += d
        square[j] += e


def gather_cross(line, before, after, above, below, p, weights, offset, square):
    """The same for the next neighbours: offset and square <- all there is to add; line begins at the left."""
    wz, wy, wx = weights
    for j in range(p.shape[0]):
        q = p[j]
        a, b = line[j] - q, line[j + 2] - q
        c, d = before[j] - q, after[j] - q
        first = wx * (a + b) + wz * (c + d)
        second = wx * (a * a + b * b) + wz * (c * c + d * d)
        if VOLUME:
            e, f = above[j] - q, below[j] - q
            first = first + wy * (e + f)
            second = second + wy * (e * e + f * f)
        offset[j] = first
        square[j] = second


def clear(row):
    """Row <- 0."""
    for j in range(row.shape[0]):
        row[j] = 0.0


def finish(p, offset, square, part):
    """Square <- a part of variance / mean^2."""
    for j in range(p.shape[0]):
        mean = p[j] + offset[j]
        variance = square[j] - offset[j] * offset[j]
        variance = variance if variance > 0.0 else REAL(0.0)
        scale = mean * mean
        scale = scale if scale > 1e-30 else REAL(1e-30)  # all dark: no variance either
        square[j] = part * (variance / scale)


def apply(g, noise):
    """G <- conductance of what it is."""
    for j in range(g.shape[0]):
        g[j] = conductance(g[j], noise)


def add(row, out):
    """out += row."""
    for j in range(out.shape[0]):
        out[j] += row[j]


def conduct(state, q, planes, rows, width, weights, noise, offset, square, g):
    """G <- conductances of the plane q; state is a ring of planes."""
    ring, stride, part = state.shape[0], width + 2 * REACH, REAL(1.0) / REAL(CHANNELS)
    lo = (REACH * stride if VOLUME else 0) + REACH
    hi = lo + (rows - 1) * stride + width
    for c in range(CHANNELS):
        p = state[q % ring, c, lo:hi]
        if CROSS:
            plane = state[q % ring, c]
            up = stride if VOLUME else 0
            gather_cross(
                plane[lo - 1 :], state[max(0, q - 1) % ring, c, lo:hi],
                state[min(planes - 1, q + 1) % ring, c, lo:hi], plane[lo - up :], plane[lo + up :],
                p, (weights[0, 1], weights[1, 1], weights[2, 1]), offset[: hi - lo], square[: hi - lo],
            )  # fmt: skip
        else:
            clear(offset[: hi - lo])
            clear(square[: hi - lo])
            along = (weights[2, 0], weights[2, 1], weights[2, 2])
            for k in range(-REACH, REACH + 1):
                plane = state[mirror(q + k, planes) % ring, c]
                for y in range(-REACH, REACH + 1) if VOLUME else range(0, 1):
                    across = weights[0, abs(k)] * weights[1, abs(y)]
                    gather(
                        plane[lo - REACH + y * stride :], p, along, across, offset[: hi - lo],
                        square[: hi - lo],
                    )  # fmt: skip
        finish(p, offset[: hi - lo], square[: hi - lo], part)
        if c == 0:
            copy(square[: hi - lo], g[lo:hi])
        else:
            add(square[: hi - lo], g[lo:hi])
    apply(g[lo:hi], noise)


def gain(line, before, after, above, below, cline, cbefore, cafter, cabove, cbelow, rates, out):
    """out <- p + what flows in; line and cline begin at the left neighbour; rates are tau / (2 h^2)."""
    tz, ty, tx = rates
    for j in range(out.shape[0]):
        p, g = line[j + 1], cline[j + 1]
        x = tx * ((g + cline[j + 2]) * (line[j + 2] - p) + (g + cline[j]) * (line[j] - p))
        z = tz * ((g + cafter[j]) * (after[j] - p) + (g + cbefore[j]) * (before[j] - p))
        if VOLUME:
            x = x + ty * ((g + cbelow[j]) * (below[j] - p) + (g + cabove[j]) * (above[j] - p))
        out[j] = p + (x + z)


def explicit(u, out, box, taus, noises, inverse, weights):
    """out[box] <- u after len(taus) explicit steps, every one with conductances of its own state.

    ``inverse`` is 1 / h^2 along planes, rows and cols; ``weights[axis, distance]`` those of the window.
    """
    steps = taus.shape[0]
    halo = (REACH + 1) * steps
    z0, z1 = max(0, box[0] - halo), min(u.shape[1], box[1] + halo)
    y0, y1 = max(0, box[2] - halo), min(u.shape[2], box[3] + halo)
    x0, x1 = max(0, box[4] - halo), min(u.shape[3], box[5] + halo)
    room = (y1 - y0 + (2 * REACH if VOLUME else 0)) * (x1 - x0 + 2 * REACH)
    state = np.zeros((steps + 1, max(4, 2 * REACH + 1), CHANNELS, room), REAL)
    g = np.zeros((steps, 3, room), REAL)
    offset, square = np.empty(room, REAL), np.empty(room, REAL)
    march(
        u, out, box, taus, noises, inverse, weights, (z0, z1, y0, y1, x0, x1), state, g, offset, square
    )  # fmt: skip


def march(u, out, box, taus, noises, inverse, weights, outer, state, g, offset, square):
    """The loops of :func:`explicit`, on the arrays that it has made, over the box with its halo, outer."""
    steps, (z0, z1, y0, y1, x0, x1) = taus.shape[0], outer
    planes, rows, width = z1 - z0, y1 - y0, x1 - x0
    ring, stride = state.shape[1], width + 2 * REACH
    lo = (REACH * stride if VOLUME else 0) + REACH
    hi = lo + (rows - 1) * stride + width
    up = stride if VOLUME else 0
    for i in range(planes + (REACH + 1) * steps):
        if i < planes:
            load(u, z0 + i, y0, y1, x0, x1, state[0, i % ring])
        for s in range(steps):
            q = i - (REACH + 1) * s - REACH
            if 0 <= q < planes:
                conduct(
                    state[s], q, planes, rows, width, weights, noises[s], offset, square, g[s, q % 3]
                )  # fmt: skip
            r = q - 1
            if r < 0 or r >= planes:
                continue
            half = REAL(0.5) * taus[s]
            rates = (half * inverse[0], half * inverse[1], half * inverse[2])
            b, a = max(0, r - 1), min(planes - 1, r + 1)
            h, hb, ha = g[s, r % 3], g[s, b % 3], g[s, a % 3]
            for c in range(CHANNELS):
                p = state[s, r % ring, c]
                result = state[s + 1, r % ring, c]
                gain(
                    p[lo - 1 :], state[s, b % ring, c, lo:hi], state[s, a % ring, c, lo:hi],
                    p[lo - up :], p[lo + up :], h[lo - 1 :], hb[lo:hi], ha[lo:hi], h[lo - up :],
                    h[lo + up :], rates, result[lo:hi],
                )  # fmt: skip
                surround(result, rows, width)
        r = i - (REACH + 1) * steps
        if box[0] <= z0 + r < box[1]:
            for c in range(CHANNELS):
                for y in range(box[2], box[3]):
                    first = lo + (y - y0) * stride + box[4] - x0
                    row = state[steps, r % ring, c, first : first + box[5] - box[4]]
                    copy(row, out[c, z0 + r, y, box[4] : box[5]])


def nodes(u, out, box, weights, noise):
    """out[0][box] <- the conductances at the pixels."""
    z0, z1 = max(0, box[0] - REACH), min(u.shape[1], box[1] + REACH)
    y0, y1 = max(0, box[2] - REACH), min(u.shape[2], box[3] + REACH)
    x0, x1 = max(0, box[4] - REACH), min(u.shape[3], box[5] + REACH)
    room = (y1 - y0 + (2 * REACH if VOLUME else 0)) * (x1 - x0 + 2 * REACH)
    state = np.zeros((2 * REACH + 1, CHANNELS, room), REAL)
    g, offset, square = np.zeros(room, REAL), np.empty(room, REAL), np.empty(room, REAL)
    walk(u, out, box, weights, noise, (z0, z1, y0, y1, x0, x1), state, g, offset, square)


def walk(u, out, box, weights, noise, outer, state, g, offset, square):
    """The loops of :func:`nodes`, on the arrays that it has made, over the box with its halo, outer."""
    z0, z1, y0, y1, x0, x1 = outer
    planes, rows, width, stride = z1 - z0, y1 - y0, x1 - x0, x1 - x0 + 2 * REACH
    lo = (REACH * stride if VOLUME else 0) + REACH
    for i in range(planes + REACH):
        if i < planes:
            load(u, z0 + i, y0, y1, x0, x1, state[i % state.shape[0]])
        q = i - REACH
        if box[0] <= z0 + q < box[1]:
            conduct(state, q, planes, rows, width, weights, noise, offset, square, g)
            for y in range(box[2], box[3]):
                first = lo + (y - y0) * stride + box[4] - x0
                copy(g[first : first + box[5] - box[4]], out[0, z0 + q, y, box[4] : box[5]])
