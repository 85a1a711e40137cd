"""What the main parameters of filling in and enlarging do, a row for each."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

import divgrad
from divgrad.cli.drawing import small_multiples, visible
from divgrad.io import write

clean = data.camera()[90:250, 150:310]
rng = np.random.default_rng(0)
wide = np.zeros(clean.shape, bool)
for row, col in rng.integers(8, 136, (12, 2)):
    wide[row : row + 16, col : col + 16] = True
scarce = rng.random(clean.shape) < 0.9
sheet = Image.fromarray(clean[20:100, 40:120])
small = {n: np.asarray(sheet.resize((120 // n,) * 2, Image.Resampling.BICUBIC)) for n in (2, 3, 4)}
flows = {
    "default": None,
    "Heat()": divgrad.Heat(),
    "Biharmonic()": divgrad.Biharmonic(),
    "DiffusionShock(5)": divgrad.DiffusionShock(5.0),
}
rows = [
    (
        "squares:",
        flows,
        lambda name: visible(divgrad.inpaint(clean, wide, using=flows[name], dtype="same")),
    ),
    (
        "90 % lost:",
        flows,
        lambda name: visible(divgrad.inpaint(clean, scarce, using=flows[name], dtype="same")),
    ),
    (
        "90 % lost: model",
        (None, "fast", "best"),
        lambda name: visible(divgrad.inpaint(clean, scarce, model=name, dtype="same")),
    ),
    ("upscale: factor", small, lambda n: visible(divgrad.upscale(small[n], n, dtype="same"))),
    (
        "upscale by 3: model",
        (None, "fast", "best"),
        lambda name: visible(divgrad.upscale(small[3], 3, model=name, dtype="same")),
    ),
]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "filling_parameters.png", small_multiples(rows), channel_axis=-1)
