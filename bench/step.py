"""Speed of one time step, against other programs, the same loop in C, and the machine's limits.

``python bench/step.py`` prints the tables, ``--write`` puts them into docs/benchmarks.md, ``--quick`` skips
what takes minutes.
"""

from __future__ import annotations

import ctypes
import shutil
import statistics
import subprocess
import sys
import time
import warnings
from typing import Any

import numpy as np

import divgrad
from divgrad.conductances import exponential, rational
from measure import c_library, publish, rates, table

ROUNDS = 3 if "--quick" in sys.argv else 9
CONTRAST = 20.0


def image(*shape: int, channels: int = 0) -> Any:
    rng = np.random.default_rng(0)
    smooth = np.linspace(0, 200, shape[-1], dtype="f4") * np.ones(shape, "f4")
    full = (*shape, channels) if channels else shape
    noise = rng.standard_normal(full, dtype="f4") * 20
    return noise + (smooth[..., None] if channels else smooth)


def ours(u: Any, tau: float, steps: int, conductance: Any = rational, **options: Any) -> Any:
    equation = divgrad.PeronaMalik(CONTRAST, conductance)
    return lambda: divgrad.evolve(
        u, equation, scheme=divgrad.Explicit(tau), until=divgrad.Steps(steps), **options
    )


def in_c(library: Any, name: str, u: Any, tau: float, steps: int) -> Any:
    function = getattr(library, name)
    function.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_ssize_t] * 2 + [ctypes.c_float] * 2

    def run() -> Any:
        a, b = u.copy(), np.empty_like(u)
        for _ in range(steps):
            function(a.ctypes.data, b.ctypes.data, *u.shape, tau, 1 / CONTRAST**2)
            a, b = b, a
        return a

    return run


def simpleitk(u: Any, tau: float, steps: int) -> Any:
    import SimpleITK as sitk

    picture = sitk.GetImageFromArray(u)
    f = sitk.GradientAnisotropicDiffusionImageFilter()
    f.SetTimeStep(min(tau, 0.125 if u.ndim == 2 else 0.0625))
    f.SetNumberOfIterations(steps)
    f.SetConductanceParameter(1.0)
    return lambda: f.Execute(picture)


def medpy(u: Any, tau: float, steps: int) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from medpy.filter.smoothing import anisotropic_diffusion
    return lambda: anisotropic_diffusion(u, niter=steps, kappa=CONTRAST, gamma=tau, option=2)


def diplib(u: Any, tau: float, steps: int) -> Any:
    import diplib

    return lambda: diplib.PeronaMalikDiffusion(u, steps, CONTRAST, tau, "quadratic")


def opencv(u: Any, steps: int) -> Any:
    import cv2

    eight_bit = np.clip(u, 0, 255).astype("u1")
    return lambda: cv2.ximgproc.anisotropicDiffusion(eight_bit, 0.2, CONTRAST, steps)


def gmic(side: int, steps: int) -> float | None:
    """Pixel-steps/s of G'MIC's tv_flow, the nearest to ours that it has; start and first step taken off."""
    if shutil.which("gmic") is None:
        return None
    seconds: dict[int, list[float]] = {1: [], 1 + steps: []}
    for _ in range(3):
        for count, spent in seconds.items():
            start = time.perf_counter()
            words = [
                "gmic",
                "-v",
                "0",
                f"{side},{side}",
                "-rand",
                "0,255",
                "-tv_flow",
                f"{count},0.2",
            ]
            subprocess.run(words, check=True, capture_output=True)
            spent.append(time.perf_counter() - start)
    one, many = (statistics.median(spent) for spent in seconds.values())
    return steps * side**2 / (many - one)


def planar() -> str:
    """2048 x 2048 float32: other programs."""
    u = image(2048, 2048)
    colour = image(2048, 2048, channels=3)
    rivals = {
        "divgrad": (ours(u, 0.2, 20), 20 * u.size),
        "SimpleITK GradientAnisotropicDiffusion": (simpleitk(u, 0.2, 2), 2 * u.size),
        "MedPy anisotropic_diffusion": (medpy(u, 0.2, 4), 4 * u.size),
        "DIPlib PeronaMalikDiffusion 'quadratic'": (diplib(u, 0.2, 4), 4 * u.size),
        "divgrad, 3 coupled channels": (ours(colour, 0.2, 20, channel_axis=-1), 20 * u.size),
        "OpenCV ximgproc.anisotropicDiffusion (8-bit, 3 channels)": (
            opencv(colour, 4), 4 * u.size,
        ),
    }  # fmt: skip
    found = rates(rivals, ROUNDS)
    bars = dict(zip(rivals, ("", "200", "25", "17", "", "3"), strict=True))
    rows = []
    for name, rate in found.items():
        base = found["divgrad, 3 coupled channels" if "OpenCV" in name else "divgrad"]
        ratio = f"{base / rate:.0f} x" if bars[name] else ""
        bar = f">= {bars[name]} x" if bars[name] else ""
        rows.append([name, f"{rate / 1e6:,.1f}", ratio, bar])
    other = gmic(2048, 20)
    if other is not None:
        ratio = f"{found['divgrad'] / other:.0f} x"
        rows.append(
            [
                "G'MIC tv_flow (another equation, one step costs about the same)",
                f"{other / 1e6:,.1f}",
                ratio,
                "",
            ]
        )
    return table(
        ["2048 x 2048, rational, 20 steps", "Mpixel-steps/s", "divgrad is faster", "bar"], rows
    )


def volume() -> str:
    """256^3 float32: other programs."""
    u = image(256, 256, 256)
    found = rates(
        {
            "divgrad": (ours(u, 0.1, 20), 20 * u.size),
            "SimpleITK GradientAnisotropicDiffusion": (simpleitk(u, 0.1, 1), u.size),
            "MedPy anisotropic_diffusion": (medpy(u, 0.1, 1), u.size),
        },
        max(3, ROUNDS // 3),
    )
    bars = {"SimpleITK GradientAnisotropicDiffusion": 150, "MedPy anisotropic_diffusion": 80}
    rows = [
        [
            name, f"{rate / 1e6:,.1f}",
            f"{found['divgrad'] / rate:.0f} x" if name in bars else "",
            f">= {bars[name]} x" if name in bars else "",
        ]
        for name, rate in found.items()
    ]  # fmt: skip
    return table(["256^3, rational, 20 steps", "Mvoxel-steps/s", "divgrad is faster", "bar"], rows)


def against_c(library: Any) -> str:
    """The same loop in C, and the limits of the machine."""
    rows = []
    sums = np.zeros(1, "f4")
    for n, steps, name in (
        (2048, 20, "rational"), (8192, 20, "rational"), (2048, 20, "exponential"),
    ):  # fmt: skip
        u = image(n, n)
        conductance = rational if name == "rational" else exponential
        flat = np.empty_like(u)
        library.copy.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_ssize_t]
        library.divide.argtypes = [ctypes.c_void_p, ctypes.c_ssize_t]
        found = rates(
            {
                "divgrad": (ours(u, 0.2, steps, conductance), steps * u.size),
                "C": (in_c(library, name, u, 0.2, steps), steps * u.size),
                "memory": (lambda u=u, o=flat: library.copy(u.ctypes.data, o.ctypes.data, u.size), u.size),
                "division": (lambda: library.divide(sums.ctypes.data, 200_000_000), 1e8),
            },
            ROUNDS if n < 4096 else max(3, ROUNDS // 3),
        )  # fmt: skip
        bar = ">= 1.5 x" if name == "exponential" else ">= 1.0 x, aim 1.5 x"
        limit = f"{found['division'] / 1e9:.2f}" if name == "rational" else ""
        rows.append(
            [
                f"{n}^2, {name}", f"{found['divgrad'] / 1e9:.2f}", f"{found['C'] / 1e9:.2f}",
                f"{found['divgrad'] / found['C']:.2f} x", bar,
                f"{found['memory'] / 1e9:.2f}", limit,
            ]
        )  # fmt: skip
    header = [
        "Gpixel-steps/s", "divgrad", "C, -O3 -march=native -ffast-math -fopenmp", "ratio", "bar",
        "memory limit of one step per visit", "limit of 2 divisions per pixel",
    ]  # fmt: skip
    return table(header, rows)


def sizes() -> str:
    """Cost per pixel-step over image sizes."""
    sides = (256, 512, 1024, 2048, 4096, 8192) + (() if "--quick" in sys.argv else (16384,))
    images = {n: image(n, n) for n in sides}
    rivals = {(n, 20): (ours(u, 0.2, 20), 20 * u.size) for n, u in images.items()}
    rivals[256, 200] = (ours(images[256], 0.2, 200), 200 * 256**2)
    found = rates(rivals, 3 if "--quick" in sys.argv else 7)
    best = max(found.values())
    rows = [
        [f"{n}^2, {steps} steps", f"{rate / 1e9:.2f}", f"{best / rate:.2f}"]
        for (n, steps), rate in found.items()
    ]
    return table(["image", "Gpixel-steps/s", "cost, least = 1 (bar: <= 1.5)"], rows)


if __name__ == "__main__":
    library = c_library()
    sections = [planar(), volume()]
    if library is not None:
        sections.append(against_c(library))
    sections.append(sizes())
    publish("step", "\n\n".join(sections))
