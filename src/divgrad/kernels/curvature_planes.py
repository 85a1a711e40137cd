"""Loops over one plane of a curvature flow: slopes, weights of edges, and what flows through them.

Plain Python, compiled into :mod:`divgrad.kernels.curvature`, where the equations are; its switches hold here too.
"""

from __future__ import annotations

import numpy as np

from divgrad.conductances import constant as conductance
from divgrad.kernels.curvature_rows import flat_slopes, multiply, slopes_along, slow
from divgrad.kernels.planes import copy, reflect

REAL = np.float32
VOLUME = True
GEOMETRIC = True


def load(u, c, z, outer, plane):
    """plane <- the part of plane z of channel c within outer, with a rim of one pixel."""
    width = outer[5] - outer[4]
    first = width + 3 if VOLUME else 1
    for y in range(outer[2], outer[3]):
        copy(u[c, z, y, outer[4] : outer[5]], plane[first : first + width])
        first += width + 2
    reflect(plane, outer[3] - outer[2], width + 2, width + 2 if VOLUME else 0)


def slopes(q, p, r, inverse, first, n, width, t, more):
    """Slopes at plane p: t[axis] <- mean squares across the other axes, t[3] the pixels'; in 2-D t[0] and t[2] are all.

    ``more``: add to what is there already, of other channels.
    """
    here = p[first - 1 : first + n + 1]
    if VOLUME:
        up, down = p[first - width : first - width + n], p[first + width : first + width + n]
        before, after = q[first : first + n], r[first : first + n]
        tz, ty, tx, a = t[0], t[1], t[2], t[3]
        slopes_along(here[1:], up, down, here, here[2:], inverse[1], inverse[2], more, tz[first:])
        slopes_along(
            here[1:], before, after, here, here[2:], inverse[0], inverse[2], more, ty[first:]
        )
        slopes_along(here[1:], before, after, up, down, inverse[0], inverse[1], more, tx[first:])
        for j in range(first, first + n):
            a[j] = 0.5 * ((tz[j] + ty[j]) + tx[j])
    else:
        flat_slopes(
            q[first : first + n], here, r[first : first + n], inverse[0], inverse[2], more,
            t[0, first:], t[2, first:],
        )  # fmt: skip


def weigh(p, i, q, k, t, s, axis, inverse, contrast, g):
    """g <- weights of the edges along an axis from p[:, i + j] to q[:, k + j]; t and s are slopes at p and at q."""
    n = g.shape[0]
    other = 3 if VOLUME else 2 - axis
    b, c = t[axis, i : i + n], s[axis, k : k + n]
    e, f = t[other, i : i + n], s[other, k : k + n]
    x, y = p[0, i : i + n], q[0, k : k + n]
    if p.shape[0] == 1:
        for j in range(n):
            d = y[j] - x[j]
            g[j] = link(d * d * inverse, b[j], c[j], e[j], f[j], contrast)
    else:
        g[:] = 0.0
        for m in range(p.shape[0]):
            x, y = p[m, i : i + n], q[m, k : k + n]
            for j in range(n):
                d = y[j] - x[j]
                g[j] += d * d
        for j in range(n):
            g[j] = link(g[j] * inverse, b[j], c[j], e[j], f[j], contrast)


def link(s2, b, c, e, f, contrast):
    """Weight of an edge of squared slope s2 along it, b and c across it at its two pixels; e and f: see slopes."""
    s = s2 + 0.5 * (b + c)
    if GEOMETRIC:
        x, y = (e, f) if VOLUME else (b + e, c + f)
        most = 0.25 * (x if x > y else y)
        s = s if s > most else most
        g = 1.0 / np.sqrt(s if s > 1e-30 else REAL(1e-30))  # where all is flat nothing flows
    else:
        g = conductance(s, contrast)
    return g


def gather(q, p, r, first, width, gl, gz, gy, gx, inverse, out):
    """out <- sum over the edges of g (u_j - u_i) / h^2 at the pixels of plane p."""
    n = out.shape[0]
    iz, iy, ix = inverse[0], inverse[1], inverse[2]
    here, before, after = p[first - 1 : first + n + 1], q[first : first + n], r[first : first + n]
    x, u, v = gx[first - 1 : first + n], gl[first : first + n], gz[first : first + n]
    line = width if VOLUME else 0
    north, south = p[first - line :], p[first + line :]
    up, down = gy[first - line :], gy[first : first + n]
    for j in range(n):
        o = here[j + 1]
        s = ix * (x[j + 1] * (here[j + 2] - o) + x[j] * (here[j] - o))
        if VOLUME:
            s = s + iy * (down[j] * (south[j] - o) + up[j] * (north[j] - o))
        out[j] = s + iz * (v[j] * (after[j] - o) + u[j] * (before[j] - o))


def gain(q, p, r, first, width, gl, gz, gy, gx, t, tau, inverse, out):
    """out <- p + tau times the slope, for curvature, times what :func:`gather` gathers, in one pass: 1.2 x."""
    n = out.shape[0]
    iz, iy, ix = inverse[0], inverse[1], inverse[2]
    here, before, after = p[first - 1 : first + n + 1], q[first : first + n], r[first : first + n]
    x, u, v = gx[first - 1 : first + n], gl[first : first + n], gz[first : first + n]
    line = width if VOLUME else 0
    north, south = p[first - line :], p[first + line :]
    up, down = gy[first - line :], gy[first : first + n]
    a = t[3, first : first + n] if VOLUME else t[0, first : first + n]
    b = t[2, first : first + n]
    for j in range(n):
        o = here[j + 1]
        s = ix * (x[j + 1] * (here[j + 2] - o) + x[j] * (here[j] - o))
        if VOLUME:
            s = s + iy * (down[j] * (south[j] - o) + up[j] * (north[j] - o))
        s = s + iz * (v[j] * (after[j] - o) + u[j] * (before[j] - o))
        if GEOMETRIC:
            s = np.sqrt(a[j] if VOLUME else a[j] + b[j]) * s
        out[j] = o + tau * s


def speed(k, t, first, length, fastest, top, part, rate):
    """rate <- what the curvatures k[channel] are multiplied with: the slope, and what the flow makes of it."""
    n = rate.shape[0]
    a = t[3, first : first + n] if VOLUME else t[0, first : first + n]
    b = t[2, first : first + n]
    for j in range(n):
        rate[j] = np.sqrt(a[j] if VOLUME else a[j] + b[j])
    if length > 0.0:
        slow(k, length, fastest, top, part, rate)


def arrive(k, planes, state, t, e, weighted, sides, inverse, contrast, gz, gy, gx):
    """Plane k of a step is here: make slopes at plane k - 1, and the edges of plane k - 2 and from it to k - 1."""
    first, n, width = sides
    now, old, new = state[k % 4], state[(k + 2) % 4], state[(k + 3) % 4]
    if 1 <= k <= planes:
        for c in range(state.shape[1]):
            q = new[c] if k == 1 else old[c]
            r = new[c] if k == planes else now[c]
            slopes(q, new[c], r, inverse, first, n, width, t[(k + 1) % 2], c > 0)
    if k < 2:
        return
    g = gz[(k + 1) % 2, first : first + n]
    a, b = t[k % 2], t[(k + 1) % 2]
    p, q = e[(k + 1) % 3, 0], e[(k + 2) % 3, 0]
    if k <= planes:
        weigh(old, first, new, first, a, b, 0, inverse[0], contrast, g)
        if GEOMETRIC and weighted:
            multiply(p, first, q, first, g)
    else:
        g[:] = 0.0
    g = gx[first - 1 : first + n]
    weigh(old, first - 1, old, first, a, a, 2, inverse[2], contrast, g)
    if weighted:
        multiply(p, first - 1, p, first, g)
    if VOLUME:
        g = gy[first - width : first + n]
        weigh(old, first - width, old, first, a, a, 1, inverse[1], contrast, g)
        if GEOMETRIC and weighted:
            multiply(p, first - width, p, first, g)


def store(plane, c, outer, width, z, box, out):
    """out[c, z] <- the box's part of a plane that begins with the first pixel."""
    if box[0] <= z < box[1]:
        for y in range(box[2], box[3]):
            first = (y - outer[2]) * width + box[4] - outer[4]
            copy(plane[first : first + box[5] - box[4]], out[c, z, y, box[4] : box[5]])
