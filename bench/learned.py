"""Learned diffusion against BM3D and non-local means: quality and time; and against PyTorch running the same model.

Run ``python bench/learned.py`` (about 10 minutes, most of it BM3D; ``--write`` puts table and plot into docs).
The images are set12 from ../shared/data beside the checkout, else a few of scikit-image; ``--images DIR`` takes
others, ``--also NAME=MODEL`` further models that do not ship. Nothing is tuned here.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from skimage import data
from skimage.restoration import denoise_nl_means

from divgrad import denoise, learned
from divgrad.learned.weights import MODELS
from measure import publish, table

SET12 = Path(__file__).parents[2] / "shared" / "data" / "set12"
SIGMAS = (15, 25, 50)
PLOT = Path(__file__).parents[1] / "docs" / "learned.png"
Method = Callable[[Any, float], Any]


def images(folder: Path | None) -> list[Any]:
    """Return the clean images."""
    folder = folder or SET12
    if not folder.exists():
        return [a.astype(np.float32) for a in (data.camera(), data.coins(), data.moon())]
    return [
        np.asarray(Image.open(p).convert("L"), np.float32) for p in sorted(folder.glob("*.png"))
    ]


def wanted(model: Any) -> bool:
    """Whether a model is for grey images with Gaussian noise."""
    return model.channels == 1 and "Gaussian" in model.metadata["noise"]


def methods() -> dict[str, Method]:
    """Return what is compared, by name."""
    found: dict[str, Method] = {}
    for path in sorted(MODELS.glob("*.safetensors"), reverse=True):
        model = learned.read(path)
        if wanted(model):
            found[f"divgrad learned, {path.stem}"] = lambda u, s, m=model: learned.run(
                u[None], m, s
            )[0]
    found["divgrad, two flows"] = lambda u, s: denoise(u, sigma=s, model=None)
    found["scikit-image non-local means"] = lambda u, s: denoise_nl_means(
        u / 255, 5, 6, h=0.8 * s / 255, sigma=s / 255, fast_mode=True
    ) * 255  # fmt: skip
    try:
        import cv2

        found["OpenCV non-local means"] = lambda u, s: cv2.fastNlMeansDenoising(
            np.clip(np.rint(u), 0, 255).astype(np.uint8), None, 0.9 * s
        ).astype(np.float32)
    except ImportError:
        pass
    try:
        import bm3d

        found["bm3d"] = lambda u, s: bm3d.bm3d(u, s)
    except ImportError:
        pass
    return found


def pytorch() -> dict[str, Method]:
    """Return PyTorch running the models that ship."""
    try:
        import torch

        from divgrad.learned.model import Architecture, Diffusion
    except ImportError:
        return {}
    import json

    found: dict[str, Method] = {}
    for path in sorted(MODELS.glob("*.safetensors"), reverse=True):
        model = learned.read(path)
        if not wanted(model):
            continue
        network = Diffusion(Architecture(**json.loads(model.metadata["architecture"])))
        network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in model.arrays.items()})

        def call(u: Any, s: float, network: Any = network) -> Any:
            with torch.no_grad():
                return network(torch.from_numpy(u)[None, None], torch.tensor([float(s)])).numpy()

        found[f"PyTorch, {path.stem}"] = call
    return found


def quality(clean: list[Any], compared: dict[str, Method]) -> dict[str, list[float]]:
    """Return the mean PSNR of each method at each level; what is not finite counts as nothing."""
    scores: dict[str, list[float]] = {name: [] for name in compared}
    for sigma in SIGMAS:
        found: dict[str, list[float]] = {name: [] for name in compared}
        for number, image in enumerate(clean):
            rng = np.random.default_rng([number, sigma])
            noisy = image + np.float32(sigma) * rng.standard_normal(image.shape, np.float32)
            for name, method in compared.items():
                error = np.mean(np.square(np.asarray(method(noisy, sigma), float) - image))
                found[name].append(10 * np.log10(255**2 / error))
        for name, values in found.items():
            scores[name].append(statistics.fmean(values))
    return scores


def seconds(compared: dict[str, Method]) -> dict[str, float]:
    """Return the time of each for 512 x 512 pixels: rivals take turns, the median of three and more."""
    image = data.camera().astype(np.float32)
    noisy = image + np.random.default_rng(0).normal(0, 25, image.shape).astype(np.float32)
    taken: dict[str, list[float]] = {name: [] for name in compared}
    for method in compared.values():
        method(noisy[:96, :96], 25)
    for n in range(9):
        for name, method in compared.items():
            if n > 2 and statistics.median(taken[name]) > 0.5:
                continue
            start = time.perf_counter()
            method(noisy, 25)
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}


def plot(scores: dict[str, list[float]], times: dict[str, float]) -> None:
    """Draw dB at sigma 25 over seconds: up and left is better."""
    width, height, margin = 900, 480, 70
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    names = [name for name in scores if name in times]
    x = {name: np.log10(times[name]) for name in names}
    y = {name: scores[name][1] for name in names}
    x0, x1 = np.floor(min(x.values())), np.ceil(max(x.values()))
    y0, y1 = np.floor(min(y.values())), np.ceil(max(y.values()))

    def place(a: float, b: float) -> tuple[float, float]:
        return (
            margin + (width - 2 * margin) * (a - x0) / (x1 - x0),
            height - margin - (height - 2 * margin) * (b - y0) / (y1 - y0),
        )

    pen.rectangle((*place(x0, y1), *place(x1, y0)), outline="#888888")
    for a in range(int(x0), int(x1) + 1):
        pen.text((place(a, y0)[0] - 12, height - margin + 8), f"{10.0**a:g} s", fill="black")
    for b in range(int(y0), int(y1) + 1):
        pen.text((margin - 44, place(x0, b)[1] - 6), f"{b} dB", fill="black")
    for name in names:
        a, b = place(x[name], y[name])
        colour = "#d62728" if name.startswith("divgrad") else "#1f77b4"
        pen.ellipse((a - 5, b - 5, a + 5, b + 5), fill=colour)
        left = a > width * 0.7
        above = 20 if name.startswith("divgrad") else 6  # PyTorch, of the same decibels, is near
        pen.text((a - 8 - 6.2 * len(name) if left else a + 9, b - above), name, fill=colour)
    picture.save(PLOT)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=MODEL")
    parser.add_argument("--quick", action="store_true", help="without BM3D, two images")
    arguments = parser.parse_args()
    compared = methods()
    for text in arguments.also:
        name, _, file = text.partition("=")
        model = learned.read(file)
        compared[name] = lambda u, s, m=model: learned.run(u[None], m, s)[0]
    if arguments.quick:
        compared.pop("bm3d", None)
    clean = images(arguments.images)[: 2 if arguments.quick else None]
    scores = quality(clean, compared)
    times = seconds({**compared, **pytorch()})
    base = times.get("bm3d")
    rows = [
        [
            name,
            *(f"{s:.2f}" for s in scores[name]),
            f"{t:.3f} s",
            f"{base / t:.0f} x" if base else "",
        ]
        if name in scores
        else [name, "", "", "", f"{t:.3f} s", f"{base / t:.0f} x" if base else ""]
        for name, t in times.items()
    ]
    head = ["method", *(f"dB at {s}" for s in SIGMAS), "512 x 512", "faster than bm3d"]
    said = f"Mean PSNR of {len(clean)} images; median times on all cores of one machine, rivals taking turns."
    publish("learned", f"{said}\n\n{table(head, rows)}\n\n![dB over time](learned.png)")
    if arguments.write:
        same = {  # the same model gives the same decibels
            name: scores[f"divgrad learned, {name.removeprefix('PyTorch, ')}"]
            for name in times
            if name.startswith("PyTorch")
        }
        plot({**scores, **same}, times)


if __name__ == "__main__":
    main()
