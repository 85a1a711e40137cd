"""Calls on which the kernel of the thin plate is tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.testing.trial import Trial


def plate_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.plate`."""
    rng = np.random.default_rng(8)
    x, r, p, h = rng.normal(0.0, 10.0, (4, 2, 3, 40)).astype(dtype)
    mask = (rng.random(x.shape) < 0.5).astype(dtype)
    runs = np.array([[0, 0, 0, 40], [0, 2, 3, 9], [1, 1, 20, 40], [1, 2, 0, 1]])
    rates = np.array([0.5, 1.0, 2.0], dtype)
    number = dtype.type(0.7)
    for first, last in ((0, 4), (1, 3)):
        ends = (runs, first, last)
        yield Trial("bend", (p, np.zeros_like(p), *ends, rates))
        yield Trial("pull", (r, p, mask, np.zeros_like(h), *ends, rates, np.zeros(4)))
        sums = (np.zeros(4), np.zeros(4, dtype))
        yield Trial("follow", (x.copy(), r.copy(), p, h, number, *ends, *sums))
        yield Trial("turn", (p.copy(), r, number, *ends))
