"""Calls of the kernels of noise-matched flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.testing.trial import Trial

# Bytes of a number -> (channels, volume, cross, reach): every switch both ways.
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
