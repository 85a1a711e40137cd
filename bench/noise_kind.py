"""Measure how often the kind of noise is told right, and how exact its parameters are: 500 synthetic cases.

Run ``python bench/noise_kind.py`` (about 4 minutes; ``--write`` puts the table into docs/benchmarks.md). Images are
set12 and bsd400 from ../shared/data beside the checkout, else those of scikit-image; thresholds were chosen on others.
"""

from __future__ import annotations

import argparse
import io
import math
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from divgrad.estimate import noise_kind
from measure import publish, table

DATA = Path(__file__).parents[2] / "shared" / "data"
EACH = 50  # cases of each kind
Random = np.random.Generator
Case = tuple[Any, dict[str, float]]


def images() -> list[Any]:
    """Return clean images of 180 to 512 pixels."""
    paths = sorted((DATA / "set12").glob("*.png")) + sorted((DATA / "bsd400").glob("*.png"))[3::8]
    if not paths:
        from skimage import data

        return [np.asarray(a, float) for a in (data.camera(), data.coins(), data.moon())]
    return [np.asarray(Image.open(path).convert("L"), float) for path in paths]


def between(rng: Random, low: float, high: float) -> float:
    """Return a random level, as likely in every octave."""
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))


def written(u: Any, rng: Random) -> Any:
    """Return it as it is, or clipped to bytes: one half of the cases each."""
    return u.round().clip(0, 255).astype(np.uint8) if rng.random() < 0.5 else u


def clean(u: Any, rng: Random) -> Case:
    return (u.astype(np.uint8) if rng.random() < 0.5 else u / 255), {}


def gaussian(u: Any, rng: Random) -> Case:
    sigma = between(rng, 5, 50)
    return written(u + sigma * rng.standard_normal(u.shape), rng), {"sigma": sigma}


def salt_and_pepper(u: Any, rng: Random) -> Case:
    density = between(rng, 0.01, 0.9)
    hit = np.where(rng.random(u.shape) < density, rng.choice([0.0, 255.0], u.shape), u)
    return hit.astype(np.uint8), {"density": density}


def random_impulse(u: Any, rng: Random) -> Case:
    density = between(rng, 0.05, 0.4)
    hit = np.where(rng.random(u.shape) < density, rng.integers(0, 256, u.shape), u)
    return hit.astype(np.uint8), {"density": density}


def poisson(u: Any, rng: Random) -> Case:
    gain = 255 / between(rng, 2, 150)
    return written(gain * rng.poisson(u / gain), rng), {"gain": gain}


def poisson_gaussian(u: Any, rng: Random) -> Case:
    gain = 255 / between(rng, 5, 80)
    sigma = math.sqrt(128 * gain * between(rng, 0.3, 1.5))  # both parts are to be seen
    noisy = gain * rng.poisson(u / gain) + sigma * rng.standard_normal(u.shape)
    return written(noisy, rng), {"gain": gain, "sigma": sigma}


def speckle(u: Any, rng: Random) -> Case:
    looks = between(rng, 1, 30)
    return written(u * rng.gamma(looks, 1 / looks, u.shape), rng), {"looks": looks}


def rician(u: Any, rng: Random) -> Case:
    dark = np.clip(u - np.percentile(u, 1), 0, None)  # as magnitudes have, which are told by it
    dark *= 255 / dark.max()
    sigma = between(rng, 12, 50)
    real, imaginary = sigma * rng.standard_normal((2, *u.shape))
    return written(np.hypot(dark + real, imaginary), rng), {"sigma": sigma}


def quantised(u: Any, rng: Random) -> Case:
    levels = int(rng.integers(4, 33))
    step = 256 / levels if rng.random() < 0.5 else 255 / (levels - 1)
    return written(np.rint(u / step) * step, rng), {"step": step}


def jpeg(u: Any, rng: Random) -> Case:
    quality = int(rng.integers(5, 81))
    file = io.BytesIO()
    Image.fromarray(u.astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)), {"quality": quality}


KINDS: dict[str, tuple[Callable[[Any, Random], Case], str]] = {
    "none": (clean, "bytes, and the same over 255"),
    "gaussian": (gaussian, "sigma 5 to 50"),
    "salt-and-pepper": (salt_and_pepper, "1 to 90 %"),
    "random-impulse": (random_impulse, "5 to 40 %"),
    "poisson": (poisson, "peak of 2 to 150 photons"),
    "poisson-gaussian": (poisson_gaussian, "peak of 5 to 80 photons, sigma^2 0.3 to 1.5 of theirs at 128"),
    "speckle": (speckle, "1 to 30 looks"),
    "rician": (rician, "sigma 12 to 50"),
    "quantised": (quantised, "4 to 32 values"),
    "jpeg": (jpeg, "quality 5 to 80"),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--misses", action="store_true", help="print every case that was not told")
    arguments = parser.parse_args()
    scenes = images()
    rows, right, unsure, seconds = [], 0, 0, 0.0
    short = {"salt-and-pepper": "s & p", "random-impulse": "random", "poisson-gaussian": "p.-gauss"}
    told_as = [*KINDS, "not sure"]
    for row, (kind, (corrupt, levels)) in enumerate(KINDS.items()):
        told: Counter[str] = Counter()
        errors: dict[str, list[float]] = {}
        likely = 0
        for n in range(EACH):
            rng = np.random.default_rng([row, n])
            image, truth = corrupt(scenes[(n * 7 + row) % len(scenes)], rng)
            start = time.perf_counter()
            found = noise_kind(image)
            seconds += time.perf_counter() - start
            told[found.kind] += 1
            likely += found.kind == "not sure" and found.likely == kind
            if found.kind == kind:
                for name, value in truth.items():
                    errors.setdefault(name, []).append(abs(found.parameters[name] / value - 1))
            elif arguments.misses:
                print(kind, truth, found.kind, found.likely, round(found.confidence, 2))
        right += told[kind]
        unsure += told["not sure"]
        exact = ", ".join(
            f"{name} {100 * np.median(e):.1f} / {100 * np.percentile(e, 90):.1f}"
            for name, e in errors.items()
        )
        cells = [str(told[k]) if told[k] else "" for k in told_as]
        rows.append([kind, *cells, levels, exact])
    count = EACH * len(KINDS)
    wrong = count - right - unsure
    text = (
        f"{count} images of {len(scenes)} scenes, in rows by the noise that was put in, in columns by what was told; "
        "half of them floats,\nhalf clipped to bytes. Error of the parameters in %: median / 90th percentile, where "
        f"the kind was right.\n\nRight: **{100 * right / count:.1f} %**, not sure: {100 * unsure / count:.1f} %, "
        f"wrong: {100 * wrong / count:.1f} %.\n\n"
        + table(["put in", *(short.get(k, k) for k in told_as), "levels", "error, %"], rows)
    )
    publish("noise_kind", text)
    print(f"{1000 * seconds / count:.0f} ms each")


if __name__ == "__main__":
    main()
