"""Calls on which the kernel of contours is tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.testing.trial import Trial


def band_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.band`."""
    rng = np.random.default_rng(9)
    real = dtype.type
    for shape in ((11, 12), (7, 8, 9)) if dtype.itemsize == 4 else ((9, 10),):
        rim = tuple(n + 2 for n in shape)
        inner = (slice(1, -1),) * len(shape)
        far = np.sqrt(sum((p - 0.45 * n) ** 2 for p, n in zip(np.indices(rim), rim, strict=True)))
        u = (far - 0.2 * max(rim) + rng.normal(0, 0.1, rim)).clip(-2, 2).astype(dtype)
        w, (rate, push) = np.zeros((len(shape), *rim), dtype), rng.random((2, *rim)).astype(dtype)
        for axis in range(len(shape)):
            w[axis][inner] = 0.5 + 0.5 * rng.random(shape)
            w[axis][inner][(slice(None),) * axis + (-1,)] = 0
        band, found = np.zeros((2, u.size), np.int32)
        every = np.ravel_multi_index([p[inner].ravel() for p in np.indices(rim)], rim)
        band[: every.size] = every
        before, d = np.zeros((2, u.size), dtype)
        yield Trial("settle", (
            u.ravel(), before, d, np.zeros(u.size, np.uint8), band, found, w.reshape(len(shape), -1),
            rate.ravel(), 0.1 * push.ravel(), np.array([s // u.itemsize for s in u.strides]),
            np.linspace(1.0, 1.5, len(shape)).astype(dtype), (real(2), real(0.1), real(1e-4)), (2, 2, 4),
            np.array([every.size, 0, 0], np.int64),
        ))  # fmt: skip
