"""Measure images with twice, three and four times the pixels against Pillow, OpenCV and the truth.

Run ``python bench/tasks/upscale.py`` (a minute alone; ``--write`` puts the table into docs/benchmarks.md, ``--pictures
DIR`` saves pictures). Set5 from ../shared/data beside the checkout, else images of scikit-image. The published
protocol: luma of ITU-R BT.601 in 8 bits, reduced by cubic convolution as wide as the new pixels, rounded; the
factor's width of border is left out of PSNR. Constants were chosen on bsd400.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from divgrad import upscale
from divgrad.kernels.resampling import Reduction
from measure import publish, table

SET5 = Path(__file__).parents[3] / "shared" / "data" / "set5"
FACTORS = (2, 3, 4)


def images() -> dict[str, Any]:
    paths = sorted(SET5.glob("*.png"))
    if not paths:
        from skimage import data

        return {"camera": data.camera(), "coins": data.coins()}
    return {path.stem: luma(np.asarray(Image.open(path).convert("RGB"))) for path in paths}


def luma(rgb: Any) -> Any:
    return np.rint(16 + rgb @ np.array([65.481, 128.553, 24.966]) / 255).astype(np.uint8)


def opencv(how: int) -> Callable[[Any, int], Any]:
    return lambda low, factor: cv2.resize(low, None, fx=factor, fy=factor, interpolation=how)


def cubic(low: Any, factor: int) -> Any:
    return Reduction(low.shape, factor).enlarge(low[None].astype(float))[0]


def agreeing(low: Any, factor: int) -> Any:
    reduction, given = Reduction(low.shape, factor), low[None].astype(float)
    return reduction.agreeing(reduction.enlarge(given), given)[0]


METHODS: dict[str, Callable[[Any, int], Any]] = {
    "cubic (imresize)": cubic,
    "OpenCV cubic": opencv(cv2.INTER_CUBIC),
    "OpenCV Lanczos": opencv(cv2.INTER_LANCZOS4),
    "agreement alone": agreeing,
    "divgrad": upscale,
    "divgrad, model='fast'": lambda low, factor: upscale(low, factor, model="fast"),
    "divgrad, model='best'": lambda low, factor: upscale(low, factor, model="best"),
}


def eight_bit(u: Any) -> Any:
    return np.clip(np.rint(u), 0, 255)


def psnr(u: Any, clean: Any, border: int) -> float:
    inner = (slice(border, -border),) * 2
    return float(10 * np.log10(255**2 / np.mean((u[inner] - clean[inner].astype(float)) ** 2)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    scenes = images()
    scores: dict[tuple[str, int], list[float]] = {}
    seconds: dict[str, list[float]] = {}
    worst = 0.0
    for factor in FACTORS:
        for number, (name, clean) in enumerate(scenes.items()):
            rows, cols = (n // factor for n in clean.shape)
            truth = clean[: rows * factor, : cols * factor]
            reduction = Reduction((rows, cols), factor)
            low = eight_bit(reduction.shrink(truth[None].astype(float))[0]).astype(np.uint8)
            parts = [truth]
            for method, call in METHODS.items():
                if number == 0 and factor == FACTORS[0]:
                    call(low, factor)  # compiled
                start = time.process_time()
                made = call(low, factor)
                seconds.setdefault(method, []).append((time.process_time() - start) / truth.size)
                scores.setdefault((method, factor), []).append(psnr(eight_bit(made), truth, factor))
                parts.append(eight_bit(made))
                if method.startswith("divgrad"):
                    again = reduction.shrink(made[None])[0]
                    worst = max(worst, float(np.abs(again - low).max()))
            if arguments.pictures is not None:
                arguments.pictures.mkdir(parents=True, exist_ok=True)
                sheet = Image.fromarray(np.hstack(parts).astype(np.uint8))
                sheet.save(arguments.pictures / f"{name}_{factor}.png")
    rows_ = [
        [
            method,
            *(f"{statistics.fmean(scores[method, f]):.2f}" for f in FACTORS),
            f"{1e6 * statistics.median(seconds[method]):.2f} s",
        ]
        for method in METHODS
    ]
    said = table(
        [
            f"luma of {len(scenes)} images, dB",
            *(f"x{f}" for f in FACTORS),
            "processor time per Mpixel",
        ],
        rows_,
    )
    publish(
        "upscale",
        f"{said}\n\nMade as small again, divgrad's differ from what was given by {worst:.1g} of 255.",
    )


if __name__ == "__main__":
    main()
