"""Vessels of a retina with gaps cut into them, and noise: as it is, its lines joined, and their strength."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import median_filter
from skimage import data

import divgrad
from divgrad.io import write

green = data.retina()[::2, ::2, 1].astype(np.float64)[200:456, 120:376]
rng = np.random.default_rng(0)
gaps = np.zeros(green.shape, bool)
for row, col in rng.integers(8, 248, (150, 2)):
    gaps[row - 4 : row + 5, col - 4 : col + 5] = True
image = np.where(gaps, median_filter(green, 41), green) + rng.normal(0, 6, green.shape)
image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
made = divgrad.enhance_lines(image, 5.0, dtype="same", report=True)
print(*made.report, sep="\n")
strength = np.clip(made.strength * (255 / np.quantile(made.strength, 0.995)), 0, 255)
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "enhance_lines.png", np.hstack([image, made.image, strength.astype(np.uint8)]))
