"""Coins: as they are; in two phases; and an eye in four phases of colour."""

from __future__ import annotations

import sys
from pathlib import Path

from skimage import data

import divgrad
from divgrad.cli.drawing import labelled, overlaid, side_by_side, visible
from divgrad.io import write

coins = data.coins()[20:180, 20:212]
eye = data.chelsea()[40:200, 100:292]
panels = {
    "coins": visible(coins),
    "two phases": overlaid(visible(coins), divgrad.segment_phases(coins) == 2),
    "eye": visible(eye, -1),
    "four phases": labelled(divgrad.segment_phases(eye, 4, channel_axis=-1)),
}
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "segment_phases.png", side_by_side(panels), channel_axis=-1)
