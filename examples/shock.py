"""A blurred picture without noise sharpened by a shock filter: blurred, and its edges back as steps."""

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad import Heat, Shock, Time, evolve
from divgrad.io import write

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
coins = data.coins()[:200, :250].astype("float32")
blurred = evolve(coins, Heat(), scheme=divgrad.FSI(), until=Time(2.0)).u
sharp = evolve(blurred, Shock(presmoothing=1.0), until=Time(3.0)).u
pair = np.clip(np.hstack([blurred, sharp]), 0, 255).round().astype("uint8")
write(folder / "shock.png", pair)
