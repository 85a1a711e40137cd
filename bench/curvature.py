"""Curvature and total variation flows: speed against SimpleITK, scikit-image and scalar Perona-Malik.

Total variation: the time to reach the energy that scikit-image's solver stops at, in its own discrete energy (forward
differences), TV(u) + ||u - f||^2 / (2 weight); both from the same image, weight 0.1 of which is its default.
"""

from __future__ import annotations

import sys
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


def total_variation(weight: float, eps: float) -> str:
    """The ROF energy: scikit-image's tolerance sets the mark; the fewest iterations of ours that get there."""
    from skimage.data import camera

    f = (camera() / 255.0).astype("f4")
    f = f + np.random.default_rng(0).normal(0, 0.1, f.shape).astype("f4")
    flow = divgrad.TotalVariation(smoothing=1e-4)

    def ours(n: int) -> Any:
        scheme = divgrad.Proximal(tau=weight, iterations=n)
        return evolve(f, flow, scheme=scheme, until=Steps(1)).u

    def theirs(eps: float = eps) -> Any:
        return denoise_tv_chambolle(f, weight=weight, eps=eps, max_num_iter=3000)

    mark, least = (energy(theirs(e), f, weight) for e in (eps, 1e-7))
    name = f"| {weight:g} | {eps:g} | {mark / least:.4f} "
    found = [n for n in (*range(3, 40), 60, 100, 200) if energy(ours(n), f, weight) <= mark]
    if not found:
        return f"{name}| {energy(ours(200), f, weight) / least:.4f} after 200 | | | not reached |"
    n = found[0]
    part = energy(ours(n), f, weight) / least
    found_rates = rates({"theirs": (theirs, 1.0), "ours": (lambda: ours(n), 1.0)}, ROUNDS)
    slow, fast = (1000.0 / found_rates[who] for who in ("theirs", "ours"))
    return (
        f"{name}| {part:.4f} after {n} | {slow:.1f} | {fast:.1f} | {slow / fast:.1f} x (bar 5 x) |"
    )


if __name__ == "__main__":
    parts = [steps((2048, 2048)), steps((128, 128, 128))]
    head = (
        "| ROF, 512 x 512, weight | tolerance of scikit-image's | its energy, least = 1 | divgrad's | ms | ms | "
        "divgrad is faster |\n|---|---|---|---|---|---|---|"
    )
    rof = [total_variation(w, eps) for w in (0.1, 0.2) for eps in (2e-4, 5e-5)]
    parts.append("\n".join([head, *rof]))
    publish("curvature", "\n\n".join(parts))
