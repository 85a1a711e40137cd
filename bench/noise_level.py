"""Measure the estimate of the level of Gaussian noise: how exact it is, and what it costs.

Run ``python bench/noise_level.py`` (about 2 minutes). Images are read from ../shared/data beside
the checkout where they are there, and from scikit-image; nothing is tuned here. ``--final`` adds
set12, which is kept for a last look.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.fft
import skimage
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from divgrad.estimate import noise_level
from measure import publish

Array = NDArray[np.float64]
Corrupt = Callable[[Array, np.random.Generator], Array]

DATA = Path(__file__).parents[2] / "shared" / "data"
PHOTOGRAPHS = {
    "astronaut", "brick", "camera", "chelsea", "coffee", "coins", "grass", "gravel", "moon", "page",
    "rocket", "text",
}  # fmt: skip
SIGMAS = (5, 10, 15, 25, 50, 75)


def grey(path: Path) -> Array:
    return np.asarray(Image.open(path).convert("L"), np.float64)


def image_sets(final: bool) -> dict[str, list[Array]]:
    sets = {"bsd400": [grey(p) for p in sorted((DATA / "bsd400").glob("*.png"))[1::8]]}
    large = []
    for path in sorted((DATA / "imagecompression_gray8").glob("*.png")):
        a = grey(path)
        h, w = (n // 3 * 3 for n in a.shape)
        small = a[:h, :w].reshape(h // 3, 3, w // 3, 3).mean((1, 3))  # takes their own noise away
        large.append(small.round()[:512, :512])
    sets["large photographs / 3"] = large
    folder = Path(skimage.__file__).parent / "data"
    paths = [p for p in sorted(folder.iterdir()) if p.stem in PHOTOGRAPHS]
    sets["scikit-image"] = [grey(p)[:384, :384] for p in paths]
    if final:
        sets["set12"] = [grey(p) for p in sorted((DATA / "set12").glob("*.png"))]
    return {name: images for name, images in sets.items() if images}


def immerkaer(u: Array) -> float:
    """J. Immerkaer, Computer Vision and Image Understanding 64:300-302, 1996."""
    d = u[:-2] - 2 * u[1:-1] + u[2:]
    d = d[:, :-2] - 2 * d[:, 1:-1] + d[:, 2:]
    return float(np.sqrt(np.pi / 2) * np.abs(d).mean() / 6)


def rivals() -> dict[str, Callable[[Array], float]]:
    methods = {"divgrad": noise_level, "Immerkaer": immerkaer}
    try:
        from skimage.restoration import estimate_sigma

        estimate_sigma(np.eye(16))
        methods["scikit-image"] = estimate_sigma
    except ImportError as missing:
        print(f"scikit-image's estimate_sigma is left out: {missing}".splitlines()[0])
    return methods


def gaussian(sigma: float, clip: bool = False) -> Corrupt:
    def corrupt(u: Array, rng: np.random.Generator) -> Array:
        v = u + sigma * rng.standard_normal(u.shape)
        return v.round().clip(0, 255) if clip else v

    return corrupt


def print_levels(sets: dict[str, list[Array]]) -> None:
    methods = rivals()
    for clip in (False, True):
        noise = "noise clipped to bytes" if clip else "noise as it is"
        print(f"\nError of the level, %: mean +- std over images; {noise}")
        head = " ".join(f"{sigma:>13}" for sigma in SIGMAS)
        print(f"{'images':27} {'method':13} {head}   ms each")
        for name, images in sets.items():
            for method, estimate in methods.items():
                cells, spent = [], 0.0
                for sigma in SIGMAS:
                    errors = []
                    for i, u in enumerate(images):
                        v = gaussian(sigma, clip)(u, np.random.default_rng(i))
                        start = time.perf_counter()
                        errors.append(100 * (estimate(v) / sigma - 1))
                        spent += time.perf_counter() - start
                    cells.append(f"{np.mean(errors):+6.1f} +-{np.std(errors):5.1f}")
                each = 1000 * spent / len(SIGMAS) / len(images)
                label = f"{name} ({len(images)})"
                print(f"{label:27} {method:13} {' '.join(cells)}   {each:5.0f}", flush=True)


def shrink(v: Array, sigma: float) -> Array:
    """Denoise by thresholding the cosine transform of all 8 x 8 patches: a plain judge.

    2.5 sigma is about best for the true level; at 3 sigma any overestimate would look worse.
    """
    patches = sliding_window_view(v, (8, 8)).astype(np.float32)
    y = scipy.fft.dctn(patches, axes=(2, 3), norm="ortho")
    keep = np.abs(y) > 2.5 * sigma
    keep[:, :, 0, 0] = True
    weight = 1 / keep.sum((2, 3))
    x = scipy.fft.idctn(y * keep, axes=(2, 3), norm="ortho") * weight[:, :, None, None]
    total, share = np.zeros(v.shape), np.zeros(v.shape)
    rows, cols = weight.shape
    for i in range(8):
        for j in range(8):
            total[i : i + rows, j : j + cols] += x[:, :, i, j]
            share[i : i + rows, j : j + cols] += weight
    return total / share


def print_cost(images: list[Array]) -> None:
    def psnr(u: Array, v: Array) -> float:
        return float(10 * np.log10(255**2 / np.mean((u - v.clip(0, 255)) ** 2)))

    print("\nCost of the estimate instead of the true level in a denoiser, dB (mean, worst)")
    for sigma in SIGMAS:
        costs = []
        for i, u in enumerate(images):
            v = gaussian(sigma)(u, np.random.default_rng(i))
            costs.append(psnr(u, shrink(v, sigma)) - psnr(u, shrink(v, noise_level(v))))
        print(f"  sigma {sigma:2}: {np.mean(costs):6.3f} {np.max(costs):6.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--final", action="store_true", help="add set12")
    parser.add_argument("--write", action="store_true", help="put it into docs/benchmarks.md")
    sets = image_sets(parser.parse_args().final)
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        print_levels(sets)
        print_cost(next(iter(sets.values()))[::4])
    publish("noise_level", f"```text\n{text.getvalue().strip()}\n```")


if __name__ == "__main__":
    main()
