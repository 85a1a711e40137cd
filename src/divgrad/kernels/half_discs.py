"""How differently grey values are distributed in the two halves of a disc. Plain Python, compiled by
:mod:`divgrad.kernels.specialise`.

A disc is cut into 2 n sectors, and one histogram made of each; the halves for the next orientation lose one
sector to each other, so that n orientations cost one look at the disc. Bin follows bin: what the pixels of a run of
a row have in one bin of every sector stays in the first-level cache, and all loops go along the run. Measured
against histograms of one pixel after the other: 6 x faster.
"""  # noqa: D205

from __future__ import annotations

import numpy as np

__all__ = ["differences"]

REAL = np.float32
BINS = 24
RUN = 128  # pixels of a row


def spread(codes, table, y, left, levels):
    """levels[bin, slot of row y] <- how much of each pixel of codes[y, left:] is in the bin."""
    row = codes[y, left : left + levels.shape[2]]
    slot = y % levels.shape[1]
    for j in range(BINS):
        share, shares = levels[j, slot], table[j]
        for i in range(row.shape[0]):
            share[i] = shares[row[i]]


def collect(level, y, rows, cols, sectors, weights, sums):
    """sums[sector] <- the weighted sum of one bin over the sector's pixels, for every pixel of a run in row y."""
    count = sums.shape[1]
    for s in range(sums.shape[0]):
        total = sums[s]
        for i in range(count):
            total[i] = 0.0
    for k in range(rows.shape[0]):
        share = level[(y + rows[k]) % level.shape[0], cols[k] : cols[k] + count]
        total, weight = sums[sectors[k]], weights[k]
        for i in range(count):
            total[i] += weight * share[i]


def compare(sums, one, other, totals):
    """totals[n] += (p - q)^2 / (p + q), p and q one bin of the two halves of orientation n."""
    for i in range(one.shape[0]):
        one[i] = 0.0
        other[i] = 0.0
    half = totals.shape[0]
    for s in range(half):
        here, there = sums[s], sums[s + half]
        for i in range(one.shape[0]):
            one[i] += here[i]
            other[i] += there[i]
    for s in range(half):
        here, there, total = sums[s], sums[s + half], totals[s]
        for i in range(one.shape[0]):
            p, q = one[i], other[i]
            total[i] += (p - q) * (p - q) / (p + q + REAL(1e-9))
            change = there[i] - here[i]
            one[i] = p + change
            other[i] = q - change


def differences(codes, table, rows, cols, sectors, weights, scale, first, last, out):
    """out[n, first:last] += scale chi^2 of the two halves; offsets count from the corner of a padded image."""
    half = out.shape[0]
    high, wide = codes.shape[0] - out.shape[1] + 1, codes.shape[1] - out.shape[2]
    for left in range(0, out.shape[2], RUN):
        count = min(RUN, out.shape[2] - left)
        levels = np.empty((BINS, high, count + wide), REAL)
        sums, totals = np.empty((2 * half, count), REAL), np.empty((half, count), REAL)
        one, other = np.empty(count, REAL), np.empty(count, REAL)
        for y in range(first, first + high - 1):
            spread(codes, table, y, left, levels)
        for y in range(first, last):
            spread(codes, table, y + high - 1, left, levels)
            for s in range(half):
                for i in range(count):
                    totals[s, i] = 0.0
            for j in range(BINS):
                collect(levels[j], y, rows, cols, sectors, weights, sums)
                compare(sums, one, other, totals)
            for s in range(half):
                for i in range(count):
                    out[s, y, left + i] += scale * totals[s, i]
