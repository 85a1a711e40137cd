"""Curvature and total variation flows: speed against SimpleITK, scikit-image and scalar Perona-Malik.

Total variation: the time to reach the energy that scikit-image's solver stops at, in its own discrete energy (forward
differences), TV(u) + ||u - f||^2 / (2 weight).
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any

import numpy as np
from skimage.restoration import denoise_tv_chambolle

import divgrad
from divgrad import Explicit, PeronaMalik, Steps, evolve
from measure import publish, rates, table

ROUNDS = 3 if "--quick" in sys.argv else 7
FLOWS = {
    "MeanCurvature": divgrad.MeanCurvature(),
    "AffineCurvature": divgrad.AffineCurvature(),
    "Geodesic": divgrad.Geodesic(20.0),
    "MinMaxCurvature": divgrad.MinMaxCurvature(2.0),
    "TotalVariation": divgrad.TotalVariation(),
    "PLaplacian": divgrad.PLaplacian(3.0),
}


def itk(u: Any, name: str, steps: int) -> Any:
    import SimpleITK as sitk

    picture, f = sitk.GetImageFromArray(u), getattr(sitk, f"{name}ImageFilter")()
    f.SetTimeStep(0.0625 if u.ndim == 2 else 0.03)
    f.SetNumberOfIterations(steps)
    return lambda: f.Execute(picture)


def steps(shape: tuple[int, ...]) -> str:
    u = 100.0 * np.random.default_rng(0).random(shape, dtype="f4")
    rivals: dict[Any, Any] = {
        "PeronaMalik": (
            lambda: evolve(u, PeronaMalik(20.0), scheme=Explicit(), until=Steps(20)), 20 * u.size,
        )
    }  # fmt: skip
    for name, flow in FLOWS.items():
        rivals[name] = (lambda flow=flow: evolve(u, flow, until=Steps(20)), 20 * u.size)
    bars = {"CurvatureFlow": 20, "CurvatureAnisotropicDiffusion": 100, "MinMaxCurvatureFlow": None}
    for name in bars:
        rivals[f"SimpleITK {name}"] = (itk(u, name, 2), 2 * u.size)
    found = rates(rivals, ROUNDS)
    rows = []
    for name, rate in found.items():
        own = "MinMaxCurvature" if "MinMax" in name else "MeanCurvature"
        if "SimpleITK" in name:
            bar = bars[name.removeprefix("SimpleITK ")]
            told = f"{own} is {found[own] / rate:.0f} x as fast" + (
                f" (bar {bar} x)" if bar else ""
            )
        else:
            told = f"1/{found['PeronaMalik'] / rate:.1f} (bar 1/4)" if name in FLOWS else ""
        rows.append([name, f"{rate / 1e6:,.0f}", told])
    size = " x ".join(map(str, shape))
    return table([f"{size}, 20 steps", "Mpixel-steps/s", "of PeronaMalik's, or rival"], rows)


def energy(u: Any, f: Any, weight: float) -> float:
    u, f = u.astype("f8"), f.astype("f8")
    down, right = np.zeros_like(u), np.zeros_like(u)
    down[:-1], right[:, :-1] = np.diff(u, axis=0), np.diff(u, axis=1)
    return float(np.hypot(down, right).sum() + np.square(u - f).sum() / (2.0 * weight))


def seconds(call: Any) -> float:
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def total_variation(weight: float) -> str:
    """The ROF energy: scikit-image's default tolerance sets the mark; the cheapest of our settings that gets there."""
    from skimage.data import camera

    f = (camera() / 255.0).astype("f4")
    f = f + np.random.default_rng(0).normal(0, 0.1, f.shape).astype("f4")
    mark = energy(denoise_tv_chambolle(f, weight=weight), f, weight)
    least = energy(denoise_tv_chambolle(f, weight=weight, eps=1e-7, max_num_iter=3000), f, weight)
    best: tuple[float, Any, float] | None = None
    for smoothing in (0.03, 0.01, 0.005):
        flow = divgrad.Fidelity(divgrad.TotalVariation(smoothing=smoothing), weight=1.0 / weight)
        for by in (divgrad.AOS, divgrad.FSI):
            for tau in (0.01, 0.03, 0.1, 0.3, 1.0):
                for count in (2, 4, 8, 16, 32):
                    run = lambda by=by, flow=flow, tau=tau, count=count: evolve(  # noqa: E731
                        f, flow, scheme=by(tau=tau * weight), until=Steps(count)
                    )
                    start = time.perf_counter()
                    got = energy(run().u, f, weight)
                    once = time.perf_counter() - start
                    if got <= mark and (best is None or once < best[0]):
                        best = once, run, got
    theirs = seconds(lambda: denoise_tv_chambolle(f, weight=weight))
    if best is None:
        return f"| {weight:g} | {mark / least:.4f} | not reached | {1000 * theirs:.0f} | | |"
    ours = seconds(best[1])
    return (
        f"| {weight:g} | {mark / least:.4f} | {best[2] / least:.4f} | {1000 * theirs:.0f} | "
        f"{1000 * ours:.0f} | {theirs / ours:.1f} x (bar 5 x) |"
    )


if __name__ == "__main__":
    parts = [steps((2048, 2048)), steps((128, 128, 128))]
    head = (
        "| ROF, 512 x 512, weight | scikit-image's energy, least = 1 | divgrad's | ms | ms | divgrad is "
        "faster |\n|---|---|---|---|---|---|"
    )
    parts.append("\n".join([head, *[total_variation(weight) for weight in (0.1, 0.2)]]))
    publish("curvature", "\n\n".join(parts))
