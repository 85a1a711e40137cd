"""A photograph with three times the pixels: repeated, cubic, by diffusion along edges, by the fast model."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

import divgrad
from divgrad.io import write

size = (240, 240)
sheet = Image.fromarray(data.camera()[90:330, 150:390]).resize((80, 80), Image.Resampling.BICUBIC)
small = np.asarray(sheet)
known = [
    np.asarray(sheet.resize(size, how))
    for how in (Image.Resampling.NEAREST, Image.Resampling.BICUBIC)
]
ours = [divgrad.upscale(small, 3, model=model, dtype="same") for model in (None, "fast")]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "upscale.png", np.hstack([*known, *ours]))
