"""Text on pages: F-measure on DIBCO 2009 to 2012 against Otsu's and Sauvola's thresholds.

Run ``python bench/tasks/segment_pages.py`` (about 2 minutes; ``--quick`` takes every fifth page, ``--write`` puts the
table into docs/benchmarks.md). The pages are those on which the defaults were chosen.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage.color import rgb2gray
from skimage.filters import threshold_otsu, threshold_sauvola

sys.path.insert(0, str(Path(__file__).parents[1]))

import divgrad
from measure import publish, table

DIBCO = Path(__file__).parents[3] / "shared" / "data" / "dibco"
YEARS = ("2009", "2010", "2011", "2012")


def otsu(page: Any) -> Any:
    grey = rgb2gray(page)
    return grey < threshold_otsu(grey)


def sauvola(window: int, k: float) -> Callable[[Any], Any]:
    def method(page: Any) -> Any:
        grey = 255 * rgb2gray(page)
        return grey < threshold_sauvola(grey, window, k, 128.0)

    return method


METHODS: dict[str, Callable[[Any], Any]] = {
    "segment_pages": lambda page: divgrad.segment_pages(page, channel_axis=-1) > 0,
    "Otsu": otsu,
    "Sauvola, window 41, k 0.2": sauvola(41, 0.2),
    "Sauvola, window 25, k 0.1": sauvola(25, 0.1),
    "Sauvola, window 61, k 0.15": sauvola(61, 0.15),
}


def f_measure(found: Any, truth: Any) -> float:
    both = float((found & truth).sum())
    return 200.0 * both / float(found.sum() + truth.sum())


def main() -> None:
    pages = sorted(DIBCO.glob("20*/Originals/*.png"))[:: 5 if "--quick" in sys.argv else 1]
    scores: dict[str, dict[str, list[float]]] = {m: {y: [] for y in YEARS} for m in METHODS}
    seconds, pixels = dict.fromkeys(METHODS, 0.0), 0
    for path in pages:
        page = np.asarray(Image.open(path).convert("RGB"))
        truth = path.parents[1] / "GT" / f"{path.stem}_gt.png"
        text = np.asarray(Image.open(truth).convert("L")) < 128
        pixels += text.size
        for name, method in METHODS.items():
            start = time.process_time()
            found = method(page)
            seconds[name] += time.process_time() - start
            scores[name][path.stem[:4]].append(f_measure(found, text))
    rows = []
    for name, years in scores.items():
        means = [f"{np.mean(values):.1f}" if values else "" for values in years.values()]
        overall = np.mean([value for values in years.values() for value in values])
        rows.append([name, *means, f"{overall:.2f}", f"{seconds[name] / pixels * 1e6:.2f}"])
    head = ["F-measure, %", *YEARS, "all pages", "CPU s per Mpixel"]
    publish("segment_pages", table(head, rows))


if __name__ == "__main__":
    main()
