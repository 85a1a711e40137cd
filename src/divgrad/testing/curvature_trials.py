"""Calls of the functions of the kernels of curvature flows, by which :func:`check_kernels` tries them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.testing.trial import Trial

# Bytes of a number -> settings of the switches: every one both ways, for as few compilations as that needs.
SETTINGS: dict[int, tuple[dict[str, Any], ...]] = {
    4: ({"VOLUME": False, "GEOMETRIC": True}, {"VOLUME": True, "GEOMETRIC": False}),
    8: ({"VOLUME": True, "GEOMETRIC": True},),
}
# Channels, and what is made of e and of the curvature: nothing, weights, a gate, a cube root.
KINDS = (
    (1, (False, False), 0.0),
    (2, (True, False), 0.0),
    (2, (False, True), 0.0),
    (1, (False, False), 0.7),
)
FLAT_KINDS: tuple[Any, ...] = ((1, (False, False), 0.0), (2, (False, False), 0.0))


def curvature_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.curvature`."""
    rng = np.random.default_rng(5)
    real = dtype.type
    inverse = np.array([1.0, 0.25, 1.7], dtype)
    for switches in SETTINGS[dtype.itemsize]:
        rows = 4 if switches["VOLUME"] else 1
        conductive = not switches["GEOMETRIC"]
        scale = inverse if switches["VOLUME"] else inverse * np.array([1.0, 0.0, 1.0], dtype)
        for channels, kinds, length in FLAT_KINDS if conductive else KINDS:
            u = rng.random((channels, 9, rows, 11)).astype(dtype)
            e = rng.random((channels if kinds[1] else 1, 9, rows, 11)).astype(dtype)
            e = e - real(0.5) if kinds[1] else e
            numbers = (scale, real(0.3), real(length), real(4), kinds)
            for box in ((0, 9, 0, rows, 0, 11), (5, 6, 0, max(1, rows - 3), 5, 7)):
                near = (
                    slice(None),
                    *(slice(max(0, box[i] - 2), box[i + 1] + 2) for i in (0, 2, 4)),
                )
                taus = np.array([0.1] if any(kinds) else [0.1, 0.05], dtype)
                out = np.zeros_like(u)
                yield Trial(
                    "explicit", (u, e[near], out, box, taus, *numbers), switches, conductive
                )
                out = np.zeros((4, 9, rows, 11), dtype)
                arguments = (u, e[near], out, box, real(2), *numbers)
                yield Trial("links", arguments, switches, conductive)


def linked_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.linked`."""
    rng = np.random.default_rng(7)
    taus, fresh = np.array([0.1, 0.2, 0.15], dtype), np.array([0.9, 1.3, 1.0], dtype)
    for channels, rows in ((1, 1), (2, 5)):
        u, old = rng.random((2, channels, 8, rows, 9)).astype(dtype)
        w = rng.random((4, 8, rows, 9)).astype(dtype)
        for box in ((0, 8, 0, rows, 0, 9), (4, 5, 0, 1, 4, 6)):
            yield Trial("polynomial", (u, old, w, np.zeros_like(u), box, taus, fresh))


def resolvent_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.resolvent`."""
    rng = np.random.default_rng(8)
    real = dtype.type
    volume = dtype.itemsize == 4
    rows, channels = (5, 2) if volume else (1, 1)
    f = rng.random((channels, 8, rows, 9)).astype(dtype)
    y = rng.random((3 if volume else 2, *f.shape)).astype(dtype)
    factors, rates = np.array([0.3, 0.2, 0.1], dtype), np.array([0.5, 0.4, 0.6], dtype)
    inverse = np.array([1.0, 0.25, 1.7], dtype)
    for box in ((0, 8, 0, rows, 0, 9), (4, 5, 0, 1, 4, 6)):
        switches = {"VOLUME": volume}
        yield Trial("flowed", (f, y, np.zeros_like(f), box, factors), switches)
        numbers = (factors, rates, real(0.5), real(0.3), inverse, real(0.01))
        yield Trial("relax", (f, 0.5 * y, y, np.zeros_like(y), box, *numbers), switches)


def extremes_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.extremes`."""
    u, mean = np.random.default_rng(6).random((2, 2, 4, 3, 7)).astype(dtype)
    for box in ((0, 4, 0, 3, 0, 7), (1, 3, 1, 2, 0, 7)):
        for reach in ((1, 2, 3), (0, 0, 9)):
            arguments = (u, mean, np.zeros_like(u), box, np.array(reach), dtype.type(0.01))
            yield Trial("side", arguments)
