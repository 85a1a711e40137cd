"""Detail and contrast: what texture gains, what noise gains, and how far a step edge overshoots, against other tools.

Run ``python bench/tasks/enhance_detail.py`` (a few seconds; ``--write`` puts the table into docs/benchmarks.md).
Everything is synthetic, with black and white pixels in a corner so that all see the range 0..255. Gains are ratios of
standard deviations; overshoot is a part of the step's height, the worst of 0, 20 and 45 degrees.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from skimage.exposure import equalize_adapthist
from skimage.filters import unsharp_mask

from divgrad import enhance

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import publish, table

SIZE, EDGE = 192, 24
INNER = np.s_[EDGE:-EDGE, EDGE:-EDGE]
Y, X = np.mgrid[:SIZE, :SIZE] - SIZE / 2
HEIGHTS = (20, 41, 80, 160)


def bytes_of(u: Any) -> Any:
    u = u.copy()
    u[0, 0], u[-1, -1] = 0, 255
    return np.clip(np.rint(u), 0, 255).astype(np.uint8)


def overshoot(method: Callable[[Any], Any], height: float) -> float:
    """Return it in percent."""
    worst = 0.0
    for degrees in (0, 20, 45):
        across = np.cos(np.radians(degrees)) * X + np.sin(np.radians(degrees)) * Y
        u = bytes_of(40 + height * np.clip(across + 0.5, 0, 1))
        v = method(u)[INNER].astype(float)
        away = np.abs(across[INNER])
        low, high = (np.median(v[(away > 40) & (s * across[INNER] > 0)]) for s in (-1, 1))
        near = away < 30
        beyond = max(v[near].max() - high, low - v[near].min(), 0.0)
        worst = max(worst, 100 * beyond / max(high - low, 1e-9))
    return worst


def main() -> None:
    methods: dict[str, Callable[[Any], Any]] = {
        "divgrad enhance": lambda u: enhance(u, dtype="same"),
        "divgrad enhance, detail=4": lambda u: enhance(u, 4.0, dtype="same"),
        "scikit-image CLAHE": lambda u: 255 * equalize_adapthist(u),
        "scikit-image unsharp_mask, radius 2": lambda u: 255 * unsharp_mask(u, 2, 1.0),
        "OpenCV detailEnhance": lambda u: cv2.detailEnhance(np.stack([u] * 3, -1))[..., 0],
    }
    texture = bytes_of(128 + 6 * np.sin(X) * np.sin(0.7 * Y))
    noise = bytes_of(128 + np.random.default_rng(0).normal(0, 8, (SIZE, SIZE)))
    rows = []
    for name, method in methods.items():
        gains = [method(u)[INNER].astype(float).std() / u[INNER].std() for u in (texture, noise)]
        halos = [overshoot(method, height) for height in HEIGHTS]
        rows.append([name, *(f"{g:.2f}" for g in gains), *(f"{h:.1f} %" for h in halos)])
    header = ["", "texture", "noise", *(f"overshoot, step of {h}" for h in HEIGHTS)]
    publish("enhance-detail", table(header, rows))


if __name__ == "__main__":
    main()
