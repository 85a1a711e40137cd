"""Long diffusion times, at 1 % of a converged reference; and holes filled until nothing changes.

Perona-Malik with presmoothing 1: every scheme with the longest step that reaches 1 %. The error is the root mean
square difference from a reference, made by explicit steps of 1/8 of the stable limit, relative to that of input and
reference. Explicit steps of the stable limit take the time 1.

Holes: heat flow in a mask until the steady state, to 0.1 grey values of 255, root mean square, from the exact one.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from divgrad import (
    AOS,
    FSI,
    LOD,
    CoarseToFine,
    Explicit,
    Heat,
    Implicit,
    Masked,
    PeronaMalik,
    Steps,
    Time,
    evolve,
)
from measure import publish, rates, table

COUNTS = (4, 6, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224)
ROUNDS = 3 if "--quick" in sys.argv else 5


def phantom(*shape: int) -> Any:
    """A ball and a slab with noise: edges, corners and flat parts."""
    rng = np.random.default_rng(0)
    axes = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    ball = sum(a**2 for a in axes) < 0.4
    slab = np.abs(axes[0] - 0.3 * axes[1]) < 0.2
    return (100 * ball + 60 * slab + rng.normal(0, 10, shape)).astype("f4")


def kinds(end: float) -> dict[str, list[Any]]:
    """Every scheme, with steps from long to short."""
    taus = [end / n for n in COUNTS]
    return {
        "FSI": [FSI(tau) for tau in taus],
        "AOS": [AOS(tau) for tau in taus],
        "LOD": [LOD(tau) for tau in taus],
        "Implicit": [Implicit(tau, 1e-4) for tau in taus],
        "CoarseToFine": [CoarseToFine(FSI(tau)) for tau in taus],
    }


def study(end: float, *shape: int) -> str:
    u = phantom(*shape)
    equation = PeronaMalik(10.0, presmoothing=1.0)
    limit = 0.5 / len(shape)
    reference = evolve(u, equation, scheme=Explicit(limit / 8), until=Time(end)).u
    change = float(np.sqrt(np.mean((reference - u) ** 2)))

    def error(scheme: Any) -> float:
        out = evolve(u, equation, scheme=scheme, until=Time(end)).u
        return float(np.sqrt(np.mean((out - reference) ** 2))) / change

    # Each scheme with the longest step (fewest steps) that reaches 1 %.
    chosen: dict[str, tuple[Any, float]] = {}
    for name, schemes in {"Explicit": [Explicit(limit)], **kinds(end)}.items():
        for scheme in schemes:
            wrong = error(scheme)
            if wrong <= 0.01:
                break
        tau = getattr(scheme, "tau", None) or scheme.scheme.tau
        chosen[f"{name} (tau={tau:.3g})"] = (scheme, wrong)
    found = rates(
        {
            name: (lambda s=scheme: evolve(u, equation, scheme=s, until=Time(end)), 1.0)
            for name, (scheme, _) in chosen.items()
        },
        ROUNDS,
    )
    base = next(iter(found.values()))
    rows = [
        [name, f"{100 * chosen[name][1]:.2f} %", f"1/{rate / base:.1f}"]
        for name, rate in found.items()
    ]
    return table(
        [
            f"{' x '.join(map(str, shape))}, T = {end:g}",
            "error",
            "time, Explicit = 1 (bar for FSI 1/6)",
        ],
        rows,
    )


def holes() -> str:
    """Fill a block, and 95 % of scattered pixels, of a smooth image by heat flow."""
    rows = []
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:512, :512] / 512.0
    image = 127.0 + 60.0 * np.sin(7.0 * x + 3.0 * y) * np.cos(5.0 * y) + 60.0 * (x > 0.4 + 0.3 * y)
    block = np.zeros(image.shape, bool)
    block[150:350, 100:400] = True
    for what, mask in (
        ("a block of 200 x 300", block),
        ("95 % at random", rng.random(image.shape) > 0.05),
    ):
        u = np.where(mask, image[~mask].mean(), image).astype("f4")
        flow = Masked(Heat(), mask)
        exact = evolve(u.astype("f8"), flow, scheme=Implicit(1e9), until=Steps(2)).u
        # FSI and CoarseToFine with the cycle that is fastest for them, run as long as it takes.
        rivals: dict[str, list[Any]] = {
            "Implicit (tau=1e6), one step": [(Implicit(1e6), 1)],
            "FSI": [
                (FSI(tau), n)
                for tau, n in ((500.0, 1), (500.0, 4), (500.0, 20), (5000.0, 1), (5000.0, 2), (5000.0, 4))
            ],
            "CoarseToFine": [
                (CoarseToFine(FSI(tau)), n)
                for tau, n in ((5.0, 1), (5.0, 20), (5.0, 100), (50.0, 1), (50.0, 5), (500.0, 1), (500.0, 4))
            ],
        }  # fmt: skip
        calls = {}
        for name, tries in rivals.items():
            best = None
            for scheme, steps in tries:
                cost = steps * (getattr(scheme, "tau", None) or scheme.scheme.tau) ** 0.5
                if best is not None and cost >= best[0]:
                    continue
                out = evolve(u, flow, scheme=scheme, until=Steps(steps)).u
                off = float(np.sqrt(np.mean((out - exact)[mask] ** 2)))
                if off <= 0.1:
                    best = (cost, scheme, steps, off)
            if best is not None:
                _, scheme, steps, off = best
                inner = getattr(scheme, "scheme", scheme)
                label = name if "one" in name else f"{name} ({steps} cycles of tau={inner.tau:g})"
                calls[label] = (scheme, steps, off)
        found = rates(
            {
                label: (lambda s=scheme, n=steps, u=u, f=flow: evolve(u, f, scheme=s, until=Steps(n)), 1.0)
                for label, (scheme, steps, _) in calls.items()
            },
            ROUNDS,
        )  # fmt: skip
        base = next(rate for label, rate in found.items() if label.startswith("FSI"))
        rows += [
            [what, label, f"{calls[label][2]:.3g}", f"1/{rate / base:.1f}"]
            for label, rate in found.items()
        ]
    return table(["hole in 512 x 512", "scheme", "error, grey values", "time, FSI = 1"], rows)


if __name__ == "__main__":
    parts = [study(100.0, 512, 512), study(100.0, 64, 96, 96), holes()]
    publish("long_time", "\n\n".join(parts))
