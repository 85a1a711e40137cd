"""A photograph that lost half of its pixels; filled by edge-enhancing diffusion of fourth order; polished besides."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

clean = data.camera()[60:316, 130:386]
rng = np.random.default_rng(0)
hit = np.where(rng.random(clean.shape) < 0.5, rng.choice([0, 255], clean.shape), clean).astype("u1")
filled = [divgrad.remove_impulses(hit, model=model, dtype="same") for model in (None, "fast")]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "remove_impulses.png", np.hstack([hit, *filled]))
