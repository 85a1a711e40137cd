"""Diffusion-shock: noisy, soft coins made clean and crisp; edges drawn on through holes, holed, harmonic, shocked."""

import sys
from pathlib import Path

import numpy as np
from skimage import data

from divgrad import FSI, DiffusionShock, Heat, Masked, Time, evolve
from divgrad.io import write

folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
coins = data.coins()[20:140, 20:200].astype("float32")
soft = evolve(coins, Heat(), scheme=FSI(), until=Time(2.0)).u
soft += np.random.default_rng(0).normal(0.0, 5.0, soft.shape).astype("float32")
crisp = evolve(soft, DiffusionShock(contrast=4.0, presmoothing=1.5), until=Time(8.0)).u
row, col = np.mgrid[:120, :120]
shapes = np.where(np.hypot(row - 60, col - 60) < 40, 220.0, np.where(row + col < 90, 40.0, 120.0))
hole = (np.abs(np.abs(row - 60) - 30) < 9) & (np.abs(np.abs(col - 60) - 28) < 9)
holed = np.where(hole, 0.0, shapes).astype("float32")
soft_fill = evolve(holed, Masked(Heat(), hole), scheme=FSI(tau=50.0), until=Time(1000.0)).u
flow = Masked(DiffusionShock(contrast=2.0, presmoothing=2.0, integration=4.0), hole)
fill = evolve(soft_fill, flow, until=Time(100.0)).u
pictures = [np.hstack([soft, crisp]), np.hstack([holed, soft_fill, fill])]
write(folder / "diffusion_shock.png", np.clip(np.vstack(pictures), 0, 255).round().astype("uint8"))
