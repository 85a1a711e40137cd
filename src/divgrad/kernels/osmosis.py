"""lap u - div(d u) on a grid, for a drift d = grad ln v, in one pass.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`.

    What flows to i from its neighbour j, a distance h apart, is
        (u_j - u_i) - d (u_j + u_i),  d = (v_j - v_i) / (v_j + v_i),
    in units of 1 / h^2: none where u is a multiple of v. Each d is between -1 and 1, so all weights of
    neighbours are >= 0; what leaves one pixel enters the other. Where v is zero on both sides d is zero.
"""

from __future__ import annotations

import numpy as np

__all__ = ["drift", "fastest", "osmose"]

REAL = np.float32
CHANNELS = 1
VOLUME = True
GUIDES = 1  # channels of the guidance, 1 or as many as the image has


def between(p, q, m, n, out):
    """out <- the drift from the row p of the guidance to q, none where a row of the mask, m or n, is 1."""
    for j in range(out.shape[0]):
        total = p[j] + q[j]
        kept = 1.0 - (m[j] if m[j] > n[j] else n[j])
        out[j] = kept * (q[j] - p[j]) / (total if total > 0.0 else 1.0)


def drift(v, mask, out, box, axis):
    """out[box] <- the drift to the next pixel along axis (0 planes, 1 rows, 2 cols), zero at its end."""
    planes, rows, cols = v.shape[1], v.shape[2], v.shape[3]
    for c in range(v.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                p, m, result = v[c, z, y], mask[0, z, y], out[c, z, y]
                if axis == 2:
                    between(p[: cols - 1], p[1:], m[: cols - 1], m[1:], result[: cols - 1])
                    result[cols - 1] = 0.0
                else:
                    i = min(z + 1, planes - 1) if axis == 0 else z
                    k = min(y + 1, rows - 1) if axis == 1 else y
                    between(p, v[c, i, k], m, mask[0, i, k], result)


def along(p, d, flow):
    """flow[1 : n] <- what flows to each pixel of the row from the next; flow[0] and flow[n] are the border's."""
    n = p.shape[0] - 1
    here, ahead, inside = p[:n], p[1:], flow[1 : n + 1]
    for j in range(n):
        inside[j] = (ahead[j] - here[j]) - d[j] * (ahead[j] + here[j])


def gain(p, flow, before, behind, db, d, rate, inverse, out):
    """out <- p + what flows in along cols and planes; db leads from the plane before, d to the one behind."""
    iz, ix = rate * inverse[0], rate * inverse[2]
    ahead = flow[1:]
    for j in range(p.shape[0]):
        a = (before[j] - p[j]) + db[j] * (p[j] + before[j])
        b = (behind[j] - p[j]) - d[j] * (behind[j] + p[j])
        out[j] = p[j] + (iz * (a + b) + ix * (ahead[j] - flow[j]))


def gain_rows(p, above, below, da, d, rate, out):
    """out <- out + what flows in along rows."""
    for j in range(p.shape[0]):
        a = (above[j] - p[j]) + da[j] * (p[j] + above[j])
        b = (below[j] - p[j]) - d[j] * (below[j] + p[j])
        out[j] = out[j] + rate * (a + b)


def blend(out, fresh, line, old):
    """out <- fresh line + (1 - fresh) old."""
    kept = REAL(1.0) - fresh
    for j in range(out.shape[0]):
        out[j] = fresh * line[j] + kept * old[j]


def osmose(u, old, dz, dy, dx, out, box, tau, fresh, inverse):
    """out[box] <- fresh (u + tau A u) + (1 - fresh) old; out may be old. The box spans all cols."""
    planes, rows, cols = u.shape[1], u.shape[2], u.shape[3]
    none = np.zeros(cols, REAL)
    flow = np.zeros(cols + 1, REAL)
    line = np.empty(cols, REAL)
    for c in range(CHANNELS):
        g = c if GUIDES > 1 else 0
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                p = u[c, z, y]
                along(p, dx[g, z, y], flow)
                before, behind = u[c, max(z - 1, 0), y], u[c, min(z + 1, planes - 1), y]
                first = dz[g, z - 1, y] if z > 0 else none
                gain(p, flow, before, behind, first, dz[g, z, y], tau, inverse, line)
                if VOLUME:
                    above, below = u[c, z, max(y - 1, 0)], u[c, z, min(y + 1, rows - 1)]
                    first = dy[g, z, y - 1] if y > 0 else none
                    gain_rows(p, above, below, first, dy[g, z, y], tau * inverse[1], line)
                blend(out[c, z, y], fresh, line, old[c, z, y])


def leaving(d, before, rate, line):
    """line <- line + rate (what leaves to the next plane or row, and to the one before)."""
    for j in range(line.shape[0]):
        line[j] = line[j] + rate * ((1.0 + d[j]) + (1.0 - before[j]))


def leaving_cols(d, rate, line):
    """line <- line + rate (what leaves to the next col, and to the one before)."""
    n = line.shape[0] - 1
    front, back = line[:n], line[1:]
    for j in range(n):
        front[j] = front[j] + rate * (1.0 + d[j])
    for j in range(n):
        back[j] = back[j] + rate * (1.0 - d[j])


def fastest(dz, dy, dx, out, box, inverse):
    """out[channel, plane, row] <- the largest rate at which a pixel of the row is left; at borders a bit more."""
    none = np.zeros(dx.shape[3], REAL)
    line = np.empty(dx.shape[3], REAL)
    for c in range(dx.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                line[:] = 0.0
                before = dz[c, z - 1, y] if z > 0 else none
                leaving(dz[c, z, y], before, inverse[0], line)
                if VOLUME:
                    before = dy[c, z, y - 1] if y > 0 else none
                    leaving(dy[c, z, y], before, inverse[1], line)
                leaving_cols(dx[c, z, y], inverse[2], line)
                most = line[0]
                for j in range(line.shape[0]):
                    most = line[j] if line[j] > most else most
                out[c, z, y] = most
