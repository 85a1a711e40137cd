"""Calls on which the kernel of half discs is tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.kernels.discs import disc, soft_bins
from divgrad.testing.trial import Trial


def disc_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.half_discs`."""
    codes = np.random.default_rng(8).integers(0, 64, (7, 8)).astype(np.int32)
    rows, cols, sectors, weights = disc(2.0, (1.0, 1.0))
    table = np.ascontiguousarray(soft_bins(0.1).T.astype(dtype))
    out = np.zeros((8, 3, 4), dtype)
    given = (codes, table, rows + 2, cols + 2, sectors, weights.astype(dtype), dtype.type(0.5))
    for part in ((0, 3), (1, 2)):
        yield Trial("differences", (*given, *part, out))
