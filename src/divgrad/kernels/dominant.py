"""The dominant direction of a structure tensor at every pixel, as its projection w w'.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.structure`. A projection
has no sign and no seams, as w itself has. Where the tensor prefers no direction it turns smoothly into the mean
of all projections, I / N: what is made of it depends on no rounding there.

In images the projection follows from the double angle; in volumes it is the 64th power of the tensor, made by six
squarings, of trace 1: without trigonometry, without cases, in loops that vectorise.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["project"]

REAL = np.float32
VOLUME = False
SQUARINGS = 6


def project(tensors, box):
    """tensors[part][box] <- the projection to the direction of their largest eigenvalue."""
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            zz, second, third = tensors[0, z, y], tensors[1, z, y], tensors[2, z, y]
            if VOLUME:
                zy, zx, yx = tensors[3, z, y], tensors[4, z, y], tensors[5, z, y]
                in_volume(zz, second, third, zy, zx, yx)
            else:
                in_image(zz, second, third)


def in_image(zz, xx, zx):
    """A row of images; a coherence (m1 - m2) / (m1 + m2) below 1/32 is hardly a direction."""
    for j in range(zz.shape[0]):
        along, across = zz[j] - xx[j], zx[j] + zx[j]
        none = 0.03125 * (zz[j] + xx[j])
        radius = math.sqrt((along * along + across * across) + none * none)
        share = REAL(0.5) / radius if radius > 0.0 else 0.0
        zz[j] = 0.5 + share * along
        xx[j] = 0.5 - share * along
        zx[j] = share * across


def in_volume(zz, yy, xx, zy, zx, yx):
    """A row of volumes."""
    normalise(zz, yy, xx, zy, zx, yx)
    for _ in range(SQUARINGS):
        square(zz, yy, xx, zy, zx, yx)
        normalise(zz, yy, xx, zy, zx, yx)


def square(zz, yy, xx, zy, zx, yx):
    """Multiply a matrix by itself."""
    for j in range(zz.shape[0]):
        a, b, c, e, f, g = zz[j], yy[j], xx[j], zy[j], zx[j], yx[j]
        zz[j] = a * a + (e * e + f * f)
        yy[j] = b * b + (e * e + g * g)
        xx[j] = c * c + (f * f + g * g)
        zy[j] = e * (a + b) + f * g
        zx[j] = f * (a + c) + e * g
        yx[j] = g * (b + c) + e * f


def normalise(zz, yy, xx, zy, zx, yx):
    """Divide a matrix by its trace; without one it becomes I / 3."""
    for j in range(zz.shape[0]):
        trace = zz[j] + (yy[j] + xx[j])
        scale = REAL(1.0) / trace if trace > 0.0 else 0.0
        rest = 0.0 if trace > 0.0 else 0.3333333333333333
        zz[j] = scale * zz[j] + rest
        yy[j] = scale * yy[j] + rest
        xx[j] = scale * xx[j] + rest
        zy[j] *= scale
        zx[j] *= scale
        yx[j] *= scale
