"""A photograph: as it is; the map of boundaries; the regions that they part, of two sizes."""

from __future__ import annotations

import sys
from pathlib import Path

from skimage import data

import divgrad
from divgrad.cli.drawing import overlaid, side_by_side, visible
from divgrad.io import write

photograph = data.coffee()[20:380:2, 60:500:2]
fine = divgrad.segment(photograph, 0.4, channel_axis=-1)
made = divgrad.segment(photograph, channel_axis=-1, report=True)
print(*made.report, sep="\n")
shown = visible(photograph, -1)
panels = {
    "photograph": shown,
    "boundaries": visible(made.panels["boundary"]),
    "threshold 0.4": overlaid(shown, fine),
    "threshold 0.7, the default": overlaid(shown, made.image),
}
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "segment.png", side_by_side(panels), channel_axis=-1)
