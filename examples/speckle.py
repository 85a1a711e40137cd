"""Speckle of a radar or ultrasound image: diffusion that knows it from edges."""

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

scene = data.camera()[40:296, 100:356].astype("float32") + 5.0
speckled = scene * np.random.default_rng(0).gamma(9.0, 1.0 / 9.0, scene.shape).astype("float32")

reduced, details = (
    divgrad.evolve(speckled, flow, until=divgrad.Time(8.0)).u
    for flow in (divgrad.SpeckleReducing(), divgrad.DetailPreservingSpeckle(decay=None))
)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
picture = np.hstack([speckled, reduced, details])
write(folder / "speckle.png", np.clip(picture, 0, 255).round().astype("uint8"))
