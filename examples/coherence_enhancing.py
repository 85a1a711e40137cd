"""Join the broken ridges of a noisy fingerprint."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import divgrad
from divgrad.io import write

y, x = np.mgrid[-128:128, -128:128].astype(np.float32)
bend = 0.35 * x + 22 * np.sin(y / 60) + np.hypot(x, 1.4 * y - 20)
ridges = 128 + 80 * np.sin(2 * np.pi * bend / 11)
rng = np.random.default_rng(0)
scars = np.ones_like(ridges)
for row, col in rng.integers(0, 250, (150, 2)):
    scars[row : row + 5, col : col + 5] = 0.0
image = ridges * scars + 128 * (1 - scars) + rng.normal(0, 40, ridges.shape)
flow = divgrad.CoherenceEnhancing(contrast=8.0, presmoothing=1.0, reach=5)
joined = divgrad.evolve(image, flow, scheme=divgrad.FSI(), until=divgrad.Time(20.0)).u
pictures = np.hstack([image, joined]).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "coherence_enhancing.png", pictures)
