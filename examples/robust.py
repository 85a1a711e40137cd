"""A noisy photograph: the contrast of its edges is found in it, and edges stay however long it takes."""

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

photograph = data.camera()[60:316, 80:336].astype("float32")
noisy = photograph + np.random.default_rng(0).normal(0.0, 10.0, photograph.shape).astype("float32")

smooth = divgrad.evolve(
    noisy, divgrad.Robust(factor=1.5), scheme=divgrad.FSI(), until=divgrad.Time(20.0)
).u

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
picture = np.hstack([noisy, smooth])
write(folder / "robust.png", np.clip(picture, 0, 255).round().astype("uint8"))
