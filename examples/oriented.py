"""Smoothing along a field of your own: noise on rings goes along the rings, which stay; by heat flow they fade."""

import sys
from pathlib import Path

import numpy as np

from divgrad import FSI, Heat, Oriented, Time, evolve
from divgrad.io import write

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
row, col = np.mgrid[:180, :180] - 89.5
radius = np.hypot(row, col)
rings = 128.0 + 60.0 * np.cos(1.2 * radius)
noisy = rings + np.random.default_rng(0).normal(0.0, 60.0, rings.shape)
along = np.stack([-col, row]) / radius  # the tangent, known from elsewhere
tensors = np.einsum("iyx,jyx->yxij", along, along) + 0.02 * np.eye(2)
steered = evolve(noisy, Oriented(tensors), scheme=FSI(), until=Time(20.0)).u
plain = evolve(noisy, Heat(), scheme=FSI(), until=Time(1.0)).u
three = np.clip(np.hstack([noisy, plain, steered]), 0, 255).round().astype("uint8")
write(folder / "oriented.png", three)
