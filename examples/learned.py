"""A photograph with strong noise: noisy, by the fast learned diffusion, by the best."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write
from divgrad.learned import Learned, shipped

clean = data.camera()[60:316, 130:386].astype(np.float32)
noisy = clean + np.random.default_rng(0).normal(0, 25, clean.shape).astype(np.float32)
pictures = [noisy]
for name in ("fast", "best"):
    stages = divgrad.Steps(shipped(name).stages)
    pictures.append(divgrad.evolve(noisy, Learned(25.0, name), until=stages).u)
result = np.hstack(pictures).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "learned.png", result)
