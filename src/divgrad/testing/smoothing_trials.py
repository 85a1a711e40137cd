"""Calls of the kernels that smooth, solve along lines, sum up, and work pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.kernels.presmoothing import half_gaussian
from divgrad.testing.trial import Trial


def smoothing_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.smoothing`."""
    rng = np.random.default_rng(2)
    kernels = [half_gaussian(sigma, dtype) for sigma in (0.6, 0.0, 0.4)]
    half = np.array([0.5, 0.25, 0.4], dtype)
    for channels, volume in (
        ((1, False), (2, True)) if dtype.itemsize == 4 else ((1, False), (1, True))
    ):
        u = rng.random((channels, 4, 3 if volume else 1, 5)).astype(dtype)
        switches = {"CHANNELS": channels, "VOLUME": volume}
        rows = u.shape[2]
        for box in ((0, 4, 0, rows, 0, 5), (1, 3, 0, max(1, rows - 1), 0, 5)):
            yield Trial("gaussian", (u, np.zeros_like(u), box, *kernels))
            out = np.zeros((1, *u.shape[1:]), dtype)
            arguments = (u, out, box, *kernels, half, dtype.type(0.3))
            yield Trial("gradient_conductance", arguments, switches, True)


def tridiagonal_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.tridiagonal`."""
    rng = np.random.default_rng(3)
    real = dtype.type
    upper, lower = (rng.random((2, 5, 3)).astype(dtype) for _ in range(2))
    upper[:, -1] = lower[:, 0] = 0.0
    diagonal = -(upper + lower) - real(0.1)
    v = rng.random((2, 2, 5, 3)).astype(dtype)
    for given, add in (((False, False), False), ((True, True), True), ((True, False), True)):
        out = np.ones_like(v)
        box = (0, 2, 1, 3)
        arguments = (upper, diagonal, lower, given, v, out, box, real(3), real(0.5), add)
        yield Trial("solve_lines", arguments)


def sums_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.sums`."""
    rng = np.random.default_rng(4)
    u, v = (rng.random((2, 3, 2, 37)).astype(dtype) for _ in range(2))
    yield Trial("plane_moments", (u, v, np.zeros((2, 3, 6)), (1, 3, 0, 2, 0, 37)))


def pointwise_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.pointwise`."""
    rng = np.random.default_rng(5)
    u = rng.random((2, 3, 2, 37)).astype(dtype)
    out = np.zeros((1, 3, 2, 37), dtype)
    yield Trial("of_mean", (u, out, (1, 3, 0, 2, 5, 37), dtype.type(0.5), dtype.type(3)), {}, True)
