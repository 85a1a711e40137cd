"""Regions: covering and variation of information on BSDS500's training part, at one setting.

Run ``python bench/tasks/segment_regions.py`` (about 20 minutes; ``--quick`` takes every tenth image, ``--write`` puts
the table into docs/benchmarks.md). Constants were chosen on every second photograph, the others are held out;
scikit-image's rival runs at the best of its settings on each half.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import loadmat
from scipy.sparse import coo_matrix
from skimage.segmentation import felzenszwalb

sys.path.insert(0, str(Path(__file__).parents[1]))

import divgrad
from measure import publish, table

BSDS = Path(__file__).parents[3] / "shared" / "data" / "bsds500"
SCALES = (200, 300, 500, 700)


def truths(stem: str) -> list[Any]:
    """Return the segmentations by several people."""
    found = next((BSDS / "groundTruth").rglob(f"{stem}.mat"))
    return [
        part["Segmentation"][0, 0].astype(np.int64) for part in loadmat(found)["groundTruth"][0]
    ]


def score(labels: Any, people: list[Any]) -> tuple[float, float]:
    """Return covering and variation of information (bits), means over people."""
    coverings, variations = [], []
    for person in people:
        ones = np.ones(labels.size)
        both = coo_matrix((ones, (person.ravel(), labels.ravel()))).tocsr().tocoo()
        theirs, ours = np.bincount(person.ravel()), np.bincount(labels.ravel())
        best = np.zeros(len(theirs))
        np.maximum.at(best, both.row, both.data / (theirs[both.row] + ours[both.col] - both.data))
        coverings.append(float((theirs * best).sum() / labels.size))
        variations.append(2 * entropy(both.data) - entropy(theirs) - entropy(ours))
    return float(np.mean(coverings)), float(np.mean(variations))


def entropy(counts: Any) -> float:
    """Return the entropy in bits."""
    part = counts[counts > 0] / counts.sum()
    return float(-(part * np.log2(part)).sum())


def main() -> None:
    names = sorted((BSDS / "images").rglob("*.jpg"))
    every = 10 if "--quick" in sys.argv else 1
    rows = []
    for half, paths in (("choosing", names[::2][::every]), ("held out", names[1::2][::every])):
        ours, seconds = [], []
        rivals: dict[int, list[tuple[float, float]]] = {scale: [] for scale in SCALES}
        for path in paths:
            image, people = np.asarray(Image.open(path).convert("RGB")), truths(path.stem)
            start = time.process_time()
            ours.append(score(divgrad.segment(image, channel_axis=-1), people))
            seconds.append(time.process_time() - start)
            for scale, found in rivals.items():
                labels = felzenszwalb(image, scale=scale, sigma=0.8, min_size=scale)
                found.append(score(labels, people))
            print(half, len(ours), np.mean(ours, axis=0).round(4), file=sys.stderr, flush=True)
        best = max(SCALES, key=lambda scale: np.mean([c for c, _ in rivals[scale]]))
        head = f"{half}, {len(paths)} images"
        for name, found in (("segment", ours), (f"felzenszwalb, scale {best}", rivals[best])):
            covering, variation = np.mean(found, axis=0)
            spent = f"{np.median(seconds):.2f}" if name == "segment" else ""
            rows.append([head, name, f"{covering:.3f}", f"{variation:.3f}", spent])
    text = table(["", "", "covering", "variation of information", "CPU s"], rows)
    publish("segment_regions", text)


if __name__ == "__main__":
    main()
