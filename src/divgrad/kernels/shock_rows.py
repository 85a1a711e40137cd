"""Differences of rows, and what sharpening makes of them: loops of one result each, which vectorise.

p, m and q are rows of three neighbouring planes, one pixel longer than the result at both ends; iz and ix are 1 /
h^2, hz and hx 1 / (2 h). For the kernel in :mod:`divgrad.kernels.shock`.
"""

from __future__ import annotations


def add(a, out, scale):
    """out <- scale (out + a)."""
    for i in range(a.shape[0]):
        row, sums = a[i], out[i]
        for j in range(row.shape[0]):
            sums[j] = scale * (sums[j] + row[j])


def bend(lo, m, hi, inverse, out):
    """out <- the second difference along an axis."""
    for j in range(out.shape[0]):
        out[j] = inverse * ((lo[j] + hi[j]) - (m[j] + m[j]))


def slope(lo, hi, half, out):
    """out <- the central difference along an axis."""
    for j in range(out.shape[0]):
        out[j] = half * (hi[j] - lo[j])


def mixed(ll, lh, hl, hh, scale, out):
    """out <- the mixed second difference along two axes, the same in all its turns."""
    for j in range(out.shape[0]):
        out[j] = scale * ((hh[j] + ll[j]) - (hl[j] + lh[j]))


def laplacian(p, m, q, iz, ix, out):
    """out <- the Laplacian in 2-D."""
    for j in range(out.shape[0]):
        two = m[j + 1] + m[j + 1]
        out[j] = iz * ((p[j + 1] + q[j + 1]) - two) + ix * ((m[j] + m[j + 2]) - two)


def total(zz, yy, xx, out):
    """out <- the Laplacian of a volume."""
    for j in range(out.shape[0]):
        out[j] = (zz[j] + yy[j]) + xx[j]


def along_gradient(p, m, q, iz, ix, hz, hx, out):
    """out <- the second derivative along the gradient in 2-D; 0 where all is flat.

    The squares of its parts are means over the pixel, ``central^2 + sum (h second / 2)^2``: where the gradient
    fades into rounding, at a peak or a saddle, no direction decides but a mean over all.
    """
    hzx = hz * hx
    for j in range(out.shape[0]):
        two = m[j + 1] + m[j + 1]
        dz, dx = (p[j + 1] + q[j + 1]) - two, (m[j] + m[j + 2]) - two
        zz, xx = iz * dz, ix * dx
        dzx = (p[j] + q[j + 2]) - (p[j + 2] + q[j])
        zx, d2 = hzx * dzx, 0.0625 * (dzx * dzx)
        z, x = hz * (q[j + 1] - p[j + 1]), hx * (m[j + 2] - m[j])
        az, ax = z * z + 0.25 * (zz * dz + iz * d2), x * x + 0.25 * (xx * dx + ix * d2)
        along, s2 = (az * zz + ax * xx) + (z * x) * (zx + zx), az + ax
        out[j] = along / s2 if s2 > 0.0 else 0.0


def along_direction(p, m, q, iz, ix, hzx, wzz, wxx, wzx, out):
    """out <- the second derivative along w in 2-D, of its projection w w^T."""
    for j in range(out.shape[0]):
        two = m[j + 1] + m[j + 1]
        zz, xx = iz * ((p[j + 1] + q[j + 1]) - two), ix * ((m[j] + m[j + 2]) - two)
        zx = hzx * ((p[j] + q[j + 2]) - (p[j + 2] + q[j]))
        out[j] = (wzz[j] * zz + wxx[j] * xx) + wzx[j] * (zx + zx)


def hard(a, least, out):
    r"""out <- the sign of a, 0 where \|a\| is rounding."""
    for j in range(out.shape[0]):
        out[j] = (1.0 if a[j] > least else 0.0) - (1.0 if a[j] < -least else 0.0)


def soft(a, least, inverse, out):
    r"""out <- the sign times 2 / pi arctan(\|a\| / softness), to 1e-7; 0 where \|a\| is rounding.

    A library's arctan is called for one pixel at a time.
    """
    for j in range(out.shape[0]):
        t = abs(a[j]) * inverse
        r = t if t < 1.0 else 1.0 / t
        y = r * r
        s = 0.024166189523168173 - 0.004668773307897328 * y
        s = -0.05936710079055843 + s * y
        s = 0.0990609689616436 + s * y
        s = -0.14016585042123736 + s * y
        s = 0.19969235394806145 + s * y
        s = -0.3333195972432519 + s * y
        s = 0.6366197723675814 * (r * (0.9999998977538576 + s * y))
        s = s if t < 1.0 else 1.0 - s
        out[j] = (s if a[j] > least else 0.0) - (s if a[j] < -least else 0.0)


def fade(signs, share):
    """signs <- (1 - share) signs."""
    for j in range(signs.shape[0]):
        signs[j] = (1.0 - share[j]) * signs[j]


def flow(lap, share, tau, out):
    """out <- out + tau share lap."""
    for j in range(out.shape[0]):
        out[j] += tau * (share[j] * lap[j])


def glide(p, m, q, iz, ix, hz, hx, tau, out):
    """out <- out + tau u_tt in 2-D, what of the Laplacian is not along the gradient: see :func:`along_gradient`."""
    hzx = hz * hx
    for j in range(out.shape[0]):
        two = m[j + 1] + m[j + 1]
        dz, dx = (p[j + 1] + q[j + 1]) - two, (m[j] + m[j + 2]) - two
        zz, xx = iz * dz, ix * dx
        dzx = (p[j] + q[j + 2]) - (p[j + 2] + q[j])
        zx, d2 = hzx * dzx, 0.0625 * (dzx * dzx)
        z, x = hz * (q[j + 1] - p[j + 1]), hx * (m[j + 2] - m[j])
        az, ax = z * z + 0.25 * (zz * dz + iz * d2), x * x + 0.25 * (xx * dx + ix * d2)
        across, s2 = (ax * zz + az * xx) - (z * x) * (zx + zx), az + ax
        out[j] += tau * (across / s2 if s2 > 0.0 else 0.0)


def volume_glide(lap, normal, tau, out):
    """out <- out + tau u_tt in a volume: what of the Laplacian is not along the gradient."""
    for j in range(out.shape[0]):
        out[j] += tau * (lap[j] - normal[j])


def hold(p, m, q, out):
    """out <- out, held within the range of the pixel and its neighbours in 2-D.

    The mixed difference has a negative weight, with which alone a step could leave that range.
    """
    for j in range(out.shape[0]):
        a = b = m[j + 1]
        for k in range(3):
            x, y, w = p[j + k], m[j + k], q[j + k]
            low, high = (x if x < y else y), (x if x > y else y)
            low, high = (w if w < low else low), (w if w > high else high)
            a, b = (low if low < a else a), (high if high > b else b)
        value = a if out[j] < a else out[j]
        out[j] = b if value > b else value


def begin(m, lo, hi):
    """lo and hi <- the pixel."""
    for j in range(lo.shape[0]):
        lo[j] = m[j + 1]
        hi[j] = m[j + 1]


def widen(p, m, q, lo, hi):
    """lo and hi <- the least and the largest also of nine neighbours."""
    for j in range(lo.shape[0]):
        a, b = lo[j], hi[j]
        for k in range(3):
            x, y, w = p[j + k], m[j + k], q[j + k]
            low, high = (x if x < y else y), (x if x > y else y)
            low, high = (w if w < low else low), (w if w > high else high)
            a, b = (low if low < a else a), (high if high > b else b)
        lo[j] = a
        hi[j] = b


def clip(lo, hi, out):
    """out <- out, held between lo and hi."""
    for j in range(out.shape[0]):
        value = lo[j] if out[j] < lo[j] else out[j]
        out[j] = hi[j] if value > hi[j] else value
