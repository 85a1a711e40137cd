"""Part coins from their ground, with smooth borders and without small specks."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = data.coins().astype(np.float32)
light = divgrad.evolve(image, divgrad.Heat(), scheme=divgrad.FSI(), until=divgrad.Time(1500.0)).u
even = image - light + 128
flow = divgrad.AllenCahn(width=2.0, low=60.0, high=200.0)
early, late = (
    divgrad.evolve(even, flow, until=divgrad.Time(time)).u.clip(60, 200) for time in (4.0, 40.0)
)
pictures = np.hstack([image, early, late]).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "allen_cahn.png", pictures)
