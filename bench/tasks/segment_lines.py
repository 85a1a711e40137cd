"""Lines: vessels on DRIVE (AUC, F1) and cracks on CrackForest (F within 5 pixels) against Sato's and Frangi's filters.

Run ``python bench/tasks/segment_lines.py`` (about 3 minutes; ``--quick`` takes every fifth image, ``--write`` puts the
table into docs/benchmarks.md). One parameter set for both; the thresholds of the rivals are the best on these images.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import loadmat
from scipy.ndimage import distance_transform_edt
from skimage.exposure import equalize_adapthist
from skimage.filters import frangi, sato
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).parents[1]))

import divgrad
from measure import publish, table

DATA = Path(__file__).parents[3] / "shared" / "data"
STEP = 5 if "--quick" in sys.argv else 1
LEVELS = np.linspace(
    0.80, 0.98, 19
)  # quantiles of strength that are tried as the rivals' thresholds
Case = tuple[Any, Any, Any]  # image, truth, where to look


def vessels() -> list[Case]:
    found = []
    for path in sorted((DATA / "drive/images").iterdir())[::STEP]:
        number = path.name[:2]
        truth = Image.open(DATA / f"drive/1st_manual/{number}_manual1.gif").convert("L")
        view = Image.open(next((DATA / "drive/mask").glob(f"{number}*"))).convert("L")
        found.append((np.asarray(Image.open(path)), np.asarray(truth) > 0, np.asarray(view) > 0))
    return found


def cracks() -> list[Case]:
    found = []
    for path in sorted((DATA / "cracks/images").iterdir())[::STEP]:
        mat = loadmat(DATA / "cracks/groundTruth" / f"{path.stem}.mat")
        truth = mat["groundTruth"][0, 0]["Segmentation"] == 2
        found.append((np.asarray(Image.open(path)), truth, np.ones(truth.shape, bool)))
    return found


def ours(image: Any, view: Any) -> tuple[Any, Any]:
    found = divgrad.segment_lines(image, channel_axis=-1, mask=view, report=True)
    return found.panels["strength"], found.labels > 0


def rival(
    method: Callable[..., Any], sigmas: tuple[int, ...], equalize: bool
) -> Callable[[Any, Any], tuple[Any, Any]]:
    def strength(image: Any, view: Any) -> tuple[Any, Any]:
        grey = equalize_adapthist(image[..., 1]) if equalize else image[..., 1] / 255.0
        return method(grey, sigmas=sigmas, black_ridges=True) * view, None

    return strength


METHODS = {
    "segment_lines": ours,
    "Sato, sigma 1 to 3, CLAHE": rival(sato, (1, 2, 3), True),
    "Sato, sigma 2 to 4": rival(sato, (2, 3, 4), False),
    "Frangi, sigma 1 to 3, CLAHE": rival(frangi, (1, 2, 3), True),
}


def near(found: Any, truth: Any, reach: float) -> Any:
    """Return how much is found rightly, is found, is recalled, is there."""
    to_truth = distance_transform_edt(~truth) if truth.any() else np.full(truth.shape, np.inf)
    to_found = distance_transform_edt(~found) if found.any() else np.full(truth.shape, np.inf)
    right, recalled = found & (to_truth <= reach), truth & (to_found <= reach)
    return np.array([right.sum(), found.sum(), recalled.sum(), truth.sum()], float)


def f_measure(counts: Any) -> float:
    precision, recall = counts[0] / max(counts[1], 1.0), counts[2] / counts[3]
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def main() -> None:
    rows = []
    for name, method in METHODS.items():
        cells, seconds = [], []
        for cases, reach in ((vessels(), 0.0), (cracks(), 5.0)):
            areas, maps = [], []
            for image, truth, view in cases:
                start = time.process_time()
                strength, found = method(image, view)
                seconds.append((time.process_time() - start) / truth.size * 1e6)
                areas.append(roc_auc_score(truth[view], strength[view]))
                maps.append((strength, found, truth & view, view))
            if reach == 0.0:
                cells.append(f"{np.mean(areas):.4f}")
            if maps[0][1] is not None:
                best = f_measure(sum(near(f & v, t, reach) for _, f, t, v in maps))
            else:
                every = np.concatenate([s[v] for s, _, _, v in maps])
                best = max(
                    f_measure(sum(near((s > level) & v, t, reach) for s, _, t, v in maps))
                    for level in np.quantile(every, LEVELS[::2])
                )
            cells.append(f"{best:.3f}")
        rows.append([name, *cells, f"{np.median(seconds):.2f}"])
        print(rows[-1], file=sys.stderr, flush=True)
    head = ["", "vessels: AUC", "vessels: F1", "cracks: F, 5 pixels", "CPU s per Mpixel"]
    publish("segment_lines", table(head, rows))


if __name__ == "__main__":
    main()
