"""Objects: average precision at an overlap of one half, pooled over fluorescence images of nuclei.

Run ``python bench/tasks/segment_objects.py`` (about a minute; ``--write`` puts the table into docs/benchmarks.md).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter, label
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.segmentation import watershed

sys.path.insert(0, str(Path(__file__).parents[1]))

import divgrad
from measure import publish, table

NUCLEI = Path(__file__).parents[3] / "shared" / "data" / "nuclei"


def watershed_of_distance(distance: int, sigma: float) -> Callable[[Any], Any]:
    def method(image: Any) -> Any:
        soft = gaussian_filter(image, sigma)
        mask = soft > threshold_otsu(soft)
        deep = gaussian_filter(distance_transform_edt(mask), sigma)
        peaks = peak_local_max(
            deep, min_distance=distance, labels=label(mask)[0], exclude_border=False
        )
        seeds = np.zeros(image.shape, int)
        seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        return watershed(-deep, seeds, mask=mask)

    return method


METHODS: dict[str, Callable[[Any], Any]] = {
    "segment_objects": divgrad.segment_objects,
    **{
        f"Otsu, watershed, peaks {d} apart, sigma {s:g}": watershed_of_distance(d, s)
        for d, s in ((7, 1.0), (10, 1.0), (7, 2.0), (10, 2.0))
    },
}


def matches(found: Any, truth: Any) -> Any:
    """Return true positives, false positives, false negatives."""
    n, m = int(found.max()) + 1, int(truth.max()) + 1
    both = np.bincount((found.astype(int) * m + truth).ravel(), minlength=n * m).reshape(n, m)
    one, other = both.sum(1), both.sum(0)
    union = one[:, None] + other[None] - both
    right = int((both / np.maximum(union, 1) > 0.5)[1:, 1:].sum())
    return np.array([right, (one[1:] > 0).sum() - right, (other[1:] > 0).sum() - right])


def main() -> None:
    counts = dict.fromkeys(METHODS, np.zeros(3))
    seconds, pixels = dict.fromkeys(METHODS, 0.0), 0
    worst: list[tuple[float, str]] = []
    for path in sorted((NUCLEI / "images").iterdir()):
        image = np.asarray(Image.open(path).convert("L"), np.float32)
        truth = np.asarray(Image.open(NUCLEI / "masks" / path.name)).astype(int)
        pixels += truth.size
        for name, method in METHODS.items():
            start = time.process_time()
            found = method(image)
            seconds[name] += time.process_time() - start
            now = matches(found, truth)
            counts[name] = counts[name] + now
            if name == "segment_objects":
                worst.append(
                    (now[0] / now.sum(), f"{path.stem[:6]}: {now[0]} of {now[0] + now[2]}")
                )
    rows = []
    for name, (right, wrong, missed) in counts.items():
        share = right / (right + wrong + missed)
        cells = [f"{share:.3f}", f"{right:.0f}", f"{wrong:.0f}", f"{missed:.0f}"]
        rows.append([name, *cells, f"{seconds[name] / pixels * 1e6:.2f}"])
    print("worst:", [text for _, text in sorted(worst)[:4]], file=sys.stderr)
    head = ["nuclei, all 40 images", "AP at .5", "right", "wrong", "missed", "CPU s per Mpixel"]
    publish("segment_objects", table(head, rows))


if __name__ == "__main__":
    main()
