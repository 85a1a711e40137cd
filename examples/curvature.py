"""Four flows of level lines on noisy coins: mean, affine and min/max curvature, and geodesic."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = data.coins()[150:290, 20:200].astype(np.float32)
noisy = image + np.random.default_rng(0).normal(0.0, 12.0, image.shape).astype(np.float32)
runs = [
    (divgrad.MeanCurvature(), 4.0),
    (divgrad.AffineCurvature(), 3.0),
    (divgrad.MinMaxCurvature(radius=2.0), 8.0),
    (divgrad.Geodesic(contrast=12.0), 12.0),
]
flown = [divgrad.evolve(noisy, flow, until=divgrad.Time(time)).u for flow, time in runs]
pictures = np.vstack([np.hstack([noisy, *flown[:2]]), np.hstack([image, *flown[2:]])])
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "curvature.png", pictures.clip(0, 255).astype(np.uint8))
