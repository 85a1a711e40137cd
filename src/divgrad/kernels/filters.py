r"""A step of a learned diffusion: filters, influence functions, filters transposed.

.. math:: u - \sum_i K_i^T \varphi_i(K_i u) - \lambda (u - f), \quad
   \varphi_i(x) = \mathrm{sign}(x) \sum_k d_{ik} \max(\min(|x|, t_K) - t_k, 0)

Plain Python, compiled by :mod:`divgrad.kernels.specialise`. Images are ``[channel, row, col]``. A block of the
image and its surroundings are copied into scratch of a pitch that is known to the compiler: only so it sees
that rows do not overlap, and vectorises (measured: 25 G multiply-adds/s on one core). Responses are kept for
``SIZE`` rows, in the second-level cache: row y in slot y mod SIZE, and ``outer`` holds the transposed filters
for each turn of the slots. A spline is a sum of ramps: a table would need a gather, which is 1.5 x slower.
"""

from __future__ import annotations

import numpy as np

__all__ = ["stage"]

REAL = np.float32
SIZE = 3  # width of a filter
PITCH = 144  # of a row in scratch: cols of a block and 4 (SIZE // 2) around it, at most


def reflected(i, n):
    """Index of i in a row of n pixels that is mirrored at its ends, as often as needed."""
    i %= 2 * n
    return 2 * n - 1 - i if i >= n else i


def nine(p, w, a, width):
    """a[j] += 3 x 3 weights times the rows at p; products in a tree, so that sums do not wait for each other."""
    w0, w1, w2, w3, w4, w5, w6, w7, w8 = w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8]
    for j in range(width):
        x = (w0 * p[j] + w1 * p[j + 1]) + (w2 * p[j + 2] + w3 * p[j + PITCH])
        y = (w4 * p[j + PITCH + 1] + w5 * p[j + PITCH + 2]) + (
            w6 * p[j + 2 * PITCH] + w7 * p[j + 2 * PITCH + 1]
        )
        a[j] += x + y + w8 * p[j + 2 * PITCH + 2]


def rows_of_taps(p, w, a, width):
    """a[j] += SIZE x SIZE weights times the rows at p, a row of weights at a time; SIZE is 5 or 7."""
    for k in range(SIZE):
        q, v = p[k * PITCH :], w[k * SIZE :]
        w0, w1, w2, w3, w4 = v[0], v[1], v[2], v[3], v[4]
        if SIZE == 5:
            for j in range(width):
                x = (w0 * q[j] + w1 * q[j + 1]) + (w2 * q[j + 2] + w3 * q[j + 3])
                a[j] += x + w4 * q[j + 4]
        else:
            w5, w6 = v[5], v[6]
            for j in range(width):
                x = (w0 * q[j] + w1 * q[j + 1]) + (w2 * q[j + 2] + w3 * q[j + 3])
                a[j] += x + ((w4 * q[j + 4] + w5 * q[j + 5]) + w6 * q[j + 6])


def influence(a, d, width):
    """a[j] <- phi(a[j]); the knots are those of :mod:`divgrad.learned.influence`."""
    d0, d1, d2, d3, d4, d5 = d[0], d[1], d[2], d[3], d[4], d[5]
    d6, d7, d8, d9, d10, d11 = d[6], d[7], d[8], d[9], d[10], d[11]
    for j in range(width):
        x = a[j]
        b = -x if x < 0.0 else x
        b = 10.0 if b > 10.0 else b
        r1, r2, r3 = b - 0.25, b - 0.5, b - 1.0
        r4, r5, r6 = b - 1.5, b - 2.0, b - 2.5
        r7, r8, r9 = b - 3.0, b - 4.0, b - 5.0
        r10, r11 = b - 6.0, b - 8.0
        y = d0 * b + d1 * (r1 if r1 > 0.0 else 0.0)
        z = d2 * (r2 if r2 > 0.0 else 0.0) + d3 * (r3 if r3 > 0.0 else 0.0)
        y += d4 * (r4 if r4 > 0.0 else 0.0) + d5 * (r5 if r5 > 0.0 else 0.0)
        z += d6 * (r6 if r6 > 0.0 else 0.0) + d7 * (r7 if r7 > 0.0 else 0.0)
        y += d8 * (r8 if r8 > 0.0 else 0.0) + d9 * (r9 if r9 > 0.0 else 0.0)
        z += d10 * (r10 if r10 > 0.0 else 0.0) + d11 * (r11 if r11 > 0.0 else 0.0)
        y += z
        a[j] = -y if x < 0.0 else y


def surroundings(u, visible, fold, y0, x0, rows, cols, near):
    """near[c, row] <- the part of u that begins at y0, x0; beyond the border u is mirrored, pixel by pixel.

    Visible channels are the pixels of squares, ``fold`` wide: in a mirror they change places too.
    """
    height, width = u.shape[1], u.shape[2]
    square = fold * fold
    for c in range(u.shape[0]):
        group, place = c // square, c % square
        py, px = place // fold, place % fold
        for n in range(rows):
            y = y0 + n
            up = 0 <= y < height
            from_row = reflected(y, height)
            line = near[(c * rows + n) * PITCH :]
            qy = py if up or c >= visible else (fold - 1 - py if turned(y, height) else py)
            same = u[group * square + qy * fold + px if c < visible else c, from_row]
            for j in range(cols):
                x = x0 + j
                if 0 <= x < width:
                    line[j] = same[x]
                else:
                    qx = fold - 1 - px if c < visible and turned(x, width) else px
                    other = group * square + qy * fold + qx if c < visible else c
                    line[j] = u[other, from_row, reflected(x, width)]


def turned(i, n):
    """Whether index i lies in a mirrored copy of a row of n pixels."""
    return (i // n) % 2 != 0


def stage(u, f, out, box, fold, inner, ramps, outer, pull):
    """out[box] <- u after one step.

    ``inner[i, c, row, col]`` are the filters, flat; ``outer[turn, c, i, row, col]`` the transposed ones;
    ``ramps[i]`` the slopes d; ``f`` are the visible channels at the beginning; ``box`` is (first row, row
    behind the last, first col, col behind the last).
    """
    reach = SIZE // 2
    y0, y1, x0, x1 = box
    channels, count, visible = u.shape[0], ramps.shape[0], f.shape[0]
    rows, width = y1 - y0, x1 - x0
    taps = SIZE * SIZE
    high, wide = rows + 4 * reach, width + 4 * reach
    near = np.zeros(channels * high * PITCH + PITCH, REAL)
    kept = np.zeros(count * SIZE * PITCH + PITCH, REAL)
    line = np.zeros(PITCH, REAL)
    surroundings(u, visible, fold, y0 - 2 * reach, x0 - 2 * reach, high, wide, near)
    for n in range(rows + 2 * reach):
        slot = (y0 - reach + n) % SIZE
        for i in range(count):
            a = kept[(i * SIZE + slot) * PITCH :]
            for j in range(width + 2 * reach):
                a[j] = 0.0
            for c in range(channels):
                p = near[(c * high + n) * PITCH :]
                w = inner[(i * channels + c) * taps :]
                if SIZE == 3:
                    nine(p, w, a, width + 2 * reach)
                else:
                    rows_of_taps(p, w, a, width + 2 * reach)
            influence(a, ramps[i], width + 2 * reach)
        m = n - 2 * reach
        if m < 0:
            continue
        turn = (y0 + m) % SIZE
        for c in range(channels):
            for j in range(width):
                line[j] = 0.0
            for i in range(count):
                p = kept[i * SIZE * PITCH :]
                w = outer[((turn * channels + c) * count + i) * taps :]
                if SIZE == 3:
                    nine(p, w, line, width)
                else:
                    rows_of_taps(p, w, line, width)
            old = near[(c * high + m + 2 * reach) * PITCH + 2 * reach :]
            new = out[c, y0 + m]
            if c < visible:
                first = f[c, y0 + m]
                for j in range(width):
                    new[x0 + j] = old[j] - line[j] - pull * (old[j] - first[x0 + j])
            else:
                for j in range(width):
                    new[x0 + j] = old[j] - line[j]
