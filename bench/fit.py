"""Fit Perona-Malik's contrast, time and presmoothing to photographs: how the loss falls, and what it buys.

Run ``python bench/fit.py`` (about a minute; ``--write`` puts the table into docs/benchmarks.md and draws
docs/fit.png). Fitted on three photographs, measured on three others.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from skimage import data

import divgrad
from divgrad.learned import fit
from divgrad.learned.curve import draw
from divgrad.metrics import psnr
from measure import publish, table

PLOT = Path(__file__).parents[1] / "docs" / "fit.png"


def pairs(names: list[str], sigma: float) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    clean = [getattr(data, name)()[100:228, 100:228].astype(float) for name in names]
    clean = [image if image.ndim == 2 else image.mean(axis=-1) for image in clean]
    return [(image + rng.normal(0, sigma, image.shape), image) for image in clean]


def main() -> None:
    torch.set_num_threads(1)
    rows = []
    looks = []
    for sigma in (10.0, 25.0):
        seen = pairs(["camera", "coins", "astronaut"], sigma)
        unseen = pairs(["chelsea", "coffee", "moon"], sigma)
        for scheme in (divgrad.Explicit(), divgrad.Implicit()):
            start = divgrad.PeronaMalik(5.0, presmoothing=0.5)
            found = fit(start, seen, time=0.5, steps=5, scheme=scheme)

            def score(equation: divgrad.PeronaMalik, until: object, scheme: object) -> float:
                out = [
                    psnr(c, divgrad.evolve(n, equation, scheme=scheme, until=until).u, 255.0)
                    for n, c in unseen  # noqa: B023
                ]
                return float(np.mean(out))

            before = score(start, divgrad.Time(0.5), scheme)
            after = score(found.equation, found.until, found.scheme)
            values = [
                found.equation.contrast,
                found.until.time,
                found.equation.presmoothing,
            ]
            losses = [found.losses[0], found.losses[min(5, len(found.losses) - 1)]]
            rows.append(
                [
                    f"{sigma:g}",
                    type(scheme).__name__,
                    *(f"{loss:.1f}" for loss in [*losses, min(found.losses)]),
                    *(f"{v:.2f}" for v in [*values, before, after]),
                ]
            )
            if sigma == 25.0 and isinstance(scheme, divgrad.Implicit):
                looks = [(n + 1, loss, {}) for n, loss in enumerate(found.losses)]
    head = ["sigma", "steps", "loss at first", "after 5 rounds", "at best", "contrast", "time",
            "presmoothing", "dB before, other images", "after"]  # fmt: skip
    publish("fit", table(head, rows) + "\n\n![loss over rounds](fit.png)")
    if "--write" in sys.argv:
        draw(PLOT, looks)


if __name__ == "__main__":
    main()
