"""Pages flattened, then Otsu's one threshold: F-measure on DIBCO 2009-2012 against CLAHE + Otsu and Sauvola.

Run ``python bench/tasks/enhance_pages.py`` (about 3 minutes; ``--write`` puts the table into docs/benchmarks.md). The
constants of ``flatten``, and the rivals' best settings, were chosen on the ten pages of 2009.
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
from skimage.exposure import equalize_adapthist
from skimage.filters import threshold_otsu, threshold_sauvola

from divgrad import flatten

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import publish, table

DATA = Path(__file__).parents[3] / "shared" / "data" / "dibco"
YEARS = ("2009", "2010", "2011", "2012")


def pages(year: str) -> list[tuple[Any, Any]]:
    """Return page and text of a year."""
    found = []
    for path in sorted((DATA / year / "Originals").glob("*")):
        truth = next((DATA / year / "GT").glob(path.stem + "*"))
        text = np.asarray(Image.open(truth).convert("L")) < 128
        found.append((np.asarray(Image.open(path).convert("L")), text))
    return found


def f_measure(found: Any, text: Any) -> float:
    """Return it in percent."""
    hits = np.count_nonzero(found & text)
    return 200.0 * hits / (np.count_nonzero(found) + np.count_nonzero(text))


def otsu(u: Any) -> Any:
    return u < threshold_otsu(u)


def main() -> None:
    methods: dict[str, Callable[[Any], Any]] = {
        "Otsu": otsu,
        "CLAHE (scikit-image's default) + Otsu": lambda u: otsu(equalize_adapthist(u)),
        "CLAHE, clip limit 0.002 + Otsu": lambda u: otsu(equalize_adapthist(u, clip_limit=0.002)),
        "Sauvola (scikit-image's default)": lambda u: u < threshold_sauvola(u),
        "Sauvola, window 51, k = 0.3": lambda u: u < threshold_sauvola(u, 51, 0.3),
        "divgrad flatten + Otsu": lambda u: otsu(flatten(u, dtype="same")),
    }
    scores: dict[str, list[list[float]]] = {name: [] for name in methods}
    seconds = dict.fromkeys(methods, 0.0)
    count = 0
    for year in YEARS:
        scenes = pages(year)
        count += len(scenes)
        for name, method in methods.items():
            if year == YEARS[0]:
                method(scenes[0][0])
            begin = time.process_time()
            scores[name].append([f_measure(method(u), text) for u, text in scenes])
            seconds[name] += time.process_time() - begin
    rows = []
    for name, years in scores.items():
        means = [statistics.fmean(year) for year in years]
        together = [score for year in years for score in year]
        row = [*means, statistics.fmean(together), min(together)]
        rows.append([name, *(f"{mean:.1f}" for mean in row), f"{seconds[name] / count:.2f}"])
    header = ["F-measure, %", *YEARS, "all", "worst page", "CPU seconds per page"]
    publish("enhance-pages", table(header, rows))


if __name__ == "__main__":
    main()
