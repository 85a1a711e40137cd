"""Stopping rules compared: how much PSNR is lost against stopping at the best time of all, seen on the clean image.

Run ``python bench/stopping.py`` (about 5 minutes; ``--quick`` takes three images, ``--write`` puts the table into
docs/benchmarks.md). The images are the middles, 256 x 256, of set12 from ../shared/data beside the checkout and of a
few of scikit-image; nothing is tuned here.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage import data

import divgrad
from divgrad import Decorrelation, Discrepancy, LeastError, SignalToNoise, Steps
from divgrad.estimate import noise_level
from measure import publish, table

SET12 = Path(__file__).parents[2] / "shared" / "data" / "set12"
SIGMAS = (15, 25, 50)
FLOWS: dict[str, Any] = {  # equation, scheme and number of steps, for noise of a level
    "PeronaMalik": lambda s: (divgrad.PeronaMalik(0.8 * s), divgrad.Explicit(0.2), 120),
    "PeronaMalik, presmoothed": lambda s: (
        divgrad.PeronaMalik(0.2 * s, presmoothing=1.0), divgrad.Explicit(0.2), 150,
    ),
    "EdgeEnhancing": lambda s: (
        divgrad.EdgeEnhancing(0.25 * s, presmoothing=1.0), divgrad.Explicit(0.2), 100,
    ),
    "TotalVariation": lambda s: (divgrad.TotalVariation(), divgrad.FSI(tau=0.1 * s), 40),
    "Heat": lambda s: (divgrad.Heat(), divgrad.Explicit(0.05), 60),
}  # fmt: skip


def images() -> list[Any]:
    """Return the clean images."""
    found = [np.asarray(Image.open(p), np.float32) for p in sorted(SET12.glob("*.png"))]
    found += [
        a.astype(np.float32) for a in (data.coins(), data.moon(), data.grass(), data.page()[:, 60:])
    ]
    cut = []
    for a in found:
        y, x = max(0, a.shape[0] - 256) // 2, max(0, a.shape[1] - 256) // 2
        cut.append(a[y : y + 256, x : x + 256])
    return cut[:: 6 if "--quick" in sys.argv else 1]


def losses(clean: Any, noisy: Any, sigma: float, level: float, flow: str) -> list[float]:
    """Return what each rule loses, in dB; the two that know sigma from the image last."""
    equation, scheme, steps = FLOWS[flow](sigma)
    rules = [
        Decorrelation(), Discrepancy(sigma), SignalToNoise(sigma), LeastError(sigma), Discrepancy(level),
        LeastError(level),
    ]  # fmt: skip
    errors = [
        float(np.mean((frame.u - clean) ** 2, dtype=float))
        for frame in divgrad.march(noisy, equation, scheme=scheme, until=Steps(steps))
    ]
    found = []
    for rule in rules:
        end = divgrad.evolve(noisy, equation, scheme=scheme, until=rule | Steps(steps)).u
        error = float(np.mean((end - clean) ** 2, dtype=float))
        found.append(10 * np.log10(error / min(errors)))
    return found


def main() -> None:
    names = [
        "decorrelation", "discrepancy", "signal-to-noise", "least-error", "discrepancy, sigma estimated",
        "least-error, sigma estimated",
    ]  # fmt: skip
    clean = images()
    rows, everything = [], []
    for flow in FLOWS:
        for sigma in SIGMAS:
            lost = []
            for number, image in enumerate(clean):
                rng = np.random.default_rng([number, sigma])
                noisy = image + np.float32(sigma) * rng.standard_normal(image.shape, np.float32)
                lost.append(losses(image, noisy, sigma, noise_level(noisy), flow))
            everything += lost
            mean, worst = np.mean(lost, axis=0), np.max(lost, axis=0)
            cells = [f"{m:.2f} ({w:.2f})" for m, w in zip(mean, worst, strict=True)]
            rows.append([flow, str(sigma), *cells])
            print(rows[-1], file=sys.stderr, flush=True)
    rows.append(["all", "", *(f"{m:.2f}" for m in np.mean(everything, axis=0))])
    text = (
        f"dB lost against the best of all steps: mean (worst) of {len(clean)} images. Discrepancy cuts its last "
        "step.\n\n" + table(["flow", "sigma", *names], rows)
    )
    publish("stopping", text)


if __name__ == "__main__":
    main()
