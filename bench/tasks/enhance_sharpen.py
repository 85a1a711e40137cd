"""Sharpening: photographs blurred and with noise, against unsharp masking and deconvolution that is told the blur.

Run ``python bench/tasks/enhance_sharpen.py`` (about a minute; ``--write`` puts the table into docs/benchmarks.md). Five
images of Set12, their upper left 256 x 256 pixels, on which nothing was chosen.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.filters import unsharp_mask
from skimage.restoration import richardson_lucy, wiener

from divgrad import sharpen

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import publish, table

DATA = Path(__file__).parents[3] / "shared" / "data" / "set12"
NAMES = ("04", "05", "07", "11", "12")
CASES = ((1.5, 2.0), (1.5, 8.0), (3.0, 2.0), (3.0, 8.0))


def psnr(u: Any, clean: Any) -> float:
    """Return it without a border of 16 pixels, at which deconvolution rings."""
    inner = np.s_[16:-16, 16:-16]
    return float(10 * np.log10(255**2 / np.mean((np.clip(u, 0, 255) - clean)[inner] ** 2)))


def spread(blur: float) -> Any:
    """Return the Gaussian as an image."""
    half = round(4 * blur)
    point = np.zeros((2 * half + 1, 2 * half + 1))
    point[half, half] = 1
    return gaussian_filter(point, blur)


def main() -> None:
    methods: dict[str, Callable[[Any, float], Any]] = {
        "blurred and noisy": lambda u, s: u,
        "unsharp_mask, blur known": lambda u, s: 255 * unsharp_mask(u / 255, s, 1.0),
        "Richardson-Lucy, 10 iterations, blur known": lambda u, s: (
            255 * richardson_lucy(u / 255, spread(s), num_iter=10)
        ),
        "Wiener, balance 0.1, blur known": lambda u, s: 255 * wiener(u / 255, spread(s), 0.1),
        "divgrad sharpen": lambda u, s: sharpen(u),
        "divgrad sharpen, blur known": lambda u, s: sharpen(u, s),
    }
    clean = [
        np.asarray(Image.open(DATA / f"{name}.png").convert("L"), np.float32)[:256, :256]
        for name in NAMES
    ]
    rows = []
    for name, method in methods.items():
        row, seconds = [name], 0.0
        for blur, noise in CASES:
            scores = []
            for seed, c in enumerate(clean):
                rough = np.random.default_rng(seed).normal(0, noise, c.shape)
                u = np.clip(gaussian_filter(c, blur) + rough, 0, 255).astype(np.float32)
                begin = time.process_time()
                scores.append(psnr(method(u, blur), c))
                seconds += time.process_time() - begin
            row.append(f"{statistics.fmean(scores):.2f}")
        rows.append([*row, f"{seconds / len(clean) / len(CASES):.2f}"])
    header = ["PSNR, dB", *(f"blur {b:g}, noise {n:g}" for b, n in CASES), "CPU s"]
    publish("enhance-sharpen", table(header, rows))


if __name__ == "__main__":
    main()
