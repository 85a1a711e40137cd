"""What the main parameters of the segmenting tasks do, a row for each, four values from left to right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import data

import divgrad
from divgrad.cli.drawing import labelled, overlaid, small_multiples, visible
from divgrad.io import read, write

Picture = NDArray[np.uint8]
cup = data.coffee()[20:340:2, 120:440:2]
coins = data.coins()[20:180, 210:370]
nuclei = read(Path(__file__).with_name("nuclei.png")).array[90:250, 0:160]
retina = data.retina()[::2, ::2, 1][300:460, 180:340]
page = data.page()[20:180, 60:220]
seeds = np.zeros(cup.shape[:2], np.uint8)
seeds[:3], seeds[60:100, 70:100] = 1, 2


def over(image: Picture, labels: Callable[[Any], Any]) -> Callable[[Any], Picture]:
    """Return a picture of the labels that a value leads to, drawn over the image."""
    shown = visible(image, -1 if image.ndim == 3 else None)
    return lambda value: overlaid(shown, labels(value))


def cut(sharpness: float = 3.0, trust: float = 0.01) -> Picture:
    """Return what the seeds cut out."""
    labels = divgrad.segment_seeded(cup, seeds, sharpness=sharpness, trust=trust, channel_axis=-1)
    return np.where((labels == 2)[..., None], cup, np.uint8(255))


rows = [
    (
        "segment: threshold",
        (0.3, 0.5, 0.7, 1.2),
        over(cup, lambda value: divgrad.segment(cup, value, channel_axis=-1)),
    ),
    ("segment_seeded: sharpness", (0, 1, 3, 30), cut),
    ("segment_seeded: trust", (0, 0.01, 0.1, 1), lambda value: cut(trust=value)),
    (
        "segment_phases: phases",
        (2, 3, 4, 6),
        lambda value: labelled(divgrad.segment_phases(cup, value, channel_axis=-1)),
    ),
    (
        "segment_phases: smoothness",
        (0, 3, 30, 300),
        over(coins, lambda value: divgrad.segment_phases(coins, smoothness=value) == 2),
    ),
    (
        "segment_objects: diameter",
        (3, 8, 16, 40),
        over(nuclei.astype(float), lambda value: divgrad.segment_objects(nuclei, value)),
    ),
    (
        "segment_objects: split",
        (0.001, 0.05, 0.5, 2),
        over(nuclei.astype(float), lambda value: divgrad.segment_objects(nuclei, split=value)),
    ),
    (
        "segment_lines: width",
        (1, 4, 8, 16),
        over(retina, lambda value: divgrad.segment_lines(retina, value) > 0),
    ),
    (
        "segment_lines: threshold",
        (3, 6, 10, 30),
        over(retina, lambda value: divgrad.segment_lines(retina, threshold=value) > 0),
    ),
    (
        "segment_pages: stroke",
        (1, 2.5, 5, 10),
        lambda value: visible(divgrad.segment_pages(page, value) == 0, among=(0, 1)),
    ),
]
folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
write(folder / "segment_parameters.png", small_multiples(rows), channel_axis=-1)
