"""Calls of the kernels of noise-matched flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.testing.trial import Trial

# Of speckle. Bytes of a number -> (channels, volume, cross, reach): every switch both ways.
SETTINGS = {
    4: ((1, False, True, 1), (2, True, False, 1)),
    8: ((1, True, True, 1), (2, False, False, 2)),
}


def speckle_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.speckle`."""
    rng = np.random.default_rng(6)
    real = dtype.type
    inverse = np.array([1.0, 0.25, 1.7], dtype)
    weights = np.array([[0.4, 0.2, 0.1], [0.6, 0.15, 0.05], [0.5, 0.2, 0.05]], dtype)
    for channels, volume, cross, reach in SETTINGS[dtype.itemsize]:
        rows = 4 if volume else 1
        u = rng.random((channels, 5, rows, 6)).astype(dtype)
        switches = {"CHANNELS": channels, "VOLUME": volume, "CROSS": cross, "REACH": reach}
        taus = np.array([0.05, 0.1], dtype)
        for box in ((0, 5, 0, rows, 0, 6), (1, 3, 0, max(1, rows - 2), 3, 5)):
            arguments = (u, np.zeros_like(u), box, taus, taus * real(4), inverse, weights)
            yield Trial("explicit", arguments, switches, True)
            out = np.zeros((1, *u.shape[1:]), dtype)
            yield Trial("nodes", (u, out, box, weights, real(0.4)), switches, True)


def complex_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.complex_diffusion`."""
    rng = np.random.default_rng(7)
    inverse = np.array([1.0, 0.25, 1.7], dtype)
    channels, rows = (1, 1) if dtype.itemsize == 4 else (2, 4)
    u, w = rng.random((2, 2 * channels, 5, rows, 6)).astype(dtype)
    numbers = [dtype.type(x) for x in (0.1, 0.4, 0.8, 0.6)]
    for box in ((0, 5, 0, rows, 0, 6), (1, 3, 0, max(1, rows - 2), 0, 6)):
        arguments = (u, w, np.zeros_like(u), box, numbers[0], inverse, *numbers[1:])
        yield Trial("step", arguments, {"CHANNELS": channels, "VOLUME": rows > 1}, True)
