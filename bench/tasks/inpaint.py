"""Measure what is filled in for scratches, text, holes and missing pixels, against scikit-image and OpenCV.

Run ``python bench/tasks/inpaint.py`` (about 4 minutes alone; ``--write`` puts the tables into docs/benchmarks.md,
``--pictures DIR`` saves pictures). The images are four of set12 from ../shared/data beside the checkout, else of
scikit-image; constants were chosen on others. Times are of the processor, rivals taking turns.
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
from PIL import Image, ImageDraw, ImageFont
from skimage.metrics import structural_similarity
from skimage.restoration import inpaint_biharmonic

sys.path.insert(0, str(Path(__file__).parents[1]))

from divgrad import Biharmonic, DiffusionShock, EdgeEnhancing, Heat, TotalVariation, inpaint
from divgrad.conductances import charbonnier
from measure import publish, table

SET12 = Path(__file__).parents[3] / "shared" / "data" / "set12"
CHOSEN = ("01", "02", "05", "07")


def images() -> list[Any]:
    paths = [SET12 / f"{name}.png" for name in CHOSEN]
    if not paths[0].exists():
        from skimage import data

        return [data.camera()[:256, 128:384], data.coins()[:256, :256]]
    return [np.asarray(Image.open(path).convert("L")) for path in paths]


def scratches(shape: tuple[int, int]) -> Any:
    """Return curves three pixels wide."""
    rng, sheet = np.random.default_rng(0), Image.new("L", shape[::-1])
    pen, t = ImageDraw.Draw(sheet), np.linspace(0, 1, 60)[:, None]
    for _ in range(12):
        p = rng.random((4, 2)) * shape[::-1]
        curve = (
            (1 - t) ** 3 * p[0]
            + 3 * t * (1 - t) ** 2 * p[1]
            + 3 * t**2 * (1 - t) * p[2]
            + t**3 * p[3]
        )
        pen.line([tuple(q) for q in curve.tolist()], fill=255, width=3)
    return np.asarray(sheet) > 0


def text(shape: tuple[int, int]) -> Any:
    """Return lines of text."""
    sheet = Image.new("L", shape[::-1])
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(22)
    for y in range(4, shape[0], 40):
        pen.text(
            (4 - 37 * y % 50, y), "The quick brown fox jumps over the lazy dog " * 3, 255, font
        )
    return np.asarray(sheet) > 100


def squares(shape: tuple[int, int]) -> Any:
    """Return squares of 16 pixels."""
    rng, mask = np.random.default_rng(1), np.zeros(shape, bool)
    for _ in range(8 * shape[0] * shape[1] // 65_536):
        y, x = (int(rng.integers(10, n - 26)) for n in shape)
        mask[y : y + 16, x : x + 16] = True
    return mask


MASKS: dict[str, Callable[[tuple[int, int]], Any]] = {
    "scratches": scratches,
    "text": text,
    "squares of 16": squares,
    "50 % missing": lambda shape: np.random.default_rng(0).random(shape) < 0.5,
    "90 % missing": lambda shape: np.random.default_rng(0).random(shape) < 0.9,
}


def opencv(method: int) -> Callable[[Any, Any], Any]:
    return lambda u, mask: cv2.inpaint(u, mask.astype(np.uint8), 3, method)


METHODS: dict[str, Callable[[Any, Any], Any]] = {
    "scikit-image inpaint_biharmonic": lambda u, mask: 255 * inpaint_biharmonic(u / 255, mask),
    "OpenCV Telea": opencv(cv2.INPAINT_TELEA),
    "OpenCV Navier-Stokes": opencv(cv2.INPAINT_NS),
    "divgrad": inpaint,
    "divgrad, model='fast'": lambda u, mask: inpaint(u, mask, model="fast"),
    "using Heat()": lambda u, mask: inpaint(u, mask, using=Heat()),
    "using Biharmonic()": lambda u, mask: inpaint(u, mask, using=Biharmonic()),
    "using EdgeEnhancing(2)": lambda u, mask: inpaint(
        u, mask, using=EdgeEnhancing(2.0, charbonnier, presmoothing=0.7)
    ),
    "using TotalVariation()": lambda u, mask: inpaint(u, mask, using=TotalVariation()),
    "using DiffusionShock(3)": lambda u, mask: inpaint(u, mask, using=DiffusionShock(contrast=3.0)),
}


def psnr(u: Any, clean: Any) -> float:
    return float(10 * np.log10(255**2 / np.mean((np.clip(u, 0, 255) - clean.astype(float)) ** 2)))


def ssim(u: Any, clean: Any) -> float:
    return float(structural_similarity(
        np.clip(u, 0, 255).astype(float), clean.astype(float), data_range=255,
        gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    ))  # fmt: skip


def quality(scenes: list[Any], pictures: Path | None) -> str:
    rows = []
    for name, method in METHODS.items():
        cells = []
        for kind, make in MASKS.items():
            found = []
            for n, clean in enumerate(scenes):
                mask = make(clean.shape)
                u = np.where(mask, 0, clean).astype(np.uint8)
                v = method(u, mask)
                found.append((psnr(v, clean), ssim(v, clean)))
                if pictures is not None and n == 0:
                    save(pictures / f"{kind}_{name}.png".replace(" ", "_"), [u, v])
            cells.append(
                f"{statistics.fmean(f[0] for f in found):.2f} / {statistics.fmean(f[1] for f in found):.3f}"
            )
        rows.append([name, *cells])
    return table(["PSNR in dB / SSIM", *MASKS], rows)


def times(clean: Any, names: list[str]) -> str:
    """Compare times on one image of 512 x 512, taking turns."""
    clean = np.asarray(Image.fromarray(clean).resize((512, 512), Image.Resampling.LANCZOS))
    rows = []
    for kind, make in MASKS.items():
        mask = make(clean.shape)
        u = np.where(mask, 0, clean).astype(np.uint8)
        taken: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(3):
            for name in names:
                if turn > 0 and taken[name][0] > 5.0:
                    continue
                start = time.process_time()
                METHODS[name](u, mask)
                taken[name].append(time.process_time() - start)
        middle = {name: statistics.median(values) for name, values in taken.items()}
        first = middle[names[0]]
        rows.append(
            [
                kind,
                f"{first:.2f} s",
                *(f"{middle[n]:.3f} s, {first / middle[n]:.0f} x" for n in names[1:]),
            ]
        )
    return table(["512 x 512", *names], rows)


def save(path: Path, parts: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(np.rint(np.hstack(parts)), 0, 255).astype(np.uint8)).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    scenes = images()
    said = f"Means over {len(scenes)} images.\n\n" + quality(scenes, arguments.pictures)
    said += "\n\nMedian processor times; `x`: times as fast as scikit-image.\n\n"
    publish("inpaint", said + times(scenes[0], list(METHODS)[:5]))


if __name__ == "__main__":
    main()
