"""Filters over a tile of an image that lies in the cache: rows one after the other, PITCH numbers apart.

What is above, below, left and right of a pixel lies at distances that the compiler knows, so that a loop goes over
all rows of a tile at once and reads as many neighbours as it likes: over separate rows compilers give up to
vectorise beyond eight. Numbers at the ends of rows are nobody's; they reach no farther than a filter does.
"""

from __future__ import annotations

PITCH = 304


def down(x, a, b, w, out):
    """out[a:b] <- x filtered from row to row by the weights w, centre first: 1 + 6 n or 5 + 6 n."""
    reach = w.shape[0] - 1
    k = reach % 6
    o, p = out[a:b], x[a - k * PITCH : b + k * PITCH]
    if k == 4:
        four_down(p, w[0], w[1], w[2], w[3], w[4], o)
    else:
        none(p, w[0], o)
    while k < reach:
        p, q = (
            x[a - (k + 6) * PITCH : b - (k + 1) * PITCH],
            x[a + (k + 1) * PITCH : b + (k + 6) * PITCH],
        )
        six_down(p, q, w[k + 1], w[k + 2], w[k + 3], w[k + 4], w[k + 5], w[k + 6], o)
        k += 6


def along(x, a, b, w, out):
    """out[a:b] <- x filtered from col to col by the weights w, centre first: 1 + 6 n or 5 + 6 n."""
    reach = w.shape[0] - 1
    k = reach % 6
    o, p = out[a:b], x[a - k : b + k]
    if k == 4:
        four_along(p, w[0], w[1], w[2], w[3], w[4], o)
    else:
        none(p, w[0], o)
    while k < reach:
        p, q = x[a - (k + 6) : b - k - 1], x[a + k + 1 : b + k + 6]
        six_along(p, q, w[k + 1], w[k + 2], w[k + 3], w[k + 4], w[k + 5], w[k + 6], o)
        k += 6


def none(x, w0, out):
    """out <- w0 x."""
    for j in range(out.shape[0]):
        out[j] = w0 * x[j]


def four_down(x, w0, w1, w2, w3, w4, out):
    """out <- the sum over four pairs of rows and what is between them."""
    for j in range(out.shape[0]):
        y = w0 * x[j + 4 * PITCH] + w1 * (x[j + 3 * PITCH] + x[j + 5 * PITCH])
        y = y + w2 * (x[j + 2 * PITCH] + x[j + 6 * PITCH])
        y = y + w3 * (x[j + PITCH] + x[j + 7 * PITCH])
        out[j] = y + w4 * (x[j] + x[j + 8 * PITCH])


def six_down(p, q, w0, w1, w2, w3, w4, w5, out):
    """out += six pairs of rows."""
    for j in range(out.shape[0]):
        x = out[j] + w0 * (p[j + 5 * PITCH] + q[j])
        x = x + w1 * (p[j + 4 * PITCH] + q[j + PITCH])
        x = x + w2 * (p[j + 3 * PITCH] + q[j + 2 * PITCH])
        x = x + w3 * (p[j + 2 * PITCH] + q[j + 3 * PITCH])
        x = x + w4 * (p[j + PITCH] + q[j + 4 * PITCH])
        out[j] = x + w5 * (p[j] + q[j + 5 * PITCH])


def four_along(x, w0, w1, w2, w3, w4, out):
    """out <- the sum over four pairs of cols and what is between them."""
    for j in range(out.shape[0]):
        y = w0 * x[j + 4] + w1 * (x[j + 3] + x[j + 5])
        y = y + w2 * (x[j + 2] + x[j + 6])
        y = y + w3 * (x[j + 1] + x[j + 7])
        out[j] = y + w4 * (x[j] + x[j + 8])


def six_along(p, q, w0, w1, w2, w3, w4, w5, out):
    """out += six pairs of cols."""
    for j in range(out.shape[0]):
        x = out[j] + w0 * (p[j + 5] + q[j])
        x = x + w1 * (p[j + 4] + q[j + 1])
        x = x + w2 * (p[j + 3] + q[j + 2])
        x = x + w3 * (p[j + 2] + q[j + 3])
        x = x + w4 * (p[j + 1] + q[j + 4])
        out[j] = x + w5 * (p[j] + q[j + 5])


def accumulate(u, kept, scale, out):
    """out <- scale (kept out + u)."""
    for j in range(out.shape[0]):
        out[j] = scale * (kept * out[j] + u[j])


def products(g, a, b, hz, hx, kept, zz, xx, zx):
    """zz, xx, zx <- products of the central differences of g; kept = 1 adds them to those of other channels."""
    x = g[a - PITCH : b + PITCH]
    p, q, r = zz[a:b], xx[a:b], zx[a:b]
    for j in range(p.shape[0]):
        s = (x[j + 2 * PITCH] - x[j]) * hz
        t = (x[j + PITCH + 1] - x[j + PITCH - 1]) * hx
        p[j] = kept * p[j] + s * s
        q[j] = kept * q[j] + t * t
        r[j] = kept * r[j] + s * t


def repeat(zx, y0, x0, rows, cols, height, width):
    """Give what was made of mirrored pixels the sign of those that they mirror: zx changes it with each axis."""
    for i in range(rows):
        if ((y0 + i) // height) % 2 != 0:
            row = zx[i * PITCH : i * PITCH + cols]
            for j in range(cols):
                row[j] = -row[j]
    for j in range(cols):
        if ((x0 + j) // width) % 2 != 0:
            for i in range(rows):
                zx[i * PITCH + j] = -zx[i * PITCH + j]
