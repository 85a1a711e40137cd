"""Speed of higher-order, osmotic, reacting and equalising flows beside scalar Perona-Malik's, 2-D and 3-D.

``python bench/others.py`` prints the table, ``--write`` puts it into docs/benchmarks.md, ``--quick`` takes fewer
rounds.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np

import divgrad
from measure import publish, rates, table

ROUNDS = 3 if "--quick" in sys.argv else 7
STEPS = 20
SHAPES = ((2048, 2048), (128, 128, 128))
AIM = 4.0  # no flow takes more time per step than this many of Perona and Malik's


def cases(shape: tuple[int, ...]) -> dict[str, tuple[Any, Any, int | None]]:
    """Return name -> (equation, image, axis of channels); two components count as one pixel."""
    rng = np.random.default_rng(0)
    u = (rng.standard_normal(shape, dtype="f4") * 20 + 120).clip(1, 255)
    pair = np.stack([u, np.zeros_like(u)])
    species = np.stack([1 - u / 400, u / 800])
    return {
        "PeronaMalik": (divgrad.PeronaMalik(20.0), u, None),
        "Biharmonic": (divgrad.Biharmonic(), u, None),
        "FourthOrder": (divgrad.FourthOrder(20.0), u, None),
        "Osmosis": (divgrad.Osmosis(u), np.flip(u).copy(), None),
        "AllenCahn": (divgrad.AllenCahn(1.5, 0.0, 255.0), u, None),
        "GrayScott (pair)": (divgrad.GrayScott(), species, 0),
        "AmbrosioTortorelli (pair)": (divgrad.AmbrosioTortorelli(20.0), pair, 0),
        "HistogramModification": (divgrad.HistogramModification(), u, None),
    }


def main() -> None:
    found = []
    for shape in SHAPES:
        work = float(STEPS * np.prod(shape))
        rivals = {}
        for name, (equation, image, axis) in cases(shape).items():
            call = partial(
                divgrad.evolve, image, equation, until=divgrad.Steps(STEPS), channel_axis=axis
            )
            rivals[name] = (call, work)
        found.append(rates(rivals, ROUNDS))
    rows = []
    for name in cases((2, 2)):
        row = [name]
        for rate in found:
            ratio = rate["PeronaMalik"] / rate[name]
            row += [f"{rate[name] / 1e6:,.0f}", f"1/{ratio:.1f}"]
        rows.append(row)
    header = [f"explicit, {STEPS} steps, float32"]
    for shape in SHAPES:
        size = " x ".join(map(str, shape))
        header += [f"{size}: Mpixel-steps/s", f"of Perona-Malik's (aim 1/{AIM:g})"]
    publish("others", table(header, rows))


if __name__ == "__main__":
    main()
