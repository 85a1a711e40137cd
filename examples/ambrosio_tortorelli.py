"""Denoise a picture and draw its edges in one go."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = data.camera()[64:320, 128:384].astype(np.float32)
noisy = image + np.random.default_rng(0).normal(0.0, 10.0, image.shape).astype(np.float32)
pair = np.stack([noisy, np.zeros_like(noisy)])
flow = divgrad.AmbrosioTortorelli(contrast=10.0, width=0.7, weight=0.1)
u, edges = divgrad.evolve(pair, flow, until=divgrad.Time(60.0), channel_axis=0).u
print("error", float(np.std(noisy - image)), "->", float(np.std(u - image)))
pictures = np.hstack([noisy, u, 255 * edges]).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "ambrosio_tortorelli.png", pictures)
