"""Implicit steps of total variation flow: what flows across edges is relaxed until it is what the slopes ask for.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. The step from f
to u is ``u = f + tau div p`` with ``p sqrt(|grad u|^2 + eps^2) = grad u`` across every edge; slopes as in
:mod:`divgrad.kernels.curvature`. One pass over the image makes

    ``p' = (y + sigma grad u) / (1 + sigma sqrt(|grad u|^2 + eps^2))``, u from y, and ``y' = p' + beta (p' - p)``

which is Chambolle's semi-implicit iteration with Nesterov's momentum. p and y are ``[axis, channel, plane,
row, col]``, at the edge to the next pixel, along planes and cols in 2-D, along all axes in 3-D. Nothing flows through
the border: there slopes are zero, and p stays so.
"""

from __future__ import annotations

import numpy as np

from divgrad.kernels.curvature_rows import flat_slopes, slopes_along
from divgrad.kernels.planes import reflect, widened

__all__ = ["flowed", "relax"]

REAL = np.float32
VOLUME = True
INLINE = False


def add_differences(a, b, factor, out):
    """out <- out + factor (a - b)."""
    for j in range(out.shape[0]):
        out[j] += factor * (a[j] - b[j])


def add_flow(a, factor, out):
    """out <- out + factor a."""
    for j in range(out.shape[0]):
        out[j] += factor * a[j]


def add_all(first, a, b, factor, e, other, out):
    """out <- first + factor (a - b) + other (e[j + 1] - e[j])."""
    for j in range(out.shape[0]):
        out[j] = (first[j] + factor * (a[j] - b[j])) + other * (e[j + 1] - e[j])


def current(f, y, c, z, row, x0, x1, factors, out):
    """out <- a row of f + tau div y."""
    last = y.shape[0] - 1
    first, a, x = f[c, z, row, x0:x1], y[0, c, z, row, x0:x1], y[last, c, z, row]
    if z > 0:
        b = y[0, c, z - 1, row, x0:x1]
        if x0 > 0:
            add_all(first, a, b, factors[0], x[x0 - 1 : x1], factors[2], out)
        else:
            out[0] = (first[0] + factors[0] * (a[0] - b[0])) + factors[2] * x[0]
            add_all(first[1:], a[1:], b[1:], factors[0], x[:x1], factors[2], out[1:])
    else:
        for j in range(1 if x0 == 0 else 0, out.shape[0]):
            out[j] = (first[j] + factors[0] * a[j]) + factors[2] * (x[x0 + j] - x[x0 + j - 1])
        if x0 == 0:
            out[0] = (first[0] + factors[0] * a[0]) + factors[2] * x[0]
    if VOLUME:
        if row > 0:
            add_differences(y[1, c, z, row, x0:x1], y[1, c, z, row - 1, x0:x1], factors[1], out)
        else:
            add_flow(y[1, c, z, row, x0:x1], factors[1], out)


def flowed(f, y, out, box, factors):
    """out[box] <- f + tau div y; ``factors`` is tau / h along planes, rows and cols."""
    for c in range(f.shape[0]):
        for z in range(box[0], box[1]):
            for row in range(box[2], box[3]):
                current(f, y, c, z, row, box[4], box[5], factors, out[c, z, row, box[4] : box[5]])


def load(f, y, c, z, outer, factors, plane):
    """plane <- the part of plane z of f + tau div y within outer, with a rim of one pixel, mirrored."""
    width, rows = outer[5] - outer[4] + 2, outer[3] - outer[2]
    first = width if VOLUME else 0
    for k in range(rows):
        here = plane[first + k * width : first + (k + 1) * width]
        current(f, y, c, z, outer[2] + k, outer[4], outer[5], factors, here[1 : width - 1])
    reflect(plane, rows, width, first)


def slopes(q, p, r, inverse, first, n, width, t, more):
    """t[axis] <- mean squared slopes across the other axes at plane p."""
    here = p[first - 1 : first + n + 1]
    before, after = q[first : first + n], r[first : first + n]
    if VOLUME:
        up, down = p[first - width : first - width + n], p[first + width : first + width + n]
        slopes_along(here[1:], up, down, here, here[2:], inverse[1], inverse[2], more, t[0, first:])
        slopes_along(
            here[1:], before, after, here, here[2:], inverse[0], inverse[2], more, t[1, first:]
        )
        slopes_along(here[1:], before, after, up, down, inverse[0], inverse[1], more, t[2, first:])
    else:
        flat_slopes(before, here, after, inverse[0], inverse[2], more, t[0, first:], t[2, first:])


def damp(p, q, i, k, s, t, inverse, sigma, least, g):
    """g <- 1 / (1 + sigma slope) of the edges from p[:, i + j] to q[:, k + j]; s and t are squared slopes across."""
    n = g.shape[0]
    a, b = s[i : i + n], t[k : k + n]
    x, y = p[0, i : i + n], q[0, k : k + n]
    if p.shape[0] == 1:
        for j in range(n):
            d = y[j] - x[j]
            s2 = (d * d * inverse + 0.5 * (a[j] + b[j])) + least
            g[j] = 1.0 / (1.0 + sigma * np.sqrt(s2))
        return
    for j in range(n):
        d = y[j] - x[j]
        g[j] = d * d
    for c in range(1, p.shape[0]):
        x, y = p[c, i : i + n], q[c, k : k + n]
        for j in range(n):
            d = y[j] - x[j]
            g[j] += d * d
    for j in range(n):
        s2 = (g[j] * inverse + 0.5 * (a[j] + b[j])) + least
        g[j] = 1.0 / (1.0 + sigma * np.sqrt(s2))


def push(y, a, b, factor, g, new):
    """new <- (y + factor (b - a)) g."""
    for j in range(new.shape[0]):
        new[j] = (y[j] + factor * (b[j] - a[j])) * g[j]


def go_on(new, beta, p, out):
    """out <- new + beta (new - p); p <- new."""
    for j in range(new.shape[0]):
        x = new[j]
        out[j] = x + beta * (x - p[j])
        p[j] = x


def relax(f, p, y, out, box, factors, rates, sigma, beta, inverse, least):
    """p[box] <- p', out[box] <- y'. ``factors``: tau / h, ``rates``: sigma / h, inverse: 1 / h^2, least: eps^2."""
    outer = widened(box, 2, f)
    width = outer[5] - outer[4] + 2
    n = (outer[3] - outer[2] - 1) * width + width - 2
    room = (n + 2 * width + 2 + 15) // 16 * 16 if VOLUME else (width + 15) // 16 * 16
    march(
        f, p, y, out, box, factors, rates, sigma, beta, inverse, least, outer, n,
        np.zeros((4, f.shape[0], room), REAL), np.zeros((2, 3, room), REAL),
        np.zeros(n, REAL), np.zeros(width, REAL),
    )  # fmt: skip


def march(
    f, p, y, out, box, factors, rates, sigma, beta, inverse, least, outer, n, state, t, g, new
):
    """The loops of :func:`relax`, on the arrays that it has made."""
    channels, planes, width = f.shape[0], outer[1] - outer[0], outer[5] - outer[4] + 2
    first = width + 1 if VOLUME else 1
    for k in range(planes + 2):
        if k < planes:
            for c in range(channels):
                load(f, y, c, outer[0] + k, outer, factors, state[k % 4, c])
        now, old, here = state[k % 4], state[(k + 2) % 4], state[(k + 3) % 4]
        if 1 <= k <= planes:
            for c in range(channels):
                q, r = (here[c] if k == 1 else old[c]), (here[c] if k == planes else now[c])
                slopes(q, here[c], r, inverse, first, n, width, t[(k + 1) % 2], c > 0)
        z = outer[0] + k - 2
        if not box[0] <= z < box[1]:
            continue
        a, b = t[k % 2], t[(k + 1) % 2]
        if z + 1 < f.shape[1]:
            damp(old, here, first, first, a[0], b[0], inverse[0], sigma, least, g)
            spread(old, here, 0, 0, z, p, y, out, box, outer, first, width, rates[0], beta, g, new)
        if VOLUME:
            damp(old, old, first, first + width, a[1], a[1], inverse[1], sigma, least, g)
            spread(
                old, old, width, 1, z, p, y, out, box, outer, first, width, rates[1], beta, g, new
            )
        damp(old, old, first, first + 1, a[2], a[2], inverse[2], sigma, least, g)
        axis = p.shape[0] - 1
        spread(old, old, 1, axis, z, p, y, out, box, outer, first, width, rates[2], beta, g, new)


def spread(here, there, ahead, axis, z, p, y, out, box, outer, first, width, rate, beta, g, new):
    """Make p' and y' along one axis at the rows of plane z."""
    size = box[5] - box[4]
    for row in range(box[2], box[3]):
        left = (row - outer[2]) * width + box[4] - outer[4]
        for c in range(p.shape[1]):
            i = first + left
            push(
                y[axis, c, z, row, box[4] : box[5]], here[c, i : i + size],
                there[c, i + ahead : i + ahead + size], rate, g[left : left + size], new[:size],
            )  # fmt: skip
            go_on(
                new[:size], beta, p[axis, c, z, row, box[4] : box[5]],
                out[axis, c, z, row, box[4] : box[5]],
            )  # fmt: skip
