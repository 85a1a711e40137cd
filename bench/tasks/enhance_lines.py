"""Broken lines: gaps of known place cut into vessels (DRIVE) and cracks, and noise of 10 added; how much of the lines
within the gaps is found where each method has the same precision over all.

Run ``python bench/tasks/enhance_lines.py`` (about 4 minutes; ``--write`` puts the table into docs/benchmarks.md). The
constants of ``enhance_lines`` were chosen on the first three retinas and the first six cracks, which are left out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from scipy.io import loadmat
from scipy.ndimage import binary_dilation, distance_transform_edt, gaussian_filter
from skimage.exposure import equalize_adapthist
from skimage.filters import frangi, sato
from skimage.morphology import closing, disk, skeletonize

from divgrad import enhance_lines

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import publish, table

DATA = Path(__file__).parents[3] / "shared" / "data"
PRECISION = {"vessels": 0.65, "cracks": 0.40}
LEFT_OUT = {"vessels": 3, "cracks": 6}
GAPS, LONGER, NOISE = 40, 4.5, 10.0


class Scene(NamedTuple):
    """An image with gaps, its lines, where it is judged, and the gaps."""

    image: Any
    lines: Any
    inside: Any
    gaps: Any


def vessels() -> Iterator[tuple[Any, Any, Any]]:
    for path in sorted((DATA / "drive" / "images").glob("*"))[LEFT_OUT["vessels"] :]:
        number = path.name[:2]
        truth = DATA / "drive" / "1st_manual" / f"{number}_manual1.gif"
        mask = next((DATA / "drive" / "mask").glob(f"{number}*"))
        green = np.asarray(Image.open(path).convert("RGB"))[..., 1].astype(np.float32)
        field = np.asarray(Image.open(mask).convert("L")) > 0
        yield green, np.asarray(Image.open(truth).convert("L")) > 0, field


def cracks() -> Iterator[tuple[Any, Any, Any]]:
    for path in sorted((DATA / "cracks" / "images").glob("*"))[LEFT_OUT["cracks"] :]:
        found = loadmat(DATA / "cracks" / "groundTruth" / f"{path.stem}.mat")["groundTruth"]
        truth = found[0, 0]["Segmentation"] == 2
        grey = np.asarray(Image.open(path).convert("L"), np.float32)
        yield grey, truth, np.ones(truth.shape, bool)


def cut(u: Any, lines: Any, field: Any, seed: int) -> Scene:
    """Replace discs on the lines by the ground around, and add noise."""
    rng = np.random.default_rng(seed)
    width = distance_transform_edt(lines)
    inner = distance_transform_edt(field) if not field.all() else np.full(field.shape, 99.0)
    middle = np.argwhere(skeletonize(lines) & (inner > 15))
    ground = (~binary_dilation(lines, iterations=3) & field).astype(np.float32)
    ground_grey = gaussian_filter(ground * u, 8) / np.maximum(gaussian_filter(ground, 8), 1e-3)
    rows, cols = np.indices(u.shape)
    gaps = np.zeros(u.shape, bool)
    for y, x in middle[rng.choice(len(middle), min(GAPS, len(middle) // 25), replace=False)]:
        gaps |= (rows - y) ** 2 + (cols - x) ** 2 <= (width[y, x] + LONGER) ** 2
    part = gaussian_filter(gaps.astype(np.float32), 0.7)
    image = u * (1 - part) + ground_grey * part + rng.normal(0, NOISE, u.shape)
    return Scene(np.clip(np.rint(image), 0, 255).astype(np.uint8), lines, inner > 8, gaps)


def at_precision(maps: list[Any], scenes: list[Scene], precision: float) -> tuple[float, float]:
    """Return the recall within gaps, and everywhere, at the lowest threshold that has the precision."""
    value = np.concatenate([m[s.inside] for m, s in zip(maps, scenes, strict=True)])
    truth = np.concatenate([s.lines[s.inside] for s in scenes])
    gaps = np.concatenate([s.gaps[s.inside] for s in scenes])
    order = np.argsort(-value, kind="stable")
    hits = np.cumsum(truth[order])
    good = np.nonzero(hits / np.arange(1, len(order) + 1) >= precision)[0]
    good = good[good >= 1000]  # not a few pixels by luck
    if good.size == 0:
        return 0.0, 0.0
    found = np.zeros(len(order), bool)
    found[order[: good[-1] + 1]] = True
    return float((found & gaps & truth).sum() / (gaps & truth).sum()), float(
        hits[good[-1]] / truth.sum()
    )


def ridges(u: Any) -> Any:
    return sato(u / 255.0, sigmas=(2, 3), black_ridges=True)


def dark(u: Any) -> Any:
    """How much darker than around."""
    return gaussian_filter(u, 15) - gaussian_filter(u, 1)


def main() -> None:
    methods: dict[str, Callable[[Any], Any]] = {
        "Sato, sigmas 1 to 3": lambda u: sato(u / 255, sigmas=(1, 1.5, 2, 3), black_ridges=True),
        "Sato, sigmas 2 and 3": ridges,
        "Frangi, sigmas 2 and 3": lambda u: frangi(u / 255, sigmas=(2, 3), black_ridges=True),
        "CLAHE": lambda u: dark(equalize_adapthist(u, clip_limit=0.02)),
        "CLAHE, then Sato": lambda u: ridges(255 * equalize_adapthist(u, clip_limit=0.02)),
        "Sato, then closing by a disc of 4": lambda u: closing(ridges(u), disk(4)),
        "divgrad enhance_lines, strength": lambda u: enhance_lines(u, report=True).strength,
        "divgrad enhance_lines, image": lambda u: dark(enhance_lines(u)),
    }
    rows = {name: [name] for name in methods}
    for kind, source in (("vessels", vessels), ("cracks", cracks)):
        scenes = [cut(*parts, seed) for seed, parts in enumerate(source())]
        for name, method in methods.items():
            method(scenes[0].image)
            begin = time.process_time()
            maps = [np.asarray(method(scene.image), np.float32) for scene in scenes]
            seconds = (time.process_time() - begin) / len(scenes)
            gaps, everywhere = at_precision(maps, scenes, PRECISION[kind])
            rows[name] += [f"{gaps:.3f}", f"{everywhere:.3f}", f"{seconds:.2f}"]
    header = [""]
    for kind, precision in PRECISION.items():
        header += [f"{kind}, recall in gaps", f"everywhere, precision {precision:g}", "CPU s"]
    publish("enhance-lines", table(header, list(rows.values())))


if __name__ == "__main__":
    main()
