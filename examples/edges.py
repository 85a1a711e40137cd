"""A photograph, how strong an edge each pixel is; its edges, and those of the Canny filter for comparison."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import color, data, feature

import divgrad
from divgrad.io import write

photograph = data.coffee()[20:380:2, 100:580:2]
found = divgrad.edges(photograph, channel_axis=-1, report=True)
canny = feature.canny(color.rgb2gray(photograph), sigma=1.5)
grey = [np.uint8(255 * (1 - part)) for part in (found.strength, found.image, canny)]
panels = [photograph, *(np.repeat(part[..., None], 3, axis=-1) for part in grey)]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
top, bottom = np.hstack(panels[:2]), np.hstack(panels[2:])
write(folder / "edges.png", np.vstack([top, bottom]), channel_axis=-1)
