"""Boundaries in photographs: F-measure on BSDS500's training part against Canny, Sobel and others; sub-pixel places.

Run ``python bench/tasks/edges.py`` (about 25 minutes alone; ``--every 3`` takes every third image, ``--write`` puts the
table into docs/benchmarks.md, ``--official`` also asks ``pyEdgeEval``, which is slow and is installed by hand).
Defaults were chosen on every other image, the others only measured: the table keeps them apart.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from scipy.io import loadmat
from skimage.color import rgb2gray
from skimage.segmentation import felzenszwalb, find_boundaries

sys.path.insert(0, str(Path(__file__).parents[1]))

from boundary_matching import counts, measures, summary

import divgrad
from measure import publish, table

BSDS = Path(__file__).parents[3] / "shared" / "data" / "bsds500"


def coloured(image: Any) -> Any:
    return divgrad.edges(image, channel_axis=-1, report=True).strength


def grey(image: Any) -> Any:
    return divgrad.edges(np.uint8(np.rint(255 * rgb2gray(image))), report=True).strength


def complex_diffusion(image: Any) -> Any:
    flow = divgrad.ComplexDiffusion(contrast=10.0)
    return divgrad.edges(255 * rgb2gray(image), using=flow, report=True).strength


def canny(sigma: float) -> Callable[[Any], Any]:
    """OpenCV's Canny filter at 40 pairs of thresholds, ratio 0.4: the largest at which a pixel is an edge."""

    def method(image: Any) -> Any:
        smooth = cv2.GaussianBlur(255 * rgb2gray(image).astype(np.float32), (0, 0), sigma)
        dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
        scale = 8.0  # so that few slopes are clipped at 16 bits
        dx, dy = (np.int16(np.clip(scale * d, -32767, 32767)) for d in (dx, dy))
        out = np.zeros(smooth.shape, np.float32)
        for part in np.linspace(1.0, 0.025, 40):
            high = part**2 * 250.0 * scale
            out[(cv2.Canny(dx, dy, 0.4 * high, high, L2gradient=True) > 0) & (out == 0)] = part
        return out

    return method


def sobel(image: Any) -> Any:
    """Sobel's slope, thinned across."""
    grey = cv2.GaussianBlur(rgb2gray(image).astype(np.float32), (0, 0), 1.0)
    dx, dy = (cv2.Sobel(grey, cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))
    slope = np.hypot(dx, dy)
    y, x = np.indices(slope.shape, dtype=np.float32)
    nx, ny = dx / (slope + 1e-9), dy / (slope + 1e-9)
    sides = [cv2.remap(slope, x + s * nx, y + s * ny, cv2.INTER_LINEAR) for s in (1, -1)]
    return np.where((slope >= sides[0]) & (slope > sides[1]), np.clip(slope, 0, 1), 0)


def felzenszwalb_regions(image: Any) -> Any:
    """The borders of regions at ten scales: the share of scales at which a pixel is one."""
    out = np.zeros(image.shape[:2], np.float32)
    for scale in np.geomspace(20, 2000, 10):
        regions = felzenszwalb(image, scale=scale, sigma=0.8, min_size=50)
        out += find_boundaries(regions, mode="inner") / 10.0
    return out


METHODS: dict[str, Callable[[Any], Any]] = {
    "edges": coloured,
    "edges, grey image": grey,
    "edges, complex diffusion, grey": complex_diffusion,
    "Canny (OpenCV), sigma 2": canny(2.0),
    "Canny (OpenCV), sigma 3": canny(3.0),
    "Felzenszwalb-Huttenlocher (scikit-image)": felzenszwalb_regions,
    "Sobel": sobel,
}


def truths(name: str) -> list[Any]:
    drawn = loadmat(BSDS / "groundTruth" / f"{name}.mat")["groundTruth"][0]
    return [one["Boundaries"][0, 0] > 0 for one in drawn]


def official(names: list[str], threshold: float) -> str:
    """F of ``edges`` by BSDS' own matching, at the threshold found by ours."""
    from pyEdgeEval.common.binary_label.evaluate_boundaries import (
        evaluate_boundaries_threshold_multiple_gts as evaluate,
    )

    both = [np.zeros((4, 1)), np.zeros((4, 1))]
    for name in names:
        strength = coloured(np.asarray(Image.open(BSDS / "images" / f"{name}.jpg")))
        found = evaluate(np.array([threshold - 1e-6]), strength, truths(name))
        both[0] += np.array(found)
        at = round(100 * threshold) - 1
        both[1] += counts(strength, truths(name))[:, at : at + 1]
    theirs, ours = (float(measures(total)[0][0]) for total in both)
    return (
        f"At the threshold {threshold:.2f}, {len(names)} of the other images: F {theirs:.4f} by "
        f"`pyEdgeEval` (BSDS' own matching), {ours:.4f} by the largest matching that is used here."
    )


def places() -> str:
    """Root mean square distance of the points of a disc's edge from the true circle."""
    rows = []
    for noise in (0.0, 5.0, 15.0):
        rng = np.random.default_rng(0)
        y, x = np.indices((512, 512)) / 4.0  # drawn four times as fine, then averaged
        fine = 60.0 + 100.0 * (np.hypot(y - 64.2, x - 63.1) < 40.0)
        image = fine.reshape(128, 4, 128, 4).mean(axis=(1, 3)) + rng.normal(0, noise, (128, 128))
        points = divgrad.edges(image, report=True).table
        off = np.hypot(points["row"] + 0.375 - 64.2, points["col"] + 0.375 - 63.1) - 40.0
        off = off[np.abs(off) < 3.0]
        whole = np.round(points["row"]), np.round(points["col"])
        bare = np.hypot(whole[0] + 0.375 - 64.2, whole[1] + 0.375 - 63.1) - 40.0
        bare = bare[np.abs(bare) < 3.0]
        rows.append([f"{noise:g}", *(f"{np.sqrt((d**2).mean()):.2f}" for d in (off, bare))])
    return table(["noise (edge of 100)", "RMS distance, pixels", "of whole pixels"], rows)


def main() -> None:
    names = sorted(path.stem for path in (BSDS / "images").glob("*.jpg"))
    parts = {"choosing": names[::2], "other": names[1::2]}
    if "--every" in sys.argv:
        every = int(sys.argv[sys.argv.index("--every") + 1])
        parts = {half: some[::every] for half, some in parts.items()}
    rows, best = [], 0.0
    for title, method in METHODS.items():
        found: dict[str, dict[str, float]] = {}
        seconds = 0.0
        for half, some in parts.items():
            each = []
            for name in some:
                image = np.asarray(Image.open(BSDS / "images" / f"{name}.jpg"))
                start = time.process_time()
                strength = method(image)
                seconds += time.process_time() - start
                each.append(counts(strength, truths(name)))
            found[half] = summary(each)
        other = found["other"]
        best = found["choosing"]["at"] if title == "edges" else best
        rows.append([
            title, f"{found['choosing']['ODS']:.3f}", f"**{other['ODS']:.3f}**",
            *(f"{other[key]:.3f}" for key in ("OIS", "AUC", "P", "R")), f"{other['at']:.2f}",
            f"{seconds / sum(map(len, parts.values())):.2f}",
        ])  # fmt: skip
        print(rows[-1], flush=True)
    head = [
        "boundaries",
        "ODS, images for choosing",
        "ODS, other images",
        "OIS",
        "AUC",
        "precision",
        "recall",
    ]
    text = table([*head, "at", "CPU s per image"], rows)
    if "--official" in sys.argv:
        some = parts["other"][::6]
        text += "\n\n" + official(some, best)
    publish(
        "edges",
        f"{text}\n\nPlaces of the edge of a disc, noise removed by `edges` itself:\n\n{places()}",
    )


if __name__ == "__main__":
    main()
