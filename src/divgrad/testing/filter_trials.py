"""Calls on which the kernel of learned diffusion is tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.testing.trial import Trial


def filter_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.filters`."""
    rng = np.random.default_rng(7)
    for size in (3, 5, 7) if dtype.itemsize == 4 else (3,):
        u = rng.normal(0.0, 3.0, (5, 4, 6)).astype(dtype)
        inner, outer = (
            (rng.standard_normal(n * 2 * 5 * size**2) / size).astype(dtype) for n in (1, size)
        )
        ramps = rng.standard_normal((2, 12)).astype(dtype)
        for box in ((0, 4, 0, 6), (1, 3, 2, 5)):
            arguments = (u, u[:4].copy(), np.zeros_like(u), box, 2, inner, ramps, outer)
            yield Trial("stage", (*arguments, dtype.type(0.1)), {"SIZE": size, "PITCH": 144})
