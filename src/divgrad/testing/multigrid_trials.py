"""Calls on which the kernels of reduced grids are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.testing.trial import Trial


def multigrid_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.multigrid`."""
    rng = np.random.default_rng(6)
    shape = (3, 4, 7)
    x, r = rng.normal(0.0, 10.0, (2, 2, *shape)).astype(dtype)
    mass, wz, wy, wx = rng.random((4, *shape)).astype(dtype)
    matrix = (mass, wz, wy, wx)
    inverse = (mass * (mass > 0.2)).astype(dtype)
    coarse = rng.normal(0.0, 10.0, (2, 2, 4, 4)).astype(dtype)
    for box in ((0, 3, 0, 4, 0, 7), (1, 2, 0, 4, 0, 7)):
        yield Trial("product", (x, *matrix, np.zeros_like(x), box))
        yield Trial("residual", (x, r, *matrix, np.zeros_like(x), box))
        omega = dtype.type(0.6)
        yield Trial("relax", (x, r, inverse, *matrix, omega, np.zeros_like(x), box))
        yield Trial("prolong", (coarse, inverse, (2, 1, 2), x.copy(), box))
    yield Trial("restrict", (x, coarse.copy(), (2, 1, 2), (0, 2, 0, 4, 0, 4)))
    flat = np.zeros((2, 3, 2, 7), dtype)
    yield Trial("restrict", (x, flat, (1, 2, 1), (0, 3, 0, 2, 0, 7)))
    yield Trial(
        "prolong", (flat + dtype.type(0.3), inverse, (1, 2, 1), x.copy(), (0, 3, 0, 4, 0, 7))
    )
