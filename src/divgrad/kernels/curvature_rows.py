"""Rows of curvature flows: loops of one result each, which vectorise.

For the kernels in :mod:`divgrad.kernels.curvature` and :mod:`divgrad.kernels.resolvent`.
"""

from __future__ import annotations

import numpy as np


def slopes_along(p, a, b, e, f, ia, ie, more, t):
    """t <- mean squared slopes along the axis with neighbours a and b, and that with e and f."""
    for j in range(a.shape[0]):
        o = p[j]
        d, g = b[j] - o, o - a[j]
        x, y = f[j] - o, o - e[j]
        s = 0.5 * (ia * (d * d + g * g) + ie * (x * x + y * y))
        t[j] = t[j] + s if more else s


def flat_slopes(q, p, r, iz, ix, more, tz, tx):
    """tz, tx <- mean squared slopes along cols and along planes, in 2-D; p begins one pixel before."""
    hz, hx = 0.5 * iz, 0.5 * ix
    for j in range(q.shape[0]):
        o = p[j + 1]
        d, e = p[j + 2] - o, o - p[j]
        x = hx * (d * d + e * e)
        d, e = r[j] - o, o - q[j]
        z = hz * (d * d + e * e)
        tz[j] = tz[j] + x if more else x
        tx[j] = tx[j] + z if more else z


def multiply(e, i, f, k, g):
    """g <- g times the mean of e[i + j] and f[k + j]."""
    n = g.shape[0]
    x, y = e[i : i + n], f[k : k + n]
    for j in range(n):
        g[j] *= 0.5 * (x[j] + y[j])


def project(k, e, out):
    """out <- sum over the channels of k e."""
    for c in range(k.shape[0]):
        p, q = k[c], e[c]
        for j in range(out.shape[0]):
            x = p[j] * q[j]
            out[j] = out[j] + x if c > 0 else x


def slow(k, length, fastest, top, part, rate):
    """rate <- rate times ``(l k)^(-2/3)``, at most ``fastest``: affine curvature.

    ``top`` is the largest curvature that there can be, ``part`` room for the curvature as a part of it. By Newton's
    iteration for x^(-1/3), which needs no divisions.
    """
    project(k, k, part)
    scale, least = 1.0 / top, 1.0 / (fastest * np.sqrt(fastest) * length * top)
    factor = 1.0 / np.cbrt(length * top * length * top)
    for j in range(rate.shape[0]):
        x = np.sqrt(part[j]) * scale
        x = x if x > least else least  # within 0 and 1
        w = 0.5 if x > 0.015 else (0.125 if x > 0.00025 else 0.03125)  # near x^(1/3)
        w3 = w * w * w
        g = (2.0 * w3 + x) / (w * (w3 + 2.0 * x))
        for _ in range(4):
            g = g * (1.3333333333333333 - 0.3333333333333333 * (x * (g * g * g)))
        rate[j] *= factor * (g * g)


def hold(k, e, part, rate):
    """rate <- 0 where the curvatures k[channel] have not the sign of e[channel]."""
    project(k, e, part)
    for j in range(rate.shape[0]):
        rate[j] = rate[j] if part[j] > 0.0 else 0.0


def add(p, first, tau, rate, k, out):
    """out <- p + tau rate k."""
    for j in range(out.shape[0]):
        out[j] = p[first + j] + tau * (rate[j] * k[j])


def share(a, factor, out):
    """out <- factor a."""
    for j in range(out.shape[0]):
        out[j] = factor * a[j]
