"""A photograph with a text over it: as it is, filled by heat flow, by diffusion-shock flow, and by default."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage import data

import divgrad
from divgrad.io import write

clean = data.astronaut()[0:240, 110:350]
sheet = Image.fromarray(clean)
pen = ImageDraw.Draw(sheet)
for row in range(4, 240, 30):
    pen.text(
        (5 - row % 50, row),
        "scratched, stained, written upon " * 2,
        (255, 0, 0),
        ImageFont.load_default(20),
    )
written = np.asarray(sheet)
written = np.where((written != clean).any(axis=-1, keepdims=True), np.uint8([255, 0, 0]), clean)
flows = (divgrad.Heat(), divgrad.DiffusionShock(contrast=5), None)
filled = [
    divgrad.inpaint(written, (255, 0, 0), using=flow, channel_axis=-1, dtype="same")
    for flow in flows
]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "inpaint.png", np.hstack([written, *filled]), channel_axis=-1)
