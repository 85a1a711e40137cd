"""The same noise and the same time: heat flow blurs edges as well, Perona and Malik's flow keeps them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = data.camera()[64:320, 128:384]
noisy = image + np.random.default_rng(0).normal(0, 15, image.shape).astype(np.float32)
heat, kept = (
    divgrad.evolve(noisy, flow, scheme=divgrad.FSI(), until=divgrad.Time(4.0)).u
    for flow in (divgrad.Heat(), divgrad.PeronaMalik(12.0, presmoothing=0.7))
)
for name, u in (("noisy", noisy), ("heat", heat), ("Perona-Malik", kept)):
    print(name, "error", round(float(np.sqrt(((u - image) ** 2).mean())), 2))
pictures = np.hstack([noisy, heat, kept]).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "perona_malik.png", pictures)
