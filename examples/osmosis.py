"""Remove a shadow: erase the edges at its border, and both sides grow into each other."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = 1.0 + data.brick()[:256, :256].astype(np.float64)
y, x = np.mgrid[:256, :256]
inside = np.hypot(x - 140, y - 120) < 70
shadowed = np.where(inside, 0.45, 1.0) * image
border = np.abs(np.hypot(x - 140, y - 120) - 70) < 1.5
lit = divgrad.evolve(
    shadowed,
    divgrad.Osmosis(erase=border),
    scheme=divgrad.Implicit(tau=1000.0, tolerance=1e-3),
    until=divgrad.Time(20_000.0),
).u
lit *= image[~inside].mean() / lit[~inside].mean()
pictures = np.hstack([shadowed, np.where(border, 255, shadowed), lit]).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "osmosis.png", pictures)
