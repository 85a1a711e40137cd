"""Three strokes on a photograph: what is cut out, by contrast alone and with colour and place besides."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage import data

import divgrad
from divgrad.cli.drawing import overlaid, side_by_side, visible
from divgrad.io import write

photograph = data.coffee()[20:380:2, 60:500:2]
sheet = Image.new("L", photograph.shape[1::-1])
pen = ImageDraw.Draw(sheet)
pen.line([(75, 95), (85, 125), (130, 130), (145, 90), (140, 45), (90, 35)], fill=2, width=5)
pen.line([(120, 70), (95, 100)], fill=2, width=5)
pen.line([(8, 100), (8, 8), (60, 8)], fill=1, width=5)
pen.line([(40, 172), (212, 172), (212, 20)], fill=1, width=5)
seeds = np.asarray(sheet)
shown = visible(photograph, -1)
panels = {"photograph": shown, "seeds": overlaid(shown, seeds)}
for title, trust in (("contrast alone: trust 0", 0.0), ("the default", 0.01)):
    found = divgrad.segment_seeded(photograph, seeds, trust=trust, channel_axis=-1) == 2
    panels[title] = np.where(found[..., None], shown, np.uint8(255))
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "segment_seeded.png", side_by_side(panels), channel_axis=-1)
