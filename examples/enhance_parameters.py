"""What the main parameters of the enhancing tasks do, a row for each, four values from left to right."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage import data

import divgrad
from divgrad.cli.drawing import small_multiples, visible
from divgrad.io import write

camera = data.camera()
face = camera[80:216, 160:296]
soft = np.rint(gaussian_filter(camera.astype(float), 1.5)[80:216, 160:296])
noisy = np.clip(soft + np.random.default_rng(0).normal(0, 5, soft.shape), 0, 255).astype("u1")
retina = data.retina()[::2, ::2, 1][200:360, 230:390].astype(np.float32)
broken = retina + np.random.default_rng(1).normal(0, 3, retina.shape).astype(np.float32)
for row, col in np.random.default_rng(2).integers(8, 152, (60, 2)):
    part = (slice(row - 4, row + 4), slice(col - 4, col + 4))
    broken[part] = np.median(retina[row - 8 : row + 9, col - 8 : col + 9])
page = data.page()[:160, :160]
file = io.BytesIO()
Image.fromarray(face).save(file, "JPEG", quality=10)
blocks = np.asarray(Image.open(file))
rows = [
    ("enhance: detail", (0, 1, 2, 4), lambda n: visible(divgrad.enhance(face, n, light=0.0, dtype="same"))),
    ("enhance: light", (0, 0.25, 0.5, 1), lambda n: visible(divgrad.enhance(face, light=n, dtype="same"))),
    ("sharpen: strength", (0, 1, 1.5, 4), lambda n: visible(divgrad.sharpen(noisy, strength=n, dtype="same"))),
    ("sharpen: blur", (0.5, 1, 1.5, 3), lambda n: visible(divgrad.sharpen(noisy, n, dtype="same"))),
    ("sharpen: sigma", (0, 2, 5, 15), lambda n: visible(divgrad.sharpen(noisy, sigma=n, dtype="same"))),
    ("enhance_lines: width", (1, 3, 5, 12), lambda n: visible(divgrad.enhance_lines(broken, n))),
    ("enhance_lines: gap", (0, 8, 16, 48), lambda n: visible(divgrad.enhance_lines(broken, 5.0, gap=n))),
    ("flatten: scale", (4, 12, 40, 80), lambda n: visible(divgrad.flatten(page, n, dtype="same"))),
    ("repair_jpeg: quality", (4, 10, 25, 60), lambda n: visible(divgrad.repair_jpeg(blocks, n, dtype="same"))),
]  # fmt: skip
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "enhance_parameters.png", small_multiples(rows), channel_axis=-1)
