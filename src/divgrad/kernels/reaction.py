"""Explicit steps of reaction and diffusion, each in one pass.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. A block spans
all cols. What a reaction produces is taken as it is, what it consumes is taken at the new value (Patankar's
trick): a value >= 0 stays so at every step that diffusion alone allows.
"""

from __future__ import annotations

import numpy as np

__all__ = ["edge_pair", "phases", "two_species"]

REAL = np.float32
CHANNELS = 1  # of the image; with an edge indicator one more is stored
VOLUME = True


def laplacian(p, before, behind, above, below, inverse, out):
    """out <- the Laplacian of the row p, whose neighbours are four rows; the row itself beyond a border."""
    iz, iy, ix = inverse[0], inverse[1], inverse[2]
    n = p.shape[0]
    for j in range(n):
        x = iz * ((before[j] - p[j]) + (behind[j] - p[j]))
        if VOLUME:
            x = x + iy * ((above[j] - p[j]) + (below[j] - p[j]))
        out[j] = x
    if n > 1:
        left, middle, right, inner = p[: n - 2], p[1 : n - 1], p[2:], out[1 : n - 1]
        for j in range(inner.shape[0]):
            inner[j] = inner[j] + ix * ((left[j] - middle[j]) + (right[j] - middle[j]))
        out[0] = out[0] + ix * (p[1] - p[0])
        out[n - 1] = out[n - 1] + ix * (p[n - 2] - p[n - 1])


def row_laplacian(u, z, y, inverse, out):
    """out <- the Laplacian of row y of plane z of u[plane, row, col]."""
    before, behind = u[max(z - 1, 0), y], u[min(z + 1, u.shape[0] - 1), y]
    above, below = u[z, max(y - 1, 0)], u[z, min(y + 1, u.shape[1] - 1)]
    laplacian(u[z, y], before, behind, above, below, inverse, out)


def phase(p, curved, tau, middle, half, rate, out):
    """out <- p + tau (curved + rate (w - w^3)), with w = (p - middle) / half; rate in image units."""
    scale = 1.0 / half
    for j in range(out.shape[0]):
        w = (p[j] - middle) * scale
        out[j] = p[j] + tau * (curved[j] + rate * (w * (1.0 - w * w)))


def phases(u, out, box, tau, middle, half, rate, inverse):
    """out[box] <- an explicit step of u_t = lap u + rate (w - w^3)."""
    curved = np.empty(u.shape[3], REAL)
    for c in range(u.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                row_laplacian(u[c], z, y, inverse, curved)
                phase(u[c, z, y], curved, tau, middle, half, rate, out[c, z, y])


def consume(p, q, dp, tau, spread, feed, rate, out):
    """out <- a step of the substrate p; what turns into q is rate p q^2, p at its new value."""
    fed, a, r = tau * feed, tau * spread, tau * rate
    for j in range(out.shape[0]):
        out[j] = (p[j] + (a * dp[j] + fed)) / (1.0 + (fed + r * (q[j] * q[j])))


def produce(new, q, dq, tau, spread, loss, rate, out):
    """out <- a step of the activator q, with what turned into it."""
    left, b, r = 1.0 / (1.0 + tau * loss), tau * spread, tau * rate
    for j in range(out.shape[0]):
        out[j] = (q[j] + (b * dq[j] + r * (q[j] * q[j]) * new[j])) * left


def two_species(u, out, box, tau, spread_p, spread_q, feed, loss, rate, inverse):
    """out[box] <- a step of Gray and Scott's u[0] and u[1]."""
    curved = np.empty(u.shape[3], REAL)
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            p, q, new = u[0, z, y], u[1, z, y], out[0, z, y]
            row_laplacian(u[0], z, y, inverse, curved)
            consume(p, q, curved, tau, spread_p, feed, rate, new)
            row_laplacian(u[1], z, y, inverse, curved)
            produce(new, q, curved, tau, spread_q, loss, rate, out[1, z, y])


def along(p, v, flow, square):
    """flow[1 : n] <- what flows to each pixel from the next col, square the squared difference; ends are 0."""
    n = p.shape[0] - 1
    here, ahead, near, far = p[:n], p[1:], v[:n], v[1:]
    inside, squared = flow[1 : n + 1], square[1 : n + 1]
    for j in range(n):
        d = ahead[j] - here[j]
        squared[j] = d * d
    for j in range(n):
        w = 0.5 * (near[j] * near[j] + far[j] * far[j])
        inside[j] = w * (ahead[j] - here[j])


def gather(line, factor, out):
    """out <- factor (line[1:] - line[:-1])."""
    ahead = line[1:]
    for j in range(out.shape[0]):
        out[j] = factor * (ahead[j] - line[j])


def steepen(square, p, before, behind, along, across, out):
    """out <- out + half the squared slopes on both sides, along cols and from before to behind."""
    x, z = 0.5 * along, 0.5 * across
    beyond = square[1:]
    for j in range(out.shape[0]):
        a, b = before[j] - p[j], behind[j] - p[j]
        out[j] = out[j] + (x * (square[j] + beyond[j]) + z * (a * a + b * b))


def steepen_rows(p, above, below, inverse, out):
    """out <- out + half the squared slopes on both sides along rows."""
    half = 0.5 * inverse
    for j in range(out.shape[0]):
        a, b = above[j] - p[j], below[j] - p[j]
        out[j] = out[j] + half * (a * a + b * b)


def across(p, v, before, vb, behind, va, inverse, gain):
    """gain <- with what flows in from before and behind, whose edge indicators are vb and va."""
    half = 0.5 * inverse
    for j in range(p.shape[0]):
        w = v[j] * v[j]
        x = (w + vb[j] * vb[j]) * (before[j] - p[j])
        y = (w + va[j] * va[j]) * (behind[j] - p[j])
        gain[j] = gain[j] + half * (x + y)


def pull(p, gain, data, tau, weight, out):
    """out <- p + tau (gain + weight (data - p))."""
    for j in range(out.shape[0]):
        out[j] = p[j] + tau * (gain[j] + weight * (data[j] - p[j]))


def indicate(v, curved, slopes, tau, contrast, rate, out):
    """out <- (v + tau (lap v + rate)) / (1 + tau rate (1 + s^2 / contrast^2))."""
    scale = 1.0 / (contrast * contrast)
    r = tau * rate
    for j in range(out.shape[0]):
        below = 1.0 + r * (1.0 + slopes[j] * scale)
        out[j] = (v[j] + (tau * curved[j] + r)) / below


def edge_pair(u, data, out, box, tau, contrast, rate, weight, inverse):
    """out[box] <- a step of Ambrosio and Tortorelli's pair; the last channel of u is the edge indicator."""
    planes, rows, cols = u.shape[1], u.shape[2], u.shape[3]
    flow = np.zeros(cols + 1, REAL)
    square = np.zeros(cols + 1, REAL)
    gain = np.empty(cols, REAL)
    slopes = np.empty(cols, REAL)
    v = u[CHANNELS]
    for z in range(box[0], box[1]):
        zb, za = max(z - 1, 0), min(z + 1, planes - 1)
        for y in range(box[2], box[3]):
            yb, ya = max(y - 1, 0), min(y + 1, rows - 1)
            slopes[:] = 0.0
            e = v[z, y]
            for c in range(CHANNELS):
                p = u[c, z, y]
                before, behind = u[c, zb, y], u[c, za, y]
                along(p, e, flow, square)
                gather(flow, inverse[2], gain)
                across(p, e, before, v[zb, y], behind, v[za, y], inverse[0], gain)
                steepen(square, p, before, behind, inverse[2], inverse[0], slopes)
                if VOLUME:
                    above, below = u[c, z, yb], u[c, z, ya]
                    across(p, e, above, v[z, yb], below, v[z, ya], inverse[1], gain)
                    steepen_rows(p, above, below, inverse[1], slopes)
                pull(p, gain, data[c, z, y], tau, weight, out[c, z, y])
            row_laplacian(v, z, y, inverse, gain)
            indicate(e, gain, slopes, tau, contrast, rate, out[CHANNELS, z, y])
