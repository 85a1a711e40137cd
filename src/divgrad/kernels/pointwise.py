"""A function of the grey value at every pixel. Plain Python, compiled by :mod:`divgrad.kernels.specialise`."""

from __future__ import annotations

import numpy as np

from divgrad.conductances import constant as conductance

__all__ = ["of_mean"]

REAL = np.float32


def add(p, out):
    """out += p."""
    for j in range(out.shape[0]):
        out[j] += p[j]


def apply(share, parameter, out):
    """out <- the function of share times out."""
    for j in range(out.shape[0]):
        out[j] = conductance(out[j] * share, parameter)


def of_mean(u, out, box, share, parameter):
    """out[0][box] <- the function of the channels' mean; share = 1 / channels."""
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            result = out[0, z, y, box[4] : box[5]]
            result[:] = 0.0
            for c in range(u.shape[0]):
                add(u[c, z, y, box[4] : box[5]], result)
            apply(share, parameter, result)
