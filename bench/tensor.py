"""Tensor diffusion: rotation error and extrema of three stencils, speed beside Perona-Malik's and DIPlib's.

``python bench/tensor.py`` prints the tables, ``--write`` puts them into docs/benchmarks.md.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from skimage import data

import divgrad
from divgrad.grid import Grid
from measure import publish, rates, table

GRID = Grid((1.0, 1.0))
ANGLES = np.linspace(0.0, math.pi, 37)[:-1]


def matrix(angle: float, thin: float) -> Any:
    c, s = math.cos(angle), math.sin(angle)
    return np.array(
        [[s * s + thin * c * c, (1 - thin) * c * s], [(1 - thin) * c * s, c * c + thin * s * s]]
    )


def standard(u: Any, d: Any, tau: float, steps: int) -> Any:
    """Central differences of the mixed term: the ordinary stencil, which has negative weights."""
    (a, b), (_, c) = d
    for _ in range(steps):
        p = np.pad(u, 1, mode="edge")
        mixed = p[2:, 2:] + p[:-2, :-2] - p[2:, :-2] - p[:-2, 2:]
        along = a * (p[2:, 1:-1] + p[:-2, 1:-1] - 2 * u) + c * (p[1:-1, 2:] + p[1:-1, :-2] - 2 * u)
        u = u + tau * (along + 0.5 * b * mixed)
    return u


def rotation() -> str:
    """Diffusion of a Gaussian of variance 4 by one tensor, against the exact Gaussian, at 36 angles."""
    x = np.mgrid[-40:41, -40:41].astype(float)
    rows = []
    for thin in (0.25, 0.1, 0.03):
        for name in ("Selling, reach 3", "Selling, reach 5", "delta (compact)", "standard"):
            errors, least = [], 0.0
            for angle in ANGLES:
                d = matrix(angle, thin)

                def gaussian(s: Any) -> Any:
                    q = np.einsum("iyx,ij,jyx->yx", x, np.linalg.inv(s), x)
                    return np.exp(-0.5 * q) / (2 * math.pi * math.sqrt(np.linalg.det(s)))

                start, exact = gaussian(4 * np.eye(2)), gaussian(4 * np.eye(2) + 12.0 * d)
                spot = np.zeros_like(start)
                spot[40, 40] = 1.0
                if name == "standard":
                    u, v = (standard(image, d, 0.1, n) for image, n in ((start, 60), (spot, 5)))
                else:
                    flow = divgrad.Oriented(
                        d,
                        reach=int(name[-1]) if name.startswith("S") else 3,
                        compact=name.startswith("delta"),
                    )
                    scheme = divgrad.Explicit(0.1)
                    u = divgrad.evolve(start, flow, scheme=scheme, until=divgrad.Time(6.0)).u
                    v = divgrad.evolve(spot, flow, scheme=scheme, until=divgrad.Time(0.5)).u
                errors.append(float(np.linalg.norm(u - exact) / np.linalg.norm(exact)))
                least = min(least, float(v.min()))
            rows.append(
                [f"{1 / thin:.0f}", name, f"{100 * np.mean(errors):.2f} %", f"{100 * np.max(errors):.2f} %",
                 f"{100 * (np.max(errors) - np.min(errors)):.2f} %", f"{100 * min(least, 0.0):.2f} %"]
            )  # fmt: skip
    header = ["eigenvalue ratio", "stencil", "error, mean of 36 angles", "largest", "largest - least",
              "new minimum of a spot"]  # fmt: skip
    return table(header, rows)


def image(side: int) -> Any:
    camera = np.tile(data.camera(), (side // 512, side // 512)).astype("f4")
    return camera + np.random.default_rng(0).normal(0, 10, camera.shape).astype("f4")


def frozen(flow: Any, u: Any) -> Any:
    operator = flow.operator(u[None], 0.0, Grid((1.0,) * u.ndim))
    return lambda: operator.polynomial(u[None], [0.05] * 8)


def run(flow: Any, u: Any, scheme: Any, steps: int) -> Any:
    return lambda: divgrad.evolve(u, flow, scheme=scheme, until=divgrad.Steps(steps))


def speed() -> str:
    """Pixel-steps per second."""
    sections = []
    edge, coherence = divgrad.EdgeEnhancing, divgrad.CoherenceEnhancing
    for u, name in (
        (image(1024), "1024^2"),
        (np.random.default_rng(0).normal(100, 20, (128,) * 3).astype("f4"), "128^3"),
    ):
        flat = u.ndim == 2
        scheme = divgrad.Explicit(0.1)
        rivals = {
            "PeronaMalik, 20 steps": (run(divgrad.PeronaMalik(20.0), u, scheme, 20), 20 * u.size)
        }
        flows = {"EED": edge(10.0), "CED": coherence()}
        if flat:
            flows |= {"EED, compact": edge(10.0, compact=True), "CED, compact": coherence(compact=True),
                      "CED, reach 2": coherence(reach=2), "CED, reach 5": coherence(reach=5)}  # fmt: skip
        for short, flow in flows.items():
            rivals[f"{short}, frozen steps"] = (frozen(flow, u), 8 * u.size)
            if "reach" not in short:
                rivals[f"{short}, explicit steps, tensor made anew"] = (
                    run(flow, u, scheme, 2),
                    2 * u.size,
                )
        rivals["copy of the image"] = (lambda u=u: u.copy(), u.size)
        if flat:
            import diplib

            rivals["DIPlib CoherenceEnhancingDiffusion"] = (
                lambda u=u: diplib.CoherenceEnhancingDiffusion(u, 0.5, 4.0, 1), u.size,
            )  # fmt: skip
        found = rates(rivals, 3)
        base, other = (
            found["PeronaMalik, 20 steps"],
            found.get("DIPlib CoherenceEnhancingDiffusion"),
        )
        rows = []
        for key, rate in found.items():
            limit = ""
            if "frozen" in key and not flat:
                weights = flows[key.split(",")[0]].operator(u[None], 0.0, Grid((1.0,) * 3))
                # Read: the weights and the image; written: the image. A copy reads and writes 8 bytes a voxel.
                bytes_each = (weights.slots.nbytes + 8 * u.size) / u.size
                limit = f"{100 * rate / (found['copy of the image'] * 8 / bytes_each):.0f} % ({bytes_each:.0f} B)"
            faster = f"{rate / other:.0f} x" if other and key.startswith("CED") else ""
            rows.append([key, f"{rate / 1e6:,.2f}", f"1/{base / rate:.1f}", faster, limit])
        header = [
            f"{name}, float32",
            "Mpixel-steps/s",
            "of Perona-Malik",
            "than DIPlib",
            "of the memory limit",
        ]
        sections.append(table(header, rows))
    return "\n\n".join(sections)


if __name__ == "__main__":
    publish("tensor", "\n\n".join([rotation(), speed()]))
