"""Brush strokes of a noisy, soft texture drawn as an engraver would, before and after."""

import sys
from pathlib import Path

import numpy as np
from skimage import data

from divgrad import CoherenceEnhancingShock, Time, evolve
from divgrad.io import write

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
grass = data.grass()[:200, :250].astype("float32")
noisy = grass + np.random.default_rng(0).normal(0.0, 15.0, grass.shape).astype("float32")
flow = CoherenceEnhancingShock(presmoothing=1.5, integration=4.0)
drawn = evolve(noisy, flow, until=Time(6.0)).u
pair = np.clip(np.hstack([noisy, drawn]), 0, 255).round().astype("uint8")
write(folder / "coherence_enhancing_shock.png", pair)
