"""A target; a noisy scene with two copies, turned and scaled; where they are found."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data
from skimage.transform import AffineTransform, warp

import divgrad
from divgrad.cli.drawing import overlaid, visible
from divgrad.io import write

target = data.camera()[60:300, 150:390][::2, ::2]
scene = data.coins()[:260, :320].astype(float)
for size, turn, col, row in ((0.8, 25.0, 60.0, 15.0), (1.1, -60.0, 160.0, 200.0)):
    pose = AffineTransform(scale=size, rotation=np.radians(turn), translation=(col, row))
    part = warp(target.astype(float), pose.inverse, output_shape=scene.shape, cval=np.nan)
    scene = np.where(np.isfinite(part), part, scene)
noisy = np.clip(scene + np.random.default_rng(0).normal(0, 25, scene.shape), 0, 255).astype("u1")
found = divgrad.targets(noisy, target)
left = np.full((260, 140, 3), 255, np.uint8)
left[70:190, 10:130] = target[..., None]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
panels = np.hstack([left, visible(noisy), overlaid(visible(noisy), found)])
write(folder / "targets.png", panels, channel_axis=-1)
