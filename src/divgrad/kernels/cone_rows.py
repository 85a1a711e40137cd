"""Rows of tensors -> rows of weights along whole offsets: loops of :mod:`divgrad.kernels.stencil`.

One tensor in eight, with zz >= xx and zx >= 0, stands for all: the others are its mirror images.
"""

from __future__ import annotations


def mirrored(zz, xx, zx, scale, out, keep, positive, negative):
    """out <- D with zx >= 0 and, where the scales agree, zz >= xx; keep and positive: whether it was so, 1 or 0.

    Here loops write to one or two rows and read before they choose: else compilers do not vectorise.
    """
    square = scale[0] == scale[1]
    a, c, b = out[0], out[1], out[2]
    for j in range(keep.shape[0]):
        x, y = zz[j], xx[j]
        lower = square and x < y
        keep[j] = 0.0 if lower else 1.0
        a[j] = y if lower else x
    for j in range(keep.shape[0]):
        x, y = zz[j], xx[j]
        c[j] = x if square and x < y else y
    for j in range(keep.shape[0]):
        x = zx[j]
        positive[j] = 1.0 if x >= 0.0 else 0.0
        b[j] = x if x >= 0.0 else -x
    for j in range(keep.shape[0]):
        negative[j] = 1.0 - positive[j]


def selling(rows, factors, parts, least, weights):
    """weights[d, j] <- Selling's decomposition of a row of tensors: see :class:`divgrad.kernels.directions.Directions`.

    All parts of the cone are tried for all pixels, which vectorises; to search the part of each pixel took 8 x as long.
    """
    a, c, b = rows[0], rows[1], rows[2]
    for n in range(parts.shape[0]):
        first, second, third = weights[parts[n, 0]], weights[parts[n, 1]], weights[parts[n, 2]]
        fa, fc, fb = factors[n, 0, 0], factors[n, 0, 1], factors[n, 0, 2]
        ga, gc, gb = factors[n, 1, 0], factors[n, 1, 1], factors[n, 1, 2]
        ha, hc, hb = factors[n, 2, 0], factors[n, 2, 1], factors[n, 2, 2]
        most, low, under = least[n, 0], least[n, 1], least[n, 2]
        for j in range(a.shape[0]):
            x = (fa * a[j] + fc * c[j]) + fb * b[j]
            y = (ga * a[j] + gc * c[j]) + gb * b[j]
            z = (ha * a[j] + hc * c[j]) + hb * b[j]
            share = 1.0 if x > most else 0.0
            share = share if y >= low else 0.0
            share = share if z >= under else 0.0
            first[j] += share * (x if x > 0.0 else 0.0)
            second[j] += share * (y if y > 0.0 else 0.0)
            third[j] += share * (z if z > 0.0 else 0.0)


def unfold(images, d, weights, keep, positive, negative, out):
    """out <- the weights of offset d, of those of the mirrored tensors; of zx > 0, < 0, or of any."""
    sign = images[d, 2]
    p, q = weights[images[d, 0]], weights[images[d, 1]]  # -1: the last, zeros
    if sign == 0:
        for j in range(out.shape[0]):
            x, y = p[j], q[j]
            out[j] = x if keep[j] > 0.0 else y
    else:
        share = positive if sign > 0 else negative
        for j in range(out.shape[0]):
            x, y = p[j], q[j]
            out[j] = share[j] * (x if keep[j] > 0.0 else y)


def scaled(x, scale, out):
    """out <- scale x."""
    for j in range(out.shape[0]):
        out[j] = scale * x[j]


def gained(x, more, n):
    """x += more n."""
    for j in range(x.shape[0]):
        x[j] += more[j] * n[j]


def clear(out):
    """out <- 0."""
    for j in range(out.shape[0]):
        out[j] = 0.0


def mean(p, q, out, total):
    """out <- half of p + q, added to total too."""
    for j in range(out.shape[0]):
        x = 0.5 * (p[j] + q[j])
        out[j] = x
        total[j] += x


def add_mean(p, q, total):
    """total += half of p + q."""
    for j in range(total.shape[0]):
        total[j] += 0.5 * (p[j] + q[j])
