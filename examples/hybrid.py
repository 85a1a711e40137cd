"""Find fibres in a noisy volume: one slice of it before and after, beside linear diffusion."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import divgrad
from divgrad.io import write

z, y, x = np.mgrid[:16, :96, :96].astype(np.float32)
waves = 12 * np.sin(x / 20 + 1)
fibres = sum(np.hypot(y - row - waves * lean, z - 8 - 2 * lean) < 2.5 for row, lean in
             ((16, 0.8), (34, -0.6), (52, 0.5), (70, -0.8), (86, 0.2)))  # fmt: skip
image = 80 + 100 * (fibres > 0) + np.random.default_rng(0).normal(0, 60, z.shape)
image = image.astype(np.float32)
flows = (divgrad.Heat(), divgrad.Hybrid(contrast=25.0, switch=12.0, coherence=5.0))
slices = [image[8]] + [
    divgrad.evolve(image, flow, scheme=divgrad.FSI(), until=divgrad.Time(4.0)).u[8]
    for flow in flows
]
pictures = np.hstack(slices).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "hybrid.png", pictures)
