"""Smooth a face without staircases: second order ends in flat patches, fourth order in shades."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data

import divgrad
from divgrad.io import write

image = data.astronaut()[16:240, 112:336].mean(axis=-1).astype(np.float32)
noisy = image + np.random.default_rng(0).normal(0.0, 12.0, image.shape).astype(np.float32)
until = divgrad.Discrepancy(12.0)
second = divgrad.evolve(noisy, divgrad.PeronaMalik(contrast=14.0), until=until)
fourth = divgrad.evolve(noisy, divgrad.FourthOrder(contrast=25.0), until=until)
for solution in (second, fourth):
    print(solution.equation, solution.reason, float(np.std(solution.u - image)))
pictures = np.hstack([noisy, second.u, fourth.u]).clip(0, 255).astype(np.uint8)
write(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "fourth_order.png", pictures)
