"""Fill large holes smoothly: harmonic filling leaves peaks, biharmonic filling goes on with the slopes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = data.camera()[64:320, 128:384].astype(np.float32)
hole = np.random.default_rng(0).random(image.shape) < 0.9
holed = np.where(hole, image[~hole].mean(), image)
harmonic, biharmonic = (
    divgrad.evolve(
        holed, divgrad.Masked(flow, hole), scheme=divgrad.FSI(tau=50.0), until=divgrad.Time(time)
    ).u
    for flow, time in ((divgrad.Heat(), 500.0), (divgrad.Biharmonic(scale=1.0), 5000.0))
)
for name, filled in (("harmonic", harmonic), ("biharmonic", biharmonic)):
    print(name, "error", float(np.sqrt(((filled - image) ** 2).mean())))
seen = np.where(hole, 0, image)
pictures = np.hstack([seen, harmonic, biharmonic]).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "biharmonic.png", pictures)
