"""A page in bad light, and Otsu's threshold of it; the page flattened, and the same threshold."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data
from skimage.filters import threshold_otsu

import divgrad
from divgrad.io import write

page = data.page()
flat = divgrad.flatten(page, dtype="same")
rows = [[u, np.where(u < threshold_otsu(u), 0, 255).astype("u1")] for u in (page, flat)]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "flatten.png", np.vstack([np.hstack(row) for row in rows]))
