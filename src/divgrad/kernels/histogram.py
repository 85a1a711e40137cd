"""Histograms, and grey values drawn to their ranks. Plain Python, compiled by :mod:`divgrad.kernels.specialise`."""

from __future__ import annotations

import numpy as np

__all__ = ["count", "draw"]

REAL = np.float32
BINS = 4096


def count(u, out, least, most, box, low, scale):
    """out, least, most[channel, i] <- with the number and range of the box's pixels from low + i / scale on."""
    for c in range(u.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                row = u[c, z, y, box[4] : box[5]]
                tally(row, low[c], scale[c], out[c], least[c], most[c])


def tally(row, low, scale, out, least, most):
    """Count the pixels of a row."""
    top = np.int32(BINS - 1)
    for j in range(row.shape[0]):
        p = row[j]
        i = min(max(np.int32((p - low) * scale), np.int32(0)), top)
        out[i] += 1
        least[i] = p if p < least[i] else least[i]
        most[i] = p if p > most[i] else most[i]


def draw(u, first, rise, least, out, box, low, scale, part):
    """out[box] <- u + part (goal - u); in bin i the goal is first[i] + rise[i] (u - least[i])."""
    for c in range(u.shape[0]):
        for z in range(box[0], box[1]):
            for y in range(box[2], box[3]):
                p, result = u[c, z, y, box[4] : box[5]], out[c, z, y, box[4] : box[5]]
                look_up(p, first[c], rise[c], least[c], low[c], scale[c], part, result)


def look_up(p, first, rise, least, low, scale, part, out):
    """The loop of :func:`draw` over one row."""
    top = np.int32(BINS - 1)
    for j in range(p.shape[0]):
        i = min(max(np.int32((p[j] - low) * scale), np.int32(0)), top)
        goal = first[i] + rise[i] * (p[j] - least[i])
        out[j] = p[j] + part * (goal - p[j])
