"""A photograph, its detail and contrast enhanced, and the light that was left without detail."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = data.camera()
made = divgrad.enhance(image, dtype="same", report=True)
print(*made.report, sep="\n")
cut = np.s_[60:316, 130:386]
shown = [one[cut] for one in (image, made.image, np.rint(made.base).astype("u1"))]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "enhance.png", np.hstack(shown))
