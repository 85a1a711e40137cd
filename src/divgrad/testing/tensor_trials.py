"""Calls on which the kernels of tensor diffusion are tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.directions import directions, offsets
from divgrad.kernels.presmoothing import half_gaussian
from divgrad.testing.trial import Trial


def structure_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.structure`."""
    rng = np.random.default_rng(7)
    kernels = [half_gaussian(sigma, dtype) for sigma in (0.6, 0.0, 0.4)]
    wide = half_gaussian(0.9, dtype, 2.0)
    half: Any = np.array([0.5, 0.25, 0.4], dtype)
    real = dtype.type
    for channels, volume in ((1, False), (2, True)) if dtype.itemsize == 4 else ((2, False),):
        u = rng.random((channels, 4, 3 if volume else 1, 5)).astype(dtype)
        parts = np.zeros((6 if volume else 3, *u.shape[1:]), dtype)
        rows = u.shape[2]
        for box in ((0, 4, 0, rows, 0, 5), (1, 3, 0, max(1, rows - 1), 0, 5)):
            switches = {"CHANNELS": channels, "VOLUME": volume}
            yield Trial("structure", (u, parts, box, *kernels, half, wide, kernels[2]), switches)
        given = np.array(rng.normal(0.0, 1.0, parts.shape), dtype)
        out = np.array(rng.random(parts.shape), dtype)
        for by in (False, True) if volume or dtype.itemsize == 8 else (False,):
            switches = {"VOLUME": volume, "COHERENCE": by, "BLEND": by}
            numbers = [real(x) for x in (0.7, 0.01, 0.05, 0.9)]
            yield Trial("tensors", (given, out, box, *numbers), switches, True)


def stencil_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.stencil`."""
    rng = np.random.default_rng(8)
    compact = dtype.itemsize == 8
    reach = 1 if compact else 2
    found = directions(Grid((1.0, 1.0)), reach, dtype)
    table = found.table
    of = (reach, table, found.images, found.parts, found.weights, found.least, found.borders)
    a, c, b = rng.random((3, 7, 1, 9))
    field = np.stack([a + 0.1, c + 0.1, (b - 0.5) * np.sqrt(a * c)]).astype(dtype)
    scale = np.array([1.0, 0.5, 0.7], dtype)
    planes = np.zeros((len(table), 7 + reach, 9 + 2 * reach), dtype)
    planes[:, reach:] = rng.random((len(table), 7, 9 + 2 * reach)).astype(dtype)
    active = np.ones((len(table), 7, 1), np.uint8)
    switches = {"COMPACT": compact}
    u = rng.random((1, 7, 1, 9)).astype(dtype)
    taus = np.array([0.1, 0.2], dtype)
    for box in ((0, 7, 0, 1, 0, 9), (2, 5, 0, 1, 0, 9)):
        made = (np.zeros_like(planes), np.zeros_like(active), np.zeros(7, dtype))
        yield Trial("weigh", (field, scale, *of, *made, box), switches)
        arguments = (u, np.zeros_like(u), box, taus, planes, active, table, reach)
        yield Trial("steps", arguments, switches)


def selling_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.selling`."""
    rng = np.random.default_rng(9)
    real, shape, box = dtype.type, (3, 4, 5), (0, 3, 0, 4, 0, 5)
    _, index = offsets(1, True)
    roots = rng.normal(0.0, 1.0, (3, 3, *shape))
    d = np.einsum("ik...,jk...->ij...", roots, roots)
    field = np.stack([d[i, j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))])
    weights = np.zeros((6, *shape), dtype)
    codes = np.zeros(weights.shape, np.int16)
    scale = np.array([1.0, 0.25, 4.0, 0.5, 2.0, 1.0], dtype)
    arguments = (field.astype(dtype), scale, real(0.1), real(1e-6), index, weights, codes, box)
    yield Trial("decompose", arguments)


def tensor_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.tensor`."""
    rng = np.random.default_rng(9)
    shape, box, run = (3, 4, 5), (0, 3, 0, 4, 0, 5), 4
    table, _ = offsets(1, True)
    half = len(table) // 2
    switches = {"RUN": run}
    weights = np.array(rng.random((6, *shape)), dtype)
    codes = rng.integers(-1, half, weights.shape).astype(np.int16)
    used = np.ones((*shape[:2], 2, half), np.uint8)
    yield Trial("mark_runs", (codes, np.zeros_like(used), box), switches)
    counts = np.zeros((*shape[:2], 2), np.int64)
    yield Trial("count_slots", (used, table, counts, 5, box), switches)
    starts = np.arange(24, dtype=np.int64) * len(table)
    slots = np.zeros((24 * len(table), run), dtype)
    slot_codes = np.zeros(len(slots), np.int16)
    highest = np.zeros(shape[:2], dtype)
    filled = (starts, slots, slot_codes, highest, box)
    yield Trial("fill_slots", (weights, codes, used, table, *filled), switches)
    u = rng.random((1, *shape)).astype(dtype)
    lists = [0, 1, 2, 3] * 6
    starts = np.concatenate([[0], np.cumsum(lists)]).astype(np.int64)
    # Offsets within the rows and planes of the volume, as those are that runs have lists of.
    slot_codes = np.zeros(int(starts[-1]), np.int16)
    slots = rng.random((len(slot_codes), run)).astype(dtype)
    for part in (box, (1, 2, 1, 3, 0, 5)):
        arguments = (
            u, np.zeros_like(u), part, np.array([0.1, 0.2], dtype), slots, slot_codes, starts,
            table, (1, 1, 1),
        )  # fmt: skip
        yield Trial("steps", arguments, switches)
