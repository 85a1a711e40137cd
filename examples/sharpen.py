"""A photograph out of focus and noisy: as it is, by unsharp masking, and sharpened."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.filters import unsharp_mask

import divgrad
from divgrad.io import write

clean = data.camera()[60:316, 130:386].astype(np.float64)
rough = gaussian_filter(clean, 1.5) + np.random.default_rng(0).normal(0, 5, clean.shape)
image = np.clip(np.rint(rough), 0, 255).astype(np.uint8)
made = divgrad.sharpen(image, dtype="same", report=True)
print(*made.report, sep="\n")
masked = np.rint(255 * unsharp_mask(image, 1.5, 1.5)).astype(np.uint8)
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "sharpen.png", np.hstack([image, masked, made.image]))
