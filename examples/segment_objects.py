"""Nuclei that touch: as they are; parted and counted; and galaxies.

The nuclei, nuclei.png, are an image of the Data Science Bowl 2018 (CC0).
"""

from __future__ import annotations

import sys
from pathlib import Path

from skimage import data

import divgrad
from divgrad.cli.drawing import overlaid, side_by_side, visible
from divgrad.io import read, write

nuclei = read(Path(__file__).with_name("nuclei.png")).array
made = divgrad.segment_objects(nuclei, report=True)
print(*made.report, sep="\n")
sky = data.hubble_deep_field()[100:356, 300:556]
galaxies = divgrad.segment_objects(sky, channel_axis=-1)
panels = {
    "nuclei": visible(nuclei.astype(float)),
    f"{made.image.max()} objects": overlaid(visible(nuclei.astype(float)), made.image),
    "galaxies": visible(sky, -1),
    f"{galaxies.max()} objects": overlaid(visible(sky, -1), galaxies),
}
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "segment_objects.png", side_by_side(panels), channel_axis=-1)
