"""Circles drawn roughly around objects shrink to their outlines: geodesic active contours."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.cli.drawing import overlaid, side_by_side, visible
from divgrad.io import write

coins = data.coins()[100:240, 170:310]
row, col = np.mgrid[: coins.shape[0], : coins.shape[1]]
circles, outlines = np.zeros(coins.shape, np.uint8), np.zeros(coins.shape, np.uint8)
for number, (y, x, radius) in enumerate(((99, 44, 29), (94, 106, 28), (24, 35, 25)), 1):
    circles[np.abs(np.hypot(row - y, col - x) - radius) < 1] = number
    outlines[divgrad.segment_contour(coins, (y, x, radius)) == 1] = number
shown = visible(coins)
panels = {
    "coins": shown,
    "drawn by hand": overlaid(shown, circles),
    "segment_contour": overlaid(shown, outlines),
}
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "segment_contour.png", side_by_side(panels), channel_axis=-1)
