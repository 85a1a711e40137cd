"""Raise the contrast of a dull picture, and hold its noise down meanwhile."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = data.moon()[128:384, 128:384].astype(np.float32)
equal = divgrad.HistogramModification(low=0.0, high=255.0)
half, most = (divgrad.evolve(image, equal, until=divgrad.Time(time)).u for time in (0.4, 1.5))
smooth = divgrad.Sum([equal, divgrad.PeronaMalik(contrast=40.0)])
both = divgrad.evolve(image, smooth, until=divgrad.Time(1.5)).u
pictures = np.hstack([image, half, most, both]).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "histogram_modification.png", pictures)
