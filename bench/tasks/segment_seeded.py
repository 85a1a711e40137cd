"""Seeds: GrabCut-50's lasso (error, %) and second scribbles (overlap) against OpenCV's and scikit-image's.

Run ``python bench/tasks/segment_seeded.py`` (about 5 minutes; ``--quick`` takes every fifth image, ``--write`` puts the
table into docs/benchmarks.md). The constants were chosen on every second of these images, beginning with the first; the
others have columns of their own.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

import divgrad
from measure import publish, table

GRABCUT = Path(__file__).parents[3] / "shared" / "data" / "grabcut"


def picture(folder: str, stem: str) -> Any:
    return Image.open(next((GRABCUT / folder).glob(f"{stem}*")))


def ours(image: Any, seeds: Any) -> Any:
    return divgrad.segment_seeded(image, seeds, channel_axis=-1) == 2


def opencv(image: Any, seeds: Any, unknown: int = cv2.GC_PR_FGD) -> Any:
    mask = np.select([seeds == 1, seeds == 2], [cv2.GC_BGD, cv2.GC_FGD], unknown)
    mask = mask.astype(np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(
        np.ascontiguousarray(image[..., ::-1]), mask, None, *models, 5, cv2.GC_INIT_WITH_MASK
    )
    return np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD))


def plain(image: Any, seeds: Any) -> Any:
    return divgrad.segment_seeded(image, seeds, trust=0.0, channel_axis=-1) == 2


METHODS = {
    "segment_seeded": ours,
    "cv2.grabCut, 5 rounds": opencv,
    "the same, begun with the rest as ground": partial(opencv, unknown=cv2.GC_PR_BGD),
    "segment_seeded, trust 0": plain,
}


def main() -> None:
    rows = []
    for name, method in METHODS.items():
        errors, overlaps, seconds = [], [], []
        for path in sorted((GRABCUT / "images").iterdir())[:: 5 if "--quick" in sys.argv else 1]:
            image = np.asarray(Image.open(path).convert("RGB"))
            truth = np.asarray(picture("segmentation", path.stem).convert("L"))
            lasso = np.asarray(picture("lasso", path.stem).convert("L"))
            drawn = np.asarray(picture("scribbles2", path.stem))
            start = time.process_time()
            found = method(image, np.where(lasso <= 64, 1, np.where(lasso == 255, 2, 0)))
            seconds.append(time.process_time() - start)
            asked = (lasso == 128) & (truth != 128)
            errors.append(100 * float((found != (truth == 255))[asked].mean()))
            found = method(image, np.where(drawn == 1, 2, np.where(drawn == 2, 1, 0)))
            known = truth != 128
            both, either = found & (truth == 255) & known, (found | (truth == 255)) & known
            overlaps.append(float(both.sum() / either.sum()))
        cells = [
            *(f"{np.mean(part):.2f}" for part in (errors, errors[1::2])),
            *(f"{np.mean(part):.3f}" for part in (overlaps, overlaps[1::2])),
            f"{np.median(seconds):.2f}",
        ]
        rows.append([name, *cells])
        print(rows[-1], file=sys.stderr, flush=True)
    head = [
        "", "lasso: error, %", "of images not chosen on", "scribbles: overlap", "of images not chosen on", "CPU s",
    ]  # fmt: skip
    publish("segment_seeded", table(head, rows))


if __name__ == "__main__":
    main()
