"""What the main parameters do, four values of each from left to right, one row each.

Rows: detail of enhance (0, 1, 2, 4); light of enhance (0, 0.25, 0.5, 1); strength of sharpen (0, 1, 1.5, 4); gap of
enhance_lines (0, 8, 16, 48); scale of flatten (4, 12, 40, 160).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage import data

import divgrad
from divgrad.io import write

face = data.camera()[70:230, 150:310]
soft = np.rint(gaussian_filter(data.camera().astype(float), 1.5)[70:230, 150:310]).astype("u1")
retina = data.retina()[::2, ::2, 1][300:460, 180:340]
page = data.page()[:160, :160]
rows = [
    [divgrad.enhance(face, value, light=0.0, dtype="same") for value in (0, 1, 2, 4)],
    [divgrad.enhance(face, light=value, dtype="same") for value in (0, 0.25, 0.5, 1)],
    [divgrad.sharpen(soft, strength=value, dtype="same") for value in (0, 1, 1.5, 4)],
    [divgrad.enhance_lines(retina, 5.0, gap=value, dtype="same") for value in (0, 8, 16, 48)],
    [divgrad.flatten(page, value, dtype="same") for value in (4, 12, 40, 160)],
]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "enhance_parameters.png", np.vstack([np.hstack(row) for row in rows]))
