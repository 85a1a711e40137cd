"""An image and its edges in one flow: the real part is smoothed, the imaginary part shows edges."""

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

photograph = data.camera()[60:316, 80:336].astype("float32")
noisy = photograph + np.random.default_rng(0).normal(0.0, 10.0, photograph.shape).astype("float32")

u = divgrad.evolve(noisy, divgrad.ComplexDiffusion(contrast=10.0), until=divgrad.Time(4.0)).u

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
edges = 128.0 + 40.0 * u.imag
picture = np.hstack([noisy, u.real, edges])
write(folder / "complex_diffusion.png", np.clip(picture, 0, 255).round().astype("uint8"))
