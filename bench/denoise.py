"""Denoising against total variation whose weight is chosen by looking at the clean image.

Run ``python bench/denoise.py`` (about 2 minutes; ``--write`` puts the table into docs/benchmarks.md,
``--pictures DIR`` saves clean | noisy | total variation | divgrad). The images are set12 from ../shared/data
beside the checkout, else a few of scikit-image; nothing is tuned here.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data
from skimage.restoration import denoise_tv_chambolle

from divgrad import denoise
from measure import publish, table

SET12 = Path(__file__).parents[2] / "shared" / "data" / "set12"
SIGMAS = (15, 25, 50)
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
Array = NDArray[np.floating]


def images() -> dict[str, Array]:
    """Return the clean images by name."""
    if SET12.exists():
        found = {path.stem: np.asarray(Image.open(path)) for path in sorted(SET12.glob("*.png"))}
    else:
        found = {"camera": data.camera(), "coins": data.coins(), "moon": data.moon()}
    return {name: image.astype(np.float32) for name, image in found.items()}


def psnr(image: Array, clean: Array) -> float:
    error = np.mean(np.square(image.astype(float) - clean))
    return 10.0 * math.log10(255.0**2 / error)


def timed(call: Callable[[], Array]) -> tuple[Array, float]:
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def oracle(noisy: Array, clean: Array, sigma: float) -> Array:
    """Return total variation with the best weight: golden section over its logarithm."""

    def at(log_weight: float) -> tuple[float, Array]:
        result = denoise_tv_chambolle(noisy, weight=math.exp(log_weight))
        return psnr(result, clean), result

    low, high = math.log(0.2 * sigma), math.log(2.5 * sigma)
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = at(left), at(right)
    for _ in range(9):
        if at_left[0] > at_right[0]:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = at(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = at(right)
    return max(at_left, at_right, key=lambda found: found[0])[1]


def save(folder: Path, name: str, versions: list[Array]) -> None:
    """Save versions side by side."""
    folder.mkdir(parents=True, exist_ok=True)
    row = np.clip(np.rint(np.hstack(versions)), 0, 255).astype(np.uint8)
    Image.fromarray(row).save(folder / f"{name}.png")


def measure(sigma: float, pictures: Path | None) -> tuple[Array, Array]:
    """Return the decibels (image, column) and the mean seconds of the columns."""
    decibels, seconds = [], []
    for number, (name, clean) in enumerate(images().items()):
        random = np.random.default_rng(number)
        noisy = clean + np.float32(sigma) * random.standard_normal(clean.shape, dtype=np.float32)
        clipped = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
        best = oracle(noisy, clean, sigma)
        _, slow = timed(lambda u=noisy: denoise_tv_chambolle(u, weight=0.7 * sigma))
        known, with_sigma = timed(lambda u=noisy: denoise(u, sigma))
        found, alone = timed(lambda u=noisy: denoise(u))
        plain, classical = timed(lambda u=noisy: denoise(u, model=None))
        bytes_, in_bytes = timed(lambda u=clipped: denoise(u))
        decibels.append([psnr(u, clean) for u in (noisy, best, known, found, plain, bytes_)])
        seconds.append([0.0, slow, with_sigma, alone, classical, in_bytes])
        if pictures is not None:
            save(pictures, f"{name}_{sigma:g}", [clean, noisy, best, found])
    return np.array(decibels), np.mean(seconds, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    pictures = parser.parse_args().pictures
    denoise(np.random.default_rng(0).normal(0, 1, (64, 64)).astype(np.float32))  # compiled
    header = [
        "sigma", "noisy", "best total variation", "divgrad, sigma given", "divgrad",
        "divgrad, model=None", "divgrad on clipped bytes",
    ]  # fmt: skip
    rows, each = [], []
    for sigma in SIGMAS:
        decibels, seconds = measure(sigma, pictures)
        rows.append([str(sigma), *(f"{value:.2f}" for value in decibels.mean(axis=0))])
        each.append(decibels[:, 3] - decibels[:, 1])
    rows.append(["ms", "", *(f"{1000 * value:.0f}" for value in seconds[1:])])
    gains = [[name, *(f"{gain[n]:+.2f}" for gain in each)] for n, name in enumerate(images())]
    text = (
        f"Mean PSNR in dB over {len(gains)} images, and the mean time of one call; `best total variation` is "
        "scikit-image's\n`denoise_tv_chambolle` with the weight that looking at the clean image finds best for "
        "each (its time: one weight).\n\n"
        + table(header, rows)
        + "\n\nAutomatic divgrad over the best total variation, dB, by image and sigma:\n\n"
        + table(["image", *map(str, SIGMAS)], gains)
    )
    publish("denoise", text)


if __name__ == "__main__":
    main()
