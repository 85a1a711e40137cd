"""How differently grey values are distributed in the two halves of a disc. Plain Python, compiled by
:mod:`divgrad.kernels.specialise`.

A disc is cut into 2 n sectors, and one histogram made of each; the halves for the next orientation lose one
sector to each other, so that n orientations cost one look at the disc. Histograms are updated by whole rows of bins,
which vectorise; a pixel adds the soft row of its level.
"""  # noqa: D205

from __future__ import annotations

import numpy as np

__all__ = ["differences"]

REAL = np.float32
BINS = 24
LANES = 8


def fill(codes, table, y, x, rows, cols, sectors, weights, histograms):
    """histograms[sector] <- the soft histogram of the sector's pixels around (y, x)."""
    for s in range(histograms.shape[0]):
        for j in range(BINS):
            histograms[s, j] = 0.0
    for k in range(rows.shape[0]):
        row = table[codes[y + rows[k], x + cols[k]]]
        sector = histograms[sectors[k]]
        weight = weights[k]
        for j in range(BINS):
            sector[j] += weight * row[j]


def distance(a, b, share, lanes):
    """Return sum (a - b)^2 / (a + b) of two histograms; lanes are summed side by side, in a fixed order."""
    for i in range(LANES):
        lanes[i] = 0.0
    for j in range(0, BINS, LANES):
        for i in range(LANES):
            p, q = a[j + i], b[j + i]
            lanes[i] += (p - q) * (p - q) / (p + q + REAL(1e-9))
    total = REAL(0.0)
    for i in range(LANES):
        total += lanes[i]
    return share * total


def differences(codes, table, rows, cols, sectors, weights, scale, first, last, out):
    """out[n, first:last] += scale chi^2 of the two halves; offsets count from the corner of a padded image."""
    count = out.shape[0]
    histograms = np.empty((2 * count, BINS), REAL)
    one, other = np.empty(BINS, REAL), np.empty(BINS, REAL)
    lanes = np.empty(LANES, REAL)
    for y in range(first, last):
        for x in range(out.shape[2]):
            fill(codes, table, y, x, rows, cols, sectors, weights, histograms)
            for j in range(BINS):
                one[j] = 0.0
                other[j] = 0.0
            for s in range(count):
                for j in range(BINS):
                    one[j] += histograms[s, j]
                    other[j] += histograms[s + count, j]
            for s in range(count):
                out[s, y, x] += distance(one, other, scale, lanes)
                for j in range(BINS):
                    change = histograms[s + count, j] - histograms[s, j]
                    one[j] += change
                    other[j] -= change
