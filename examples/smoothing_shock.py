"""A blurred, noisy photograph sharpened while its contours become smooth, before and after."""

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad import Heat, SmoothingShock, Time, evolve
from divgrad.io import write

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
coins = data.coins()[:200, :250].astype("float32")
blurred = evolve(coins, Heat(), scheme=divgrad.FSI(), until=Time(2.0)).u
noisy = blurred + np.random.default_rng(0).normal(0.0, 8.0, coins.shape).astype("float32")
sharp = evolve(noisy, SmoothingShock(presmoothing=2.0, smoothing=0.5), until=Time(6.0)).u
pair = np.clip(np.hstack([noisy, sharp]), 0, 255).round().astype("uint8")
write(folder / "smoothing_shock.png", pair)
