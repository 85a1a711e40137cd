"""D = sum w e e' in volumes, with whole offsets e and weights w >= 0: Selling's decomposition.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. Selling's
algorithm makes a superbase of the grid obtuse for D (no two of its vectors have b' D c > 0); six offsets and weights
follow.
"""

from __future__ import annotations

import numpy as np

__all__ = ["decompose"]

REAL = np.float32


def selling(d, rounding, base, pairs, offsets, weights):
    """offsets, weights <- Selling's six for D; d = its products zz, yy, xx, zy, zx, yx, base is scratch (4, 3)."""
    for i in range(4):
        for j in range(3):
            base[i, j] = -1.0 if i == 3 else (1.0 if i == j else 0.0)
    # Products of the base: 01, 02, 03, 12, 13, 23.
    p01, p02, p12 = d[3], d[4], d[5]
    p03, p13, p23 = -(d[0] + p01 + p02), -(d[1] + p01 + p12), -(d[2] + p02 + p12)
    allowed = rounding * (d[0] + d[1] + d[2])
    for _ in range(256):
        best, largest = -1, allowed
        if p01 > largest:
            best, largest = 0, p01
        if p02 > largest:
            best, largest = 1, p02
        if p03 > largest:
            best, largest = 2, p03
        if p12 > largest:
            best, largest = 3, p12
        if p13 > largest:
            best, largest = 4, p13
        if p23 > largest:
            best, largest = 5, p23
        if best < 0:
            break
        i, j, k, n = pairs[best, 0], pairs[best, 1], pairs[best, 2], pairs[best, 3]
        for m in range(3):
            base[k, m] += base[i, m]
            base[n, m] += base[i, m]
            base[i, m] = -base[i, m]
        p01 = product(d, base, 0, 1)
        p02 = product(d, base, 0, 2)
        p03 = product(d, base, 0, 3)
        p12 = product(d, base, 1, 2)
        p13 = product(d, base, 1, 3)
        p23 = product(d, base, 2, 3)
    weights[0], weights[1], weights[2] = -p01, -p02, -p03
    weights[3], weights[4], weights[5] = -p12, -p13, -p23
    for m in range(6):
        weights[m] = weights[m] if weights[m] > 0.0 else REAL(0.0)
        k, n = pairs[m, 2], pairs[m, 3]
        offsets[m, 0] = int(base[k, 1] * base[n, 2] - base[k, 2] * base[n, 1])
        offsets[m, 1] = int(base[k, 2] * base[n, 0] - base[k, 0] * base[n, 2])
        offsets[m, 2] = int(base[k, 0] * base[n, 1] - base[k, 1] * base[n, 0])


def product(d, base, i, j):
    """Return b_i' D b_j."""
    z, y, x = base[j, 0], base[j, 1], base[j, 2]
    return (
        base[i, 0] * (d[0] * z + d[3] * y + d[4] * x)
        + base[i, 1] * (d[3] * z + d[1] * y + d[5] * x)
        + base[i, 2] * (d[4] * z + d[5] * y + d[2] * x)
    )


def decompose(tensor, scale, least, rounding, index, weights, codes, box):
    """weights[k], codes[k] <- decomposition of D at every pixel of the box; codes are rows of the table of offsets.

    ``tensor`` holds zz, yy, xx, zy, zx, yx; ``scale`` the products of 1 / h for the
    same. ``index[dz, dy, dx]``, counted from -reach, is an offset's code. Where an offset leaves the table D is made
    rounder, by multiples of ``least`` of its trace, until none does. Two vectors count as obtuse up to ``rounding``.
    """
    pairs = np.array(
        [[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2], [1, 2, 0, 3], [1, 3, 0, 2], [2, 3, 0, 1]]
    )
    offsets = np.zeros((6, 3), np.int64)
    base = np.zeros((4, 3), REAL)
    found = np.zeros(6, REAL)
    d = np.zeros((2, 6), REAL)
    decompose_all(
        tensor, scale, least, rounding, index, weights, codes, box, pairs, offsets, base, found, d
    )


def decompose_all(
    tensor, scale, least, rounding, index, weights, codes, box, pairs, offsets, base, found, d
):
    """The loops of :func:`decompose`, on the arrays that it has made."""
    rz, ry, rx = index.shape[0] // 2, index.shape[1] // 2, index.shape[2] // 2
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            for x in range(box[4], box[5]):
                top = REAL(0.0)
                for m in range(6):
                    d[0, m] = tensor[m, z, y, x]
                    top = top + d[0, m] if m < 3 else top
                rounder = REAL(0.0)
                inside = False
                while not inside:
                    for m in range(6):
                        more = rounder * top if m < 3 else REAL(0.0)
                        d[1, m] = (d[0, m] + more) * scale[m]
                    selling(d[1], rounding, base, pairs, offsets, found)
                    inside = True
                    for k in range(6):
                        if found[k] > 0.0 and (
                            abs(offsets[k, 0]) > rz
                            or abs(offsets[k, 1]) > ry
                            or abs(offsets[k, 2]) > rx
                        ):
                            inside = False
                    rounder = rounder * 2.0 if rounder > 0.0 else least
                for k in range(6):
                    weights[k, z, y, x] = found[k]
                    codes[k, z, y, x] = -1
                    if found[k] > 0.0:
                        codes[k, z, y, x] = index[
                            offsets[k, 0] + rz, offsets[k, 1] + ry, offsets[k, 2] + rx
                        ]
