"""Influence functions and their derivatives in one pass over the responses: training on processors (measured: 10 x).

Sums are taken in any order: training need not be the same to the bit.
"""
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import numpy as np
from numba import njit

from divgrad.learned.influence import KNOTS

R = np.float32
T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12 = (R(t) for t in KNOTS[1:])
ZERO, ONE = R(0), R(1)


@njit(nogil=True, cache=True, error_model="numpy", fastmath=True)
def forward(z, inverse, scale, d, out):
    """out[n] <- scale[n] phi_n(inverse[n] z[n])."""
    for n in range(z.shape[0]):
        p, q, c = z[n], out[n], d[n]
        i, s = inverse[n], scale[n]
        for j in range(p.shape[0]):
            x = p[j] * i
            a = min(abs(x), T12)
            y = c[0] * a + c[1] * max(a - T1, ZERO) + c[2] * max(a - T2, ZERO)
            y += c[3] * max(a - T3, ZERO) + c[4] * max(a - T4, ZERO) + c[5] * max(a - T5, ZERO)
            y += c[6] * max(a - T6, ZERO) + c[7] * max(a - T7, ZERO) + c[8] * max(a - T8, ZERO)
            y += c[9] * max(a - T9, ZERO) + c[10] * max(a - T10, ZERO) + c[11] * max(a - T11, ZERO)
            y *= s
            q[j] = y if x > ZERO else -y


@njit(nogil=True, cache=True, error_model="numpy", fastmath=True)
def backward(z, inverse, scale, d, g, gz, ginverse, gscale, gd):
    """Gradients with respect to z, inverse, scale and d, of a loss whose gradient with respect to out is g."""
    for n in range(z.shape[0]):
        p, h, q, c = z[n], g[n], gz[n], d[n]
        i, s = inverse[n], scale[n]
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = s9 = s10 = s11 = ZERO
        si = ss = ZERO
        for j in range(p.shape[0]):
            x = p[j] * i
            b = abs(x)
            a = min(b, T12)
            up = h[j] if x > ZERO else -h[j]
            r1, r2, r3 = max(a - T1, ZERO), max(a - T2, ZERO), max(a - T3, ZERO)
            r4, r5, r6 = max(a - T4, ZERO), max(a - T5, ZERO), max(a - T6, ZERO)
            r7, r8, r9 = max(a - T7, ZERO), max(a - T8, ZERO), max(a - T9, ZERO)
            r10, r11 = max(a - T10, ZERO), max(a - T11, ZERO)
            k = c[0]
            k += c[1] if a > T1 else ZERO
            k += c[2] if a > T2 else ZERO
            k += c[3] if a > T3 else ZERO
            k += c[4] if a > T4 else ZERO
            k += c[5] if a > T5 else ZERO
            k += c[6] if a > T6 else ZERO
            k += c[7] if a > T7 else ZERO
            k += c[8] if a > T8 else ZERO
            k += c[9] if a > T9 else ZERO
            k += c[10] if a > T10 else ZERO
            k += c[11] if a > T11 else ZERO
            k = k if b < T12 else ZERO
            q[j] = h[j] * s * i * k
            si += h[j] * k * p[j]
            y = c[0] * a + c[1] * r1 + c[2] * r2 + c[3] * r3 + c[4] * r4 + c[5] * r5 + c[6] * r6
            y += c[7] * r7 + c[8] * r8 + c[9] * r9 + c[10] * r10 + c[11] * r11
            ss += up * y
            s0 += up * a
            s1 += up * r1
            s2 += up * r2
            s3 += up * r3
            s4 += up * r4
            s5 += up * r5
            s6 += up * r6
            s7 += up * r7
            s8 += up * r8
            s9 += up * r9
            s10 += up * r10
            s11 += up * r11
        ginverse[n] = si * s
        gscale[n] = ss
        o = gd[n]
        o[0], o[1], o[2], o[3], o[4], o[5] = s0 * s, s1 * s, s2 * s, s3 * s, s4 * s, s5 * s
        o[6], o[7], o[8], o[9], o[10], o[11] = s6 * s, s7 * s, s8 * s, s9 * s, s10 * s, s11 * s
