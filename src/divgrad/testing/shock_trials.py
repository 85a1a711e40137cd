"""Calls of the kernels of shock filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.kernels import flat
from divgrad.kernels.presmoothing import half_gaussian
from divgrad.testing.trial import Trial

MODES: tuple[dict[str, Any], ...] = (
    {"OWN": True},
    {"NORMAL": True, "TANGENT": True},
    {"DIRECTED": True, "SOFT": True, "BLEND": True},
)


# Bytes of a number -> (volume, mode): every switch both ways, for as few compilations as that needs.
SETTINGS = {4: ((False, 0), (True, 1)), 8: ((False, 2),)}


def shock_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.shock`."""
    rng = np.random.default_rng(8)
    squares, halves = np.array([1.0, 0.3, 0.6], dtype), np.array([0.5, 0.25, 0.4], dtype)
    amounts = np.array([0.3, 0.1, 0.05, 2.0, 1e-3], dtype)
    for volume, number in SETTINGS[dtype.itemsize]:
        mode = MODES[number]
        channels = 1 if mode.get("OWN") else 2
        rows = 3 if volume else 1
        u = rng.random((channels, 4, rows, 7)).astype(dtype)
        v = u if mode.get("OWN") else rng.random(u.shape).astype(dtype)
        w = rng.random((6, *u.shape[1:])).astype(dtype)
        share = rng.random((1, *u.shape[1:])).astype(dtype)
        switches = {"CHANNELS": channels, "VOLUME": volume, **mode}
        scale = np.array([1, volume, 1], dtype)
        for box in ((0, 4, 0, rows, 0, 7), (1, 3, 0, max(1, rows - 1), 2, 6)):
            arguments = (
                u, v, w, share, np.zeros_like(u), box, squares * scale, halves * scale, amounts,
            )  # fmt: skip
            yield Trial("step", arguments, switches)


def dominant_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.dominant`."""
    rng = np.random.default_rng(9)
    for volume in (False, True):
        slopes = rng.standard_normal((3 if volume else 2, 3, 2, 5))
        slopes[..., 1] = 0.0
        pairs = (
            ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)) if volume else ((0, 0), (1, 1), (0, 1))
        )
        tensors = np.stack([slopes[i] * slopes[j] for i, j in pairs]).astype(dtype)
        yield Trial("project", (tensors, (0, 3, 0, 2, 0, 5)), {"VOLUME": volume})


def steered_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.steered`."""
    rng = np.random.default_rng(10)
    squares, halves = np.array([1.0, 0.0, 0.6], dtype), np.array([0.5, 0.0, 0.4], dtype)
    halfs = [half_gaussian(0.6, dtype, cut) for cut in (6.0, 10.0, 16.0, 0.0)]  # of 5, 7, 11, 1
    room = np.ones((8, 40 * flat.PITCH), dtype)
    modes = ((1, 0, 1, 1, 0), (0, 1, 0, 0, 0), (1, 0, 0, 0, 1))  # and whether contours glide
    for mode in modes if dtype.itemsize == 4 else modes[:1]:
        channels = 1 if mode[4] else 2
        s, u = (rng.random((channels, 3, 1, 7)).astype(dtype) for _ in range(2))
        u = s if mode[4] else u
        amounts = np.array([0.3, 0.1, 0.05 * mode[1], 2.0, 1e-3, 0.5], dtype)
        arguments = (
            s, u, np.zeros_like(u), (0, 3, 0, 1, 2, 7), *halfs, squares, halves, amounts,
            (2, 4, *mode), room, np.array([np.inf, -np.inf], dtype),
        )  # fmt: skip
        yield Trial("steer", arguments, {}, False)


def averaged_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.averaged`."""
    u = np.random.default_rng(11).random((2, 3, 1, 5)).astype(dtype)
    halfs = [half_gaussian(0.6, dtype, cut) for cut in (6.0, 0.0, 6.0, 10.0)]
    room, half = np.ones((6, 30 * flat.PITCH), dtype), np.array([0.5, 0.0, 0.4], dtype)
    arguments = (
        u,
        np.zeros((3, *u.shape[1:]), dtype),
        (0, 3, 0, 1, 1, 5),
        *halfs,
        half,
        (2, 3),
        room,
    )
    yield Trial("average", arguments)
