"""Noise in volumes of long voxels: a phantom, sharp and soft, and a real stack; against planes alone and others.

Run ``python bench/volumes.py`` (about 2 minutes; ``--bm4d`` adds that, a minute for every volume; ``--write`` puts
the table into docs/benchmarks.md).
The stack is 24 frames of an ultrasound loop, from ../shared/data beside the checkout, or scikit-image's ``cells3d``
where that was downloaded; noise is added to it. Total variation gets the best of three weights by looking at the
clean volume; scikit-image's functions know no spacing.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

import divgrad
from divgrad.learned import run, shipped
from divgrad.transforms import Rician
from measure import publish, table

LOOP = Path(__file__).parents[2] / "shared/data/badimages/pydicom/examples_ybr_color.dcm"
SPACING = (2.5, 1.0, 1.0)
MODELS = {"divgrad": "best", "divgrad, fast": "fast"}


def phantom(shape: tuple[int, int, int], seed: int) -> Any:
    """Return vesicles with membranes, curved fibres and dark blocks on uneven ground."""
    rng = np.random.default_rng(seed)
    half = np.array(shape) * SPACING / 2
    axes = [(np.arange(n) - 0.5 * (n - 1)) * h for n, h in zip(shape, SPACING, strict=True)]
    p = np.array(np.meshgrid(*axes, indexing="ij"))
    v = 60 + 20 * p[2] / half[2] + 10 * np.sin(p[1] / 20)
    for _ in range(7):
        centre, radius = rng.uniform(-0.8, 0.8, 3) * half, rng.uniform(8, 20)
        away = np.sqrt(((p - centre[:, None, None, None]) ** 2).sum(axis=0))
        v = np.where(away < radius, rng.uniform(80, 130), v)
        v = np.where(np.abs(away - radius) < 1.6, 190, v)
    for _ in range(10):
        along = rng.normal(size=3) * (0.5, 1, 1)
        along /= np.linalg.norm(along)
        aside = np.cross(along, [1, 0, 0])
        aside /= np.linalg.norm(aside)
        q = p - (rng.uniform(-0.9, 0.9, 3) * half)[:, None, None, None]
        length = np.tensordot(along, q, 1)
        bend = rng.uniform(2, 6) * np.sin(length / 12)
        q = q - bend * aside[:, None, None, None]
        v = np.where((q**2).sum(axis=0) - np.tensordot(along, q, 1) ** 2 < 4, 225, v)
    for _ in range(6):
        centre, sides = rng.uniform(-0.8, 0.8, 3) * half, rng.uniform(5, 10, 3)
        inside = np.abs(p - centre[:, None, None, None]) < sides[:, None, None, None]
        v = np.where(inside.all(axis=0), 20, v)
    return v.astype(np.float32)


def stack() -> tuple[str, Any]:
    """Return a real stack and its name."""
    if not LOOP.exists():
        from skimage import data

        cells = data.cells3d()[16:40, 1, 64:192, 64:192].astype(np.float32)
        return "nuclei (cells3d)", cells * (255 / cells.max())
    raw = LOOP.read_bytes()
    at = raw.index(b"\xe0\x7f\x10\x00") + 12  # the pixels: frames as JPEG, after a table
    frames = []
    while raw[at : at + 4] == b"\xfe\xff\x00\xe0":
        size = int.from_bytes(raw[at + 4 : at + 8], "little")
        frames.append(raw[at + 8 : at + 8 + size])
        at += 8 + size
    images = [np.asarray(Image.open(io.BytesIO(f)).convert("L"), np.float32) for f in frames[1:25]]
    return "ultrasound loop", np.array(images)[:, 60:156, 100:196]


def psnr(image: Any, clean: Any) -> float:
    return float(10 * np.log10(255**2 / np.mean((np.asarray(image, float) - clean) ** 2)))


def methods(clean: Any, spacing: tuple[float, ...]) -> dict[str, Callable[[Any, float], Any]]:
    found: dict[str, Callable[[Any, float], Any]] = {
        "divgrad": lambda u, s: divgrad.denoise(u, s, spacing=spacing),
        "divgrad, fast": lambda u, s: divgrad.denoise(u, s, spacing=spacing, model="fast"),
        "divgrad, model=None": lambda u, s: divgrad.denoise(u, s, spacing=spacing, model=None),
        "planes, learned": lambda u, s: np.array([run(p[None], shipped("fast"), s)[0] for p in u]),
        "planes, `denoise`": lambda u, s: np.array([divgrad.denoise(p, s) for p in u]),
        "total variation, best weight": lambda u, s: max(
            (denoise_tv_chambolle(u, weight=w * s) for w in (0.4, 0.6, 0.9)),
            key=lambda d: psnr(d, clean),
        ),
        "non-local means": lambda u, s: denoise_nl_means(u, 3, 3, h=0.6 * s, sigma=s),
    }
    if "--bm4d" in sys.argv:
        from bm4d import bm4d

        found["bm4d"] = lambda u, s: bm4d(u, s)
    return found


def main() -> None:
    shape = (24, 96, 96)
    sharp = phantom(shape, 0)
    soft = gaussian_filter(phantom(shape, 1), (0.5, 1.0, 1.0))
    name, real = stack()
    cases = [
        ("phantom, sharp", sharp, SPACING, False),
        ("phantom, soft", soft, SPACING, False),
        (name, real, (2.0, 1.0, 1.0), False),
        ("phantom, soft, Rician", soft, SPACING, True),
    ]
    divgrad.denoise_volume(soft[:12, :32, :32], 15.0, spacing=SPACING)  # compiled
    rows, names = [], []
    for title, clean, spacing, rician in cases:
        for sigma in (15.0, 30.0):
            rng = np.random.default_rng(7)
            noise = sigma * rng.standard_normal((2, *clean.shape))
            noisy = np.hypot(clean + noise[0], noise[1]) if rician else clean + noise[0]
            noisy = noisy.astype(np.float32)
            transform = Rician(sigma) if rician else None
            names, cells, taken = [], [], []
            for method, call in methods(clean, spacing).items():
                start = time.perf_counter()
                if transform is None:
                    result = call(noisy, sigma)
                elif method in MODELS:
                    result = divgrad.denoise_rician(
                        noisy, sigma, spacing=spacing, model=MODELS[method]
                    )
                else:
                    # As grey values of a range that the others know: 30 noise levels.
                    factor = 255.0 / 30.0
                    z = (transform.forward(noisy) * np.float32(factor)).astype(np.float32)
                    z = np.asarray(call(z, factor) / factor, np.float32)
                    result = transform.inverse(z)
                seconds = time.perf_counter() - start
                taken.append(seconds / (3 if "best" in method else 1))
                names.append(method)
                cells.append(psnr(result, clean))
            shown = [f"{c:.2f} ({t:.1f} s)" for c, t in zip(cells, taken, strict=True)]
            rows.append([title, f"{sigma:g}", f"{psnr(noisy, clean):.2f}", *shown])
            print(rows[-1], file=sys.stderr, flush=True)
    text = (
        f"PSNR in dB, and seconds; volumes of {' x '.join(map(str, shape))} voxels, {SPACING[0]:g} times as long as "
        "wide (the stack: taken for 2).\n\n" + table(["volume", "sigma", "noisy", *names], rows)
    )
    publish("volumes", text)


if __name__ == "__main__":
    main()
