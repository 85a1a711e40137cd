"""A noisy picture, by one step of total variation flow, and by the 3/2-Laplacian."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = data.camera()[64:320, 128:384].astype(np.float32)
noisy = image + np.random.default_rng(0).normal(0.0, 20.0, image.shape).astype(np.float32)
once = divgrad.Proximal(tau=20.0)  # one step is Rudin, Osher and Fatemi's model
tv = divgrad.evolve(noisy, divgrad.TotalVariation(), scheme=once, until=divgrad.Steps(1)).u
power = divgrad.PLaplacian(exponent=1.5, smoothing=1.0)
soft = divgrad.evolve(noisy, power, scheme=divgrad.FSI(tau=1.0), until=divgrad.Time(6.0)).u
print("error", *(round(float(np.std(u - image)), 1) for u in (noisy, tv, soft)))
pictures = np.hstack([noisy, tv, soft]).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "total_variation.png", pictures)
