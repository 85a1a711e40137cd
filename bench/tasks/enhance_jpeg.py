"""JPEG repair: PSNR on classic5, luma, against filters from pip, each at its best setting on other images.

Run ``python bench/tasks/enhance_jpeg.py`` (about 4 minutes; ``--write`` puts the table into docs/benchmarks.md,
``--develop`` takes eight images of Set12 that are not in classic5, on which constants were chosen).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage.restoration import denoise_bilateral, denoise_nl_means, denoise_tv_chambolle

from divgrad import denoise, learned, repair_jpeg
from divgrad.learned.noises import compressed

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import publish, table

DATA = Path(__file__).parents[3] / "shared" / "data"
OTHERS = ("01", "02", "04", "05", "06", "07", "11", "12")
QUALITIES = (10, 20, 30, 40)
Method = Callable[[Any, Any], Any]


def images(develop: bool) -> list[Any]:
    """Return the clean images."""
    paths = sorted((DATA / "classic5").glob("*.bmp"))
    if develop:
        paths = [DATA / "set12" / f"{name}.png" for name in OTHERS]
    return [np.asarray(Image.open(path).convert("L"), np.float32) for path in paths]


def methods() -> dict[str, Method]:
    """Return what is compared: rivals as was best for them at qualities 10 and 20 on the eight images."""

    def filtered(call: Callable[[Any, float], Any]) -> Method:
        return lambda u, t: 255 * call(u / 255, learned.noises.jpeg_level(t) / 255)

    return {
        "JPEG": lambda u, t: u,
        "scikit-image bilateral": filtered(
            lambda u, s: denoise_bilateral(u, sigma_color=0.7 * s, sigma_spatial=3)
        ),
        "scikit-image TV": filtered(lambda u, s: denoise_tv_chambolle(u, 0.5 * s)),
        "scikit-image non-local means": filtered(
            lambda u, s: denoise_nl_means(u, 5, 6, h=0.6 * s, sigma=0.5 * s, fast_mode=True)
        ),
        "divgrad denoise, level given": lambda u, t: denoise(u, 0.8 * learned.noises.jpeg_level(t)),
        "divgrad repair_jpeg, model=None": lambda u, t: repair_jpeg(u, tables=[t.ravel()], model=None),
        "divgrad repair_jpeg": lambda u, t: repair_jpeg(u, tables=[t.ravel()]),
        "divgrad repair_jpeg, tables not given": lambda u, t: repair_jpeg(u),
    }  # fmt: skip


def psnr(u: Any, clean: Any) -> float:
    return float(10 * np.log10(255**2 / np.mean((np.clip(u, 0, 255) - clean) ** 2)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--develop", action="store_true")
    arguments = parser.parse_args()
    scenes = images(arguments.develop)
    spoilt = {q: [compressed(clean, q) for clean in scenes] for q in QUALITIES}
    found: dict[str, list[str]] = {}
    for name, method in methods().items():
        method(*spoilt[10][0])
        begin, rows = time.process_time(), []
        for q in QUALITIES:
            scores = [psnr(method(u, t), c) for (u, t), c in zip(spoilt[q], scenes, strict=True)]
            rows.append(f"{statistics.fmean(scores):.2f}")
        took = (time.process_time() - begin) / (len(QUALITIES) * len(scenes))
        found[name] = [*rows, f"{took:.2f}"]
    header = ["classic5, luma, dB", *(f"quality {q}" for q in QUALITIES), "CPU seconds per image"]
    publish("enhance-jpeg", table(header, [[name, *row] for name, row in found.items()]))


if __name__ == "__main__":
    main()
