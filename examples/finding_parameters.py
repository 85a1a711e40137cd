"""What the main parameters of finding edges and targets do, a row for each, four values from left to right."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from skimage import data
from skimage.transform import AffineTransform, warp

import divgrad
from divgrad.cli.drawing import overlaid, small_multiples, visible
from divgrad.io import write

face = data.camera()[70:230, 150:310]
target = data.camera()[70:230, 180:310][::2, ::2].astype(float)
scene = data.coins()[20:180, 20:230].astype(float)
for size, turn, col, row in ((1.0, 20.0, 40.0, 10.0), (0.9, -30.0, 120.0, 60.0)):
    pose = AffineTransform(scale=size, rotation=np.radians(turn), translation=(col, row))
    part = warp(target, pose.inverse, output_shape=scene.shape, cval=np.nan)
    scene = np.where(np.isfinite(part), part, scene)
scene += np.random.default_rng(0).normal(0, 15, scene.shape)
shown = visible(scene, among=(0, 255))
rows = [
    ("edges: threshold", (0.1, 0.2, 0.4, 0.8), lambda n: visible(~divgrad.edges(face, n))),
    ("edges: scale", (2, 5, 10, 20), lambda n: visible(~divgrad.edges(face, scale=n))),
    ("edges: shortest", (1, 30, 100), lambda n: visible(~divgrad.edges(face, shortest=n))),
    (
        "targets: least",
        (8, 64),
        lambda n: overlaid(shown, divgrad.targets(scene, target, least=n)),
    ),
    ("targets: most", (1, 2), lambda n: overlaid(shown, divgrad.targets(scene, target, most=n))),
]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "finding_parameters.png", small_multiples(rows), channel_axis=-1)
