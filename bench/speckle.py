"""Speed of the noise-matched, robust and complex flows: beside Perona-Malik's, and of SRAD in other programs.

``python bench/speckle.py`` prints the tables, ``--write`` puts them into docs/benchmarks.md, ``--quick`` takes fewer
rounds. PyPI's ``srad`` asks for opencv-python; beside another OpenCV install it with ``--no-deps``.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np

import divgrad
from measure import publish, rates, table

ROUNDS = 3 if "--quick" in sys.argv else 7
STEPS = 20


def image(*shape: int) -> Any:
    """Speckle of 16 looks on bright and dark stripes."""
    truth = np.where(np.arange(shape[-1]) // 64 % 2, 150.0, 30.0)
    return (truth * np.random.default_rng(0).gamma(16.0, 1.0 / 16.0, shape)).astype("f4")


def flow(u: Any, equation: Any, tau: float = 0.2) -> tuple[Any, float]:
    scheme, until = divgrad.Explicit(tau=tau), divgrad.Steps(STEPS)
    return lambda: divgrad.evolve(u, equation, scheme=scheme, until=until), STEPS * u.size


def in_numpy(u: Any) -> tuple[Any, float]:
    """The published formula with arrays."""

    def neighbours(a: Any) -> list[Any]:
        p = np.pad(a, 1, mode="edge")
        return [p[2:, 1:-1], p[:-2, 1:-1], p[1:-1, 2:], p[1:-1, :-2]]

    def run() -> Any:
        v, q0 = u.copy(), np.float32(0.0625)
        for _ in range(4):
            d = [beside - v for beside in neighbours(v)]
            g2, lap = sum(x * x for x in d) / (v * v), sum(d) / v
            q2 = (g2 / 4 - lap * lap / 16) / (1 + lap / 4) ** 2
            c = np.minimum(1, 1 / (1 + (q2 - q0) / (q0 * (1 + q0))))
            flows = (0.5 * (c + e) * x for e, x in zip(neighbours(c), d, strict=True))
            v += np.float32(0.2) * sum(flows)
        return v

    return run, 4 * u.size


def of_pypi(u: Any, steps: int) -> tuple[Any, float] | None:
    """PyPI's srad; its end is a Python loop over pixels, so that more steps cost less each."""
    try:
        from srad import SRAD
    except ImportError:
        print("PyPI's srad is not installed: left out", file=sys.stderr)
        return None

    def run() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return SRAD(u, steps - 1, 0.2, 1.0 / 6.0)

    return run, steps * u.size


def rivals() -> str:
    u = image(1024, 1024)
    entries = {
        "divgrad SpeckleReducing": flow(u, divgrad.SpeckleReducing()),
        "the published formula in NumPy": in_numpy(u),
        "PyPI srad, 20 steps": of_pypi(u, 20),
        "PyPI srad, 2 steps": of_pypi(u, 2),
    }
    some = {name: entry for name, entry in entries.items() if entry is not None}
    found = rates(some, max(3, ROUNDS // 2))
    base = found["divgrad SpeckleReducing"]
    rows = []
    for name, rate in found.items():
        bar = ">= 20 x" if "PyPI" in name else ""
        rows.append(
            [name, f"{rate / 1e6:,.1f}", f"{base / rate:.0f} x" if rate < base else "", bar]
        )
    both = [found.get(f"PyPI srad, {n} steps") for n in (20, 2)]
    if both[0] and both[1]:  # without what it does before and after its steps
        rate = 18 * u.size / (20 * u.size / both[0] - 2 * u.size / both[1])
        rows.append(
            ["PyPI srad, a step alone", f"{rate / 1e6:,.1f}", f"{base / rate:.0f} x", ">= 20 x"]
        )
    return table(["1024^2 float32", "Mpixel-steps/s", "divgrad is faster", "bar"], rows)


def beside_perona_malik() -> str:
    sections = []
    for shape, tau in (((2048, 2048), 0.2), ((192, 192, 192), 0.1)):
        u = image(*shape)
        equations = {
            "PeronaMalik": divgrad.PeronaMalik(20.0),
            "SpeckleReducing": divgrad.SpeckleReducing(),
            "DetailPreservingSpeckle": divgrad.DetailPreservingSpeckle(),
            "DetailPreservingSpeckle, reach 2": divgrad.DetailPreservingSpeckle(reach=2),
            "Robust": divgrad.Robust(),
            "ComplexDiffusion (two numbers per pixel)": divgrad.ComplexDiffusion(5.0),
        }
        calls = {name: flow(u, equation, tau) for name, equation in equations.items()}
        found = rates(calls, ROUNDS if u.ndim == 2 else 3)
        rows = [
            [name, f"{rate / 1e6:,.0f}", f"1/{found['PeronaMalik'] / rate:.1f}", ">= 1/4"]
            for name, rate in found.items()
        ]
        size = " x ".join(str(n) for n in shape)
        header = [f"{size} float32, explicit", "Mpixel-steps/s", "of Perona-Malik's", "bar"]
        sections.append(table(header, rows))
    return "\n\n".join(sections)


if __name__ == "__main__":
    publish("speckle", rivals() + "\n\n" + beside_perona_malik())
