"""a div(c grad u), with c made at the edges of pixels from the full gradient there: the loops of curvature flows.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`.

Discretisation
    Across the edge between the neighbours i and j lies the slope ``s^2 = (u_j - u_i)^2 / h^2 + t^2``, where t^2 is the
    mean over i and j of ``(d+^2 + d-^2) / 2`` along the other axes. A pixel gains ``tau a_i / h^2`` times
    ``c (u_j - u_i)``. All weights are >= 0, so that under the step's bound no new extremum can arise.
Total variation, p-Laplacian
    ``c = conductance(s^2)`` and a = 1: grey value is kept. At a straight step along the grid the flux of total
    variation is exactly 1, in which conductances averaged from pixels err by 40 %.
Curvature
    ``GEOMETRIC``: c = 1 / max(s, a_i / 2, a_j / 2), where a is the slope at the pixel, of mean squares as above:
    central differences would not see a single hot pixel, which then stayed for ever. No weight is above
    2: the bound holds for any image, and no constant has to be added to the slope. A straight step
    blurs by about a pixel, within which there is no telling a step from a ramp.
Speed
    Planes are copied with a rim of two pixels, mirrored at the borders of the image. Then all loops run over
    whole planes, and no loop asks where the border is.
"""

from __future__ import annotations

import numpy as np

from divgrad.conductances import constant as conductance

__all__ = ["bands", "step"]

REAL = np.float32
CHANNELS = 1
VOLUME = True
GEOMETRIC = True  # curvature; else conductances
WEIGHTED = False  # edge weights are multiplied by what is given at the pixels
POWER = False  # speed is the cube root of the curvature
GATED = False  # flow only where it has the sign of what is given at the pixels
FROZEN = True  # the operator is made from another image than it is applied to


def clamp(i, size):
    """Index of the pixel that stands for pixel i beyond the border."""
    return 0 if i < 0 else (size - 1 if i >= size else i)


def load(u, z, box, plane):
    """plane[channel, pixel] <- the box's part of plane z of u with a rim of two pixels, from the third row on."""
    width = box[5] - box[4] + 4
    rim = 2 if VOLUME else 0
    zc = clamp(z, u.shape[1])
    left = min(2, box[4])
    right = min(2, u.shape[3] - box[5])
    for c in range(plane.shape[0]):
        for y in range(box[2] - rim, box[3] + rim):
            first = width + (y - box[2] + rim) * width
            row = u[c, zc, clamp(y, u.shape[2]), box[4] - left : box[5] + right]
            out = plane[c, first + 2 - left : first + width - 2 + right]
            for j in range(out.shape[0]):
                out[j] = row[j]
            for j in range(2 - left):
                plane[c, first + j] = row[0]
            for j in range(2 - right):
                plane[c, first + width - 1 - j] = row[row.shape[0] - 1]


def slopes(q, p, r, inverse, width, across, a):
    """across[axis] <- squared slopes across the other axes, a <- the pixels' squared slopes, of plane p.

    In several loops that write to few arrays each: with more, compilers do not vectorise.
    """
    n = a.shape[0]
    tz, ty, tx = across[0], across[1], across[2]
    if CHANNELS > 1:
        for j in range(n):
            tz[j] = tx[j] = a[j] = 0.0
    for c in range(CHANNELS):
        here = p[c, width : width + n]
        slope(q[c, width : width + n], here, r[c, width : width + n], inverse[0], tx, a, False)
        slope(p[c, width - 1 :], here, p[c, width + 1 :], inverse[2], tz, a, True)
    if VOLUME:
        for j in range(n):
            ty[j] = tz[j] + tx[j]
        for c in range(CHANNELS):
            slope_of_rows(p[c], width, inverse[1], tz, tx, a)


def slope(before, here, after, inverse, t, a, more):
    """t <- the mean squared slope along an axis, a <- the pixels' squared slope, or a + that if ``more``."""
    for j in range(a.shape[0]):
        d, e = after[j] - here[j], here[j] - before[j]
        q = 0.5 * inverse * (d * d + e * e)
        if GEOMETRIC:
            a[j] = a[j] + q if CHANNELS > 1 or more else q
        t[j] = t[j] + q if CHANNELS > 1 else q


def slope_of_rows(p, width, inverse, tz, tx, a):
    """Add what slopes along rows add to tz, tx and a."""
    n = a.shape[0]
    before, here, after = p[:n], p[width : width + n], p[2 * width : 2 * width + n]
    for j in range(n):
        d, e = after[j] - here[j], here[j] - before[j]
        q = 0.5 * inverse * (d * d + e * e)
        tz[j] += q
        tx[j] += q
        if GEOMETRIC:
            a[j] += q


def link(s2, a, b, contrast):
    """Weight of an edge of squared slope s2 between pixels of squared slopes a and b."""
    if GEOMETRIC:
        most = 0.25 * (a if a > b else b)
        s = s2 if s2 > most else most
        g = 1.0 / np.sqrt(s if s > 1e-30 else REAL(1e-30))  # where all is flat nothing flows
    else:
        g = conductance(s2, contrast)
    return g


def weigh(p, i, q, k, t, t2, a, b, e, f, inverse, contrast, g):
    """g <- weights of the edges from p[:, i + j] to q[:, k + j]; t, a and e belong to p, t2, b and f to q."""
    n = g.shape[0]
    x, y = p[0, i : i + n], q[0, k : k + n]
    if CHANNELS > 1:
        for j in range(n):
            d = y[j] - x[j]
            g[j] = d * d
        for c in range(1, CHANNELS):
            x, y = p[c, i : i + n], q[c, k : k + n]
            for j in range(n):
                d = y[j] - x[j]
                g[j] += d * d
        for j in range(n):
            g[j] = link(g[j] * inverse + 0.5 * (t[j] + t2[j]), a[j], b[j], contrast)
    else:
        for j in range(n):
            d = y[j] - x[j]
            g[j] = link(d * d * inverse + 0.5 * (t[j] + t2[j]), a[j], b[j], contrast)
    if WEIGHTED:
        for j in range(n):
            g[j] *= 0.5 * (e[j] + f[j])


def gather(q, p, r, width, gl, gz, gy, gx, inverse, out):
    """out <- sum over the edges of g (u_j - u_i) / h^2 at the pixels of a plane, from the one after the first on."""
    n = out.shape[0]
    iz, iy, ix = inverse[0], inverse[1], inverse[2]
    here, east, west = (
        p[width : width + n],
        p[width + 1 : width + 1 + n],
        p[width - 1 : width - 1 + n],
    )
    before, after = q[width : width + n], r[width : width + n]
    if VOLUME:
        south, north = p[2 * width : 2 * width + n], p[:n]
        g, h, up, down = gx[width : width + n], gx[width - 1 :], gy[:n], gy[width : width + n]
        for j in range(n):
            o = here[j]
            x = ix * (g[j] * (east[j] - o) + h[j] * (west[j] - o))
            y = iy * (down[j] * (south[j] - o) + up[j] * (north[j] - o))
            z = iz * (gz[j] * (after[j] - o) + gl[j] * (before[j] - o))
            out[j] = x + y + z
    else:
        g, h = gx[width : width + n], gx[width - 1 :]
        for j in range(n):
            o = here[j]
            x = ix * (g[j] * (east[j] - o) + h[j] * (west[j] - o))
            z = iz * (gz[j] * (after[j] - o) + gl[j] * (before[j] - o))
            out[j] = x + z


def gain(q, p, r, width, gl, gz, gy, gx, a, tau, inverse, out):
    """out <- p + tau a times what :func:`gather` gathers, in one pass: 1.2 x."""
    n = out.shape[0]
    iz, iy, ix = inverse[0], inverse[1], inverse[2]
    here, east, west = (
        p[width : width + n],
        p[width + 1 : width + 1 + n],
        p[width - 1 : width - 1 + n],
    )
    before, after = q[width : width + n], r[width : width + n]
    south, north = p[2 * width : 2 * width + n], p[:n]
    g, h, up, down = gx[width : width + n], gx[width - 1 :], gy[:n], gy[width : width + n]
    for j in range(n):
        o = here[j]
        x = ix * (g[j] * (east[j] - o) + h[j] * (west[j] - o))
        if VOLUME:
            x = x + iy * (down[j] * (south[j] - o) + up[j] * (north[j] - o))
        x = x + iz * (gz[j] * (after[j] - o) + gl[j] * (before[j] - o))
        out[j] = o + tau * (np.sqrt(a[j]) * x if GEOMETRIC else x)


def speed(k, a, gate, width, length, fastest, rate):
    """rate <- what the curvatures k[channel] are multiplied with: the slope, and what the flow makes of it."""
    n = rate.shape[0]
    for j in range(n):
        rate[j] = np.sqrt(a[j])
    if POWER:
        # (l k)^(-2/3), at most ``fastest``
        least = 1.0 / (fastest * fastest * fastest)
        for j in range(n):
            x = k[0, j] * k[0, j]
            for c in range(1, CHANNELS):
                x += k[c, j] * k[c, j]
            x = x * length * length
            x = x if x > least else least
            root = np.sqrt(np.sqrt(x))  # x^(1/4); its cube root by Halley's method
            t = (1.0 + 2.0 * root) / (2.0 + root)
            for _ in range(4):
                t3 = t * t * t
                t = t * (t3 + 2.0 * root) / (2.0 * t3 + root)
            rate[j] = rate[j] / (root * t)
    if GATED:
        for j in range(n):
            x = k[0, j] * gate[0, width + j]
            for c in range(1, CHANNELS):
                x += k[c, j] * gate[c, width + j]
            rate[j] = rate[j] if x > 0.0 else REAL(0.0)


def prepare(w, e, z, box, inverse, contrast, planes, given, across, a, gz, gy, gx):
    """Make all that plane z + 1 adds: its pixels' slopes, and the edges of plane z and from it to that."""
    width = box[5] - box[4] + 4
    load(w, z + 2, box, planes[(z + 2) % 4])
    here, there, old, new = planes[z % 4], planes[(z + 1) % 4], z % 2, (z + 1) % 2
    n = a.shape[1]
    slopes(here, there, planes[(z + 2) % 4], inverse, width, across[new], a[new])
    if WEIGHTED or GATED:
        load(e, z + 1, box, given[new])
    p, q = given[old, 0, width : width + n], given[new, 0, width : width + n]
    weigh(
        here, width, there, width, across[old, 0], across[new, 0], a[old], a[new], p, q,
        inverse[0], contrast, gz[new],
    )  # fmt: skip
    m = n - 1
    weigh(
        here, width, here, width + 1, across[old, 2], across[old, 2, 1:], a[old], a[old, 1:],
        p, p[1:], inverse[2], contrast, gx[width : width + m],
    )  # fmt: skip
    if VOLUME:
        m = n - width
        weigh(
            here, width, here, 2 * width, across[old, 1], across[old, 1, width:], a[old],
            a[old, width:], p, p[width:], inverse[1], contrast, gy[width : width + m],
        )  # fmt: skip


def step(u, old, w, e, out, box, tau, fresh, inverse, contrast, length, fastest):
    """out[box] <- fresh (u + tau A(w) u) + (1 - fresh) old; without FROZEN w is u.

    ``inverse`` is 1 / h^2 along planes, rows and cols; ``e`` what is given at the pixels.
    """
    width = box[5] - box[4] + 4
    n = width * (box[3] - box[2] + 4 if VOLUME else 1)
    room = (n + 2 * width + 15) // 16 * 16
    planes = np.zeros((4, CHANNELS, room), REAL)
    values = np.zeros((3 if FROZEN else 0, CHANNELS, room), REAL)
    given = np.zeros((2, e.shape[0], room), REAL)
    across = np.zeros((2, 3, n), REAL)
    a = np.zeros((2, n), REAL)
    gz = np.zeros((2, n), REAL)
    gy = np.zeros(room, REAL)
    gx = np.zeros(room, REAL)
    k = np.zeros((CHANNELS, n), REAL)
    rate = np.ones(n, REAL)
    march(
        u, old, w, e, out, box, tau, fresh, inverse, contrast, length, fastest,
        planes, values, given, across, a, gz, gy, gx, k, rate,
    )  # fmt: skip


def march(
    u, old, w, e, out, box, tau, fresh, inverse, contrast, length, fastest,
    planes, values, given, across, a, gz, gy, gx, k, rate,
):  # fmt: skip
    """The loops of :func:`step`, on the arrays that it has made."""
    begin(w, e, box, inverse, planes, given, across, a)
    width, kept = box[5] - box[4] + 4, REAL(1.0) - fresh
    rim = 2 if VOLUME else 0
    if FROZEN:
        load(u, box[0] - 1, box, values[(box[0] + 2) % 3])
        load(u, box[0], box, values[box[0] % 3])
    for z in range(box[0] - 1, box[1]):
        prepare(w, e, z, box, inverse, contrast, planes, given, across, a, gz, gy, gx)
        if z < box[0]:
            continue
        now, before = (z + 1) % 2, z % 2
        if GEOMETRIC:
            if POWER or GATED:
                for c in range(CHANNELS):
                    gather(
                        planes[(z + 3) % 4, c], planes[z % 4, c], planes[(z + 1) % 4, c], width,
                        gz[before], gz[now], gy, gx, inverse, k[c],
                    )  # fmt: skip
            if FROZEN or POWER or GATED:
                speed(k, a[z % 2], given[z % 2], width, length, fastest, rate)
        if FROZEN:
            load(u, z + 1, box, values[(z + 1) % 3])
        for c in range(CHANNELS):
            if FROZEN:
                here = values[z % 3, c]
                last, following = values[(z + 2) % 3, c], values[(z + 1) % 3, c]
            else:
                here = planes[z % 4, c]
                last, following = planes[(z + 3) % 4, c], planes[(z + 1) % 4, c]
            if FROZEN:
                gather(last, here, following, width, gz[before], gz[now], gy, gx, inverse, k[c])
            for y in range(box[2], box[3]):
                first = (y - box[2] + rim) * width + 2
                row, result = old[c, z, y, box[4] : box[5]], out[c, z, y, box[4] : box[5]]
                v, change = here[width + first :], k[c, first:]
                r = rate[first:]
                if not (FROZEN or POWER or GATED):
                    gain(
                        last[first:], here[first:], following[first:], width, gz[before, first:],
                        gz[now, first:], gy[first:], gx[first:], a[z % 2, first:], tau, inverse,
                        result,
                    )  # fmt: skip
                elif FROZEN and fresh != 1.0:
                    for j in range(result.shape[0]):
                        result[j] = fresh * (v[j] + tau * (r[j] * change[j])) + kept * row[j]
                else:
                    for j in range(result.shape[0]):
                        result[j] = v[j] + tau * (r[j] * change[j])


def begin(w, e, box, inverse, planes, given, across, a):
    """Make what the first call of :func:`prepare` takes for granted: the plane before the box."""
    z = box[0] - 1
    for i in range(-1, 2):
        load(w, z + i, box, planes[(z + i) % 4])
    slopes(
        planes[(z - 1) % 4], planes[z % 4], planes[(z + 1) % 4], inverse,
        box[5] - box[4] + 4, across[z % 2], a[z % 2],
    )  # fmt: skip
    if WEIGHTED or GATED:
        load(e, z, box, given[z % 2])


def bands(w, e, upper, lower, box, axis, scale, inverse, contrast, length, fastest):
    """upper, lower[box] <- scale times the coefficients of the next and the previous pixel along axis."""
    width = box[5] - box[4] + 4
    n = width * (box[3] - box[2] + 4 if VOLUME else 1)
    room = (n + 2 * width + 15) // 16 * 16
    planes = np.zeros((4, CHANNELS, room), REAL)
    given = np.zeros((2, e.shape[0], room), REAL)
    across = np.zeros((2, 3, n), REAL)
    a = np.zeros((2, n), REAL)
    gz = np.zeros((2, n), REAL)
    gy = np.zeros(room, REAL)
    gx = np.zeros(room, REAL)
    k = np.zeros((CHANNELS, n), REAL)
    rate = np.ones(n, REAL)
    march_bands(
        w, e, upper, lower, box, axis, scale, inverse, contrast, length, fastest,
        planes, given, across, a, gz, gy, gx, k, rate,
    )  # fmt: skip


def march_bands(
    w, e, upper, lower, box, axis, scale, inverse, contrast, length, fastest,
    planes, given, across, a, gz, gy, gx, k, rate,
):  # fmt: skip
    """The loops of :func:`bands`, on the arrays that it has made."""
    begin(w, e, box, inverse, planes, given, across, a)
    width = box[5] - box[4] + 4
    rim = 2 if VOLUME else 0
    back = width if axis == 1 else 1
    factor = scale * inverse[axis]
    last = upper.shape[axis] - 1
    for z in range(box[0] - 1, box[1]):
        prepare(w, e, z, box, inverse, contrast, planes, given, across, a, gz, gy, gx)
        if z < box[0]:
            continue
        if GEOMETRIC:
            if POWER or GATED:
                for c in range(CHANNELS):
                    gather(
                        planes[(z + 3) % 4, c], planes[z % 4, c], planes[(z + 1) % 4, c], width,
                        gz[z % 2], gz[(z + 1) % 2], gy, gx, inverse, k[c],
                    )  # fmt: skip
            speed(k, a[z % 2], given[z % 2], width, length, fastest, rate)
        for y in range(box[2], box[3]):
            first = (y - box[2] + rim) * width + 2
            r = rate[first:]
            up, low = upper[z, y, box[4] : box[5]], lower[z, y, box[4] : box[5]]
            if axis == 0:
                g, h = gz[(z + 1) % 2, first:], gz[z % 2, first:]
            elif axis == 1:
                g, h = gy[width + first :], gy[width + first - back :]
            else:
                g, h = gx[width + first :], gx[width + first - back :]
            for j in range(up.shape[0]):
                up[j] = factor * r[j] * g[j]
                low[j] = factor * r[j] * h[j]
            if (axis == 0 and z == last) or (axis == 1 and y == last):
                up[:] = 0.0
            if (axis == 0 and z == 0) or (axis == 1 and y == 0):
                low[:] = 0.0
            if axis == 2 and box[4] == 0:
                low[0] = 0.0
            if axis == 2 and box[5] == last + 1:
                up[up.shape[0] - 1] = 0.0
