"""Calls of the kernels of higher-order, osmotic, reacting and equalising flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.testing.trial import Trial

INVERSE = (1.0, 0.25, 1.7)


def _boxes(rows: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the whole and a part of 5 planes of 6 cols."""
    return (0, 5, 0, rows, 0, 6), (1, 3, 0, max(1, rows - 2), 0, 6)


def laplacian_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.laplacian`."""
    rng = np.random.default_rng(7)
    real, inverse = dtype.type, np.array(INVERSE, dtype)
    for channels, volume, nodes in (
        ((1, False, False), (2, True, True))
        if dtype.itemsize == 4
        else ((1, True, False), (1, False, True))
    ):
        rows = 4 if volume else 1
        u, old = (rng.random((channels, 5, rows, 6)).astype(dtype) for _ in range(2))
        c = rng.random((1, 5, rows, 6)).astype(dtype)
        switches = {"CHANNELS": channels, "VOLUME": volume, "NODES": nodes}
        for box in _boxes(rows):
            numbers = (real(0.02), real(1.4), real(3.0))
            arguments = (u, old, c, np.zeros_like(u), box, *numbers, inverse)
            yield Trial("fourth", arguments, switches, not nodes)
            inputs = (u, np.zeros_like(c), box, real(3.0), inverse)
            yield Trial("coefficients", inputs, switches, True)


def osmosis_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.osmosis`."""
    rng = np.random.default_rng(8)
    real, inverse = dtype.type, np.array(INVERSE, dtype)
    for channels, guides, volume in (
        ((1, 1, False), (2, 1, True)) if dtype.itemsize == 4 else ((1, 1, True), (2, 2, False))
    ):
        rows = 4 if volume else 1
        u, old = (rng.random((channels, 5, rows, 6)).astype(dtype) for _ in range(2))
        v = rng.random((guides, 5, rows, 6)).astype(dtype)
        v[0, 2] = 0.0
        mask = (rng.random((1, 5, rows, 6)) > 0.6).astype(dtype)
        d = [(rng.random(v.shape) - 0.5).astype(dtype) for _ in range(3)]
        switches = {"CHANNELS": channels, "GUIDES": guides, "VOLUME": volume}
        for box in _boxes(rows):
            for axis in range(3):
                yield Trial("drift", (v, mask, np.zeros_like(v), box, axis), switches)
            yield Trial("fastest", (*d, np.zeros((guides, 5, rows), dtype), box, inverse), switches)
            numbers = (real(0.1), real(1.4), inverse)
            yield Trial("osmose", (u, old, *d, np.zeros_like(u), box, *numbers), switches)


def reaction_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.reaction`."""
    rng = np.random.default_rng(9)
    inverse = np.array(INVERSE, dtype)
    tau, a, b, c, d, e = (dtype.type(x) for x in (0.1, 0.4, 0.7, 0.3, 0.2, 1.1))
    for channels, volume in ((1, False), (2, True)) if dtype.itemsize == 4 else ((1, True),):
        rows = 4 if volume else 1
        u = rng.random((channels + 1, 5, rows, 6)).astype(dtype)
        data = rng.random((channels, 5, rows, 6)).astype(dtype)
        switches = {"CHANNELS": channels, "VOLUME": volume}
        for box in _boxes(rows):
            out = np.zeros_like(u)
            yield Trial("phases", (u, out, box, tau, a, b, c, inverse), switches)
            yield Trial("two_species", (u, out, box, tau, a, b, c, d, e, inverse), switches)
            yield Trial("edge_pair", (u, data, out, box, tau, a, b, c, inverse), switches)


def histogram_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.histogram`."""
    rng = np.random.default_rng(10)
    u = rng.random((2, 5, 2, 6)).astype(dtype)
    u[0, 1] = u[0, 0, 0, 0]
    low, scale = np.array([0.1, 0.0], dtype), np.array([9000.0, 50.0], dtype)
    tables = [rng.random((2, 4096)).astype(dtype) for _ in range(3)]
    for box in ((0, 5, 0, 2, 0, 6), (1, 3, 1, 2, 2, 5)):
        counts = np.zeros((2, 4096), np.int64)
        found = (counts, np.ones_like(tables[0]), np.zeros_like(tables[0]))
        yield Trial("draw", (u, *tables, np.zeros_like(u), box, low, scale, dtype.type(0.3)))
        yield Trial("count", (u, *found, box, low, scale))
