"""A retina: as it is; how strongly each pixel lies on a line; the vessels."""

from __future__ import annotations

import sys
from pathlib import Path

from skimage import data

import divgrad
from divgrad.cli.drawing import overlaid, side_by_side, visible
from divgrad.io import write

retina = data.retina()[::2, ::2][180:440, 130:390]
made = divgrad.segment_lines(retina, channel_axis=-1, report=True)
print(*made.report, sep="\n")
strength = made.panels["strength"]
grey = visible(retina[..., 1])
panels = {
    "retina": visible(retina, -1),
    "strength of lines": visible(strength, among=(0.0, float(strength.max()) / 3)),
    "vessels": overlaid(grey, made.image > 0),
}
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "segment_lines.png", side_by_side(panels), channel_axis=-1)
