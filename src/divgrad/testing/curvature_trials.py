"""Calls of the functions of the kernels of curvature flows, by which :func:`check_kernels` tries them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.testing.trial import Trial

# Bytes of a number -> settings of the switches: every one both ways, for as few compilations as that needs.
SETTINGS: dict[int, tuple[dict[str, Any], ...]] = {
    4: (
        {"CHANNELS": 1, "VOLUME": False, "GEOMETRIC": True, "POWER": True, "FROZEN": False},
        {"CHANNELS": 2, "VOLUME": True, "GEOMETRIC": False, "WEIGHTED": True, "FROZEN": True},
    ),
    8: (
        {"CHANNELS": 1, "VOLUME": True, "GEOMETRIC": True, "GATED": True, "FROZEN": True},
        {"CHANNELS": 1, "VOLUME": False, "GEOMETRIC": True, "FROZEN": False},
    ),
}


def curvature_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.curvature`."""
    rng = np.random.default_rng(5)
    real = dtype.type
    inverse = np.array([1.0, 0.25, 1.7], dtype)
    for given in SETTINGS[dtype.itemsize]:
        switches = {"POWER": False, "GATED": False, "WEIGHTED": False, **given}
        channels, rows = given["CHANNELS"], 4 if given["VOLUME"] else 1
        u, old, w = (rng.random((channels, 5, rows, 6)).astype(dtype) for _ in range(3))
        w = w if given["FROZEN"] else u
        e = rng.random((1, 5, rows, 6)).astype(dtype)
        e = e - real(0.5) if switches["GATED"] else e
        numbers = (inverse, real(0.3), real(0.7), real(4))
        conductive = not given["GEOMETRIC"]
        for box in ((0, 5, 0, rows, 0, 6), (1, 3, 0, max(1, rows - 2), 3, 5)):
            images = (u, old, w, e, np.zeros_like(u), box)
            yield Trial("step", (*images, real(0.1), real(1.3), *numbers), switches, conductive)
            for axis in (0, 1, 2) if given["VOLUME"] else (0, 2):
                up, low = np.zeros((2, 5, rows, 6), dtype)
                arguments = (w, e, up, low, box, axis, real(2), *numbers)
                yield Trial("bands", arguments, switches, conductive)


def extremes_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.extremes`."""
    u = np.random.default_rng(6).random((2, 4, 3, 7)).astype(dtype)
    for box in ((0, 4, 0, 3, 0, 7), (1, 3, 1, 2, 0, 7)):
        for reach in ((1, 2, 3), (0, 0, 9)):
            yield Trial("middle", (u, np.zeros_like(u), box, np.array(reach)))
