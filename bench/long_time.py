"""Long diffusion times: FSI and AOS against explicit steps, at 1 % of a converged reference.

Perona-Malik with presmoothing 1 until T = 100. The error is the root mean square difference from a
reference, made by explicit steps of 1/8 of the stable limit, relative to that of input and reference.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from divgrad import AOS, FSI, Explicit, PeronaMalik, Time, evolve
from measure import publish, rates, table

END = 100.0


def phantom(*shape: int) -> Any:
    """A ball and a slab with noise: edges, corners and flat parts."""
    rng = np.random.default_rng(0)
    axes = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    ball = sum(a**2 for a in axes) < 0.4
    slab = np.abs(axes[0] - 0.3 * axes[1]) < 0.2
    return (100 * ball + 60 * slab + rng.normal(0, 10, shape)).astype("f4")


def study(*shape: int) -> str:
    u = phantom(*shape)
    equation = PeronaMalik(10.0, presmoothing=1.0)
    limit = 0.5 / len(shape)
    reference = evolve(u, equation, scheme=Explicit(limit / 8), until=Time(END)).u
    change = float(np.sqrt(np.mean((reference - u) ** 2)))

    def error(scheme: Any) -> float:
        out = evolve(u, equation, scheme=scheme, until=Time(END)).u
        return float(np.sqrt(np.mean((out - reference) ** 2))) / change

    # Each scheme with the longest step (fewest steps) that reaches 1 %.
    chosen: dict[str, tuple[Any, float]] = {}
    counts = (2, 3, 4, 5, 6, 8, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320)
    for kind in (Explicit, FSI, AOS):
        taus = [limit] if kind is Explicit else [END / n for n in counts]
        for tau in taus:
            wrong = error(kind(tau))
            if wrong <= 0.01:
                break
        chosen[f"{kind.__name__}(tau={tau:.3g})"] = (kind(tau), wrong)
    rounds = 3 if "--quick" in sys.argv else 5
    found = rates(
        {
            name: (lambda s=scheme: evolve(u, equation, scheme=s, until=Time(END)), 1.0)
            for name, (scheme, _) in chosen.items()
        },
        rounds,
    )
    base = next(iter(found.values()))
    rows = [
        [name, f"{100 * chosen[name][1]:.2f} %", f"1/{rate / base:.1f}"]
        for name, rate in found.items()
    ]
    return table(
        [
            f"{' x '.join(map(str, shape))}, T = {END:g}",
            "error",
            "time, Explicit = 1 (bar 1/6, aim 1/10)",
        ],
        rows,
    )


if __name__ == "__main__":
    publish("long_time", study(512, 512) + "\n\n" + study(64, 96, 96))
