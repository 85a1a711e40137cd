"""Grow spots, stripes and a labyrinth from the same seeds."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import divgrad
from divgrad.io import write

sown = np.random.default_rng(0).random((24, 24)) > 0.9
seeds = 0.25 * np.kron(sown, np.ones((8, 8)))
pictures = []
for feed, kill in ((0.035, 0.065), (0.04, 0.06), (0.029, 0.057)):
    pair = np.stack([1.0 - 2.0 * seeds, seeds]).astype(np.float32)
    flow = divgrad.GrayScott(feed=feed, kill=kill)
    v = divgrad.evolve(pair, flow, until=divgrad.Time(8000.0), channel_axis=0).u[1]
    pictures.append(255 * v / max(float(v.max()), 1e-6))
write(
    Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "gray_scott.png",
    np.hstack(pictures).astype(np.uint8),
)
