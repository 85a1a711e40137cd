"""div(d grad I) of a complex image I, with d = exp(i angle) g and g from the imaginary part.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. The first
half of the channels are the real parts, the second the imaginary parts. Real and imaginary part flow through
the same real g; what has flown in is then turned by the angle: a flow matrix [[cos, -sin], [sin, cos]] g.
"""

from __future__ import annotations

import numpy as np

from divgrad.conductances import constant as conductance

__all__ = ["step"]

REAL = np.float32
CHANNELS = 1  # complex ones
VOLUME = True


def conduct(w, z, y, contrast, g):
    """G <- conductances of a row, made of the imaginary part of w, with the ends repeated."""
    width = w.shape[3]
    row = g[1 : width + 1]
    p = w[CHANNELS, z, y]
    for j in range(width):
        row[j] = p[j] * p[j]
    for c in range(1, CHANNELS):
        p = w[CHANNELS + c, z, y]
        for j in range(width):
            row[j] += p[j] * p[j]
    for j in range(width):
        row[j] = conductance(row[j], contrast)
    g[0] = g[1]
    g[width + 1] = g[width]


def extend(row, line):
    """Line <- a row with its ends repeated."""
    n = row.shape[0]
    inner = line[1 : n + 1]
    for j in range(n):
        inner[j] = row[j]
    line[0] = row[0]
    line[n + 1] = row[n - 1]


def advance(
    line, before, after, above, below, iline, ibefore, iafter, iabove, ibelow,
    g, gbefore, gafter, gabove, gbelow, rates, cosine, sine, out, iout,
):  # fmt: skip
    """Out, iout <- a row and what flows in, turned; line, iline and all g begin at the left neighbour.

    ``rates`` are tau / (2 h^2).
    """
    tz, ty, tx = rates
    for j in range(out.shape[0]):
        p, q, h = line[j + 1], iline[j + 1], g[j + 1]
        right, left = tx * (h + g[j + 2]), tx * (h + g[j])
        down, up = tz * (h + gafter[j + 1]), tz * (h + gbefore[j + 1])
        x = right * (line[j + 2] - p) + left * (line[j] - p)
        y = right * (iline[j + 2] - q) + left * (iline[j] - q)
        z = down * (after[j] - p) + up * (before[j] - p)
        w = down * (iafter[j] - q) + up * (ibefore[j] - q)
        if VOLUME:
            front, back = ty * (h + gbelow[j + 1]), ty * (h + gabove[j + 1])
            x = x + (front * (below[j] - p) + back * (above[j] - p))
            y = y + (front * (ibelow[j] - q) + back * (iabove[j] - q))
        a, b = x + z, y + w
        out[j] = p + (cosine * a - sine * b)
        iout[j] = q + (cosine * b + sine * a)


def step(u, w, out, box, tau, inverse, contrast, cosine, sine):
    """out[box] <- one explicit step of u, with conductances made of w; the box spans all cols."""
    rows, width = box[3] - box[2], u.shape[3]
    g = np.zeros((3, rows + 2, width + 2), REAL)
    line = np.zeros((2, width + 2), REAL)
    march(u, w, out, box, tau, inverse, contrast, cosine, sine, g, line)


def march(u, w, out, box, tau, inverse, contrast, cosine, sine, g, line):
    """The loops of :func:`step`, on the arrays that it has made; the conductances of three planes are in use."""
    planes, height, rows = u.shape[1], u.shape[2], box[3] - box[2]
    half = REAL(0.5) * tau
    rates = (half * inverse[0], half * inverse[1], half * inverse[2])
    for z in range(box[0] - 1, box[1] + 1):
        inside = min(max(z, 0), planes - 1)
        for n in range(rows + 2):
            if VOLUME or n == 1:
                y = min(max(box[2] - 1 + n, 0), height - 1)
                conduct(w, inside, y, contrast, g[z % 3, n])
        r = z - 1
        if r < box[0]:
            continue
        b, a = max(0, r - 1), min(planes - 1, r + 1)
        for n in range(1, rows + 1):
            y = box[2] + n - 1
            up, down = (max(0, y - 1), min(height - 1, y + 1)) if VOLUME else (y, y)
            above, below = (n - 1, n + 1) if VOLUME else (n, n)
            h = g[r % 3]
            for c in range(CHANNELS):
                i = c + CHANNELS
                extend(u[c, r, y], line[0])
                extend(u[i, r, y], line[1])
                advance(
                    line[0], u[c, b, y], u[c, a, y], u[c, r, up], u[c, r, down],
                    line[1], u[i, b, y], u[i, a, y], u[i, r, up], u[i, r, down],
                    h[n], g[(r - 1) % 3, n], g[(r + 1) % 3, n], h[above], h[below],
                    rates, cosine, sine, out[c, r, y], out[i, r, y],
                )  # fmt: skip
