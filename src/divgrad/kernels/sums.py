"""Moments of two images, plane by plane. Plain Python, compiled by :mod:`divgrad.kernels.specialise`."""

from __future__ import annotations

import numpy as np

__all__ = ["plane_moments"]

REAL = np.float32


def row_moments(p, q, lanes):
    """lanes[k] += sums of p, q, p p, q q, p q, (p - q)^2 over every 16th pixel; the rest goes to the first lanes."""
    whole = p.shape[0] // 16 * 16
    for j in range(0, whole, 16):
        for n in range(16):
            a, b = np.float64(p[j + n]), np.float64(q[j + n])
            lanes[0, n] += a
            lanes[1, n] += b
            lanes[2, n] += a * a
            lanes[3, n] += b * b
            lanes[4, n] += a * b
            lanes[5, n] += (a - b) * (a - b)
    for j in range(whole, p.shape[0]):
        a, b = np.float64(p[j]), np.float64(q[j])
        n = j - whole
        lanes[0, n] += a
        lanes[1, n] += b
        lanes[2, n] += a * a
        lanes[3, n] += b * b
        lanes[4, n] += a * b
        lanes[5, n] += (a - b) * (a - b)


def plane_moments(u, v, out, box):
    """out[channel, plane] <- the six sums of each plane in the box."""
    for c in range(u.shape[0]):
        for z in range(box[0], box[1]):
            lanes = np.zeros((6, 16), np.float64)
            for y in range(u.shape[2]):
                row_moments(u[c, z, y], v[c, z, y], lanes)
            for k in range(6):
                total = np.float64(0)
                for n in range(16):
                    total += lanes[k, n]
                out[c, z, k] = total
