"""A blurred photograph sharpened by a shock filter, before and after."""

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
sharp = evolve(blurred, SmoothingShock(presmoothing=1.5), until=Time(4.0)).u
pair = np.clip(np.hstack([blurred, sharp]), 0, 255).round().astype("uint8")
write(folder / "shock.png", pair)
