"""Does denoising invent anything? Flat, dark, saturated, tiny, clean and non-natural images, edges, and texture.

Run ``python bench/careful.py`` (about 8 minutes, most of it BM3D; ``--write`` puts the tables into docs,
``--pictures DIR`` saves clean | noisy | best | bm3d). Images of scikit-image and synthetic ones; nothing is tuned here.

What depends on the noise alone cannot be structure of the image. The same image with several noises parts the error
into what is always the same, blur, and what changes with the noise: ``spread``. ``strokes`` is the share of pixels
around which slopes have a common direction, and more than a quarter of the noise, while nowhere near they have one in
the clean image.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import maximum_filter
from skimage import data, transform
from skimage.feature import structure_tensor, structure_tensor_eigenvalues
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from divgrad import denoise
from measure import publish, table

Method = Callable[[Any, float], Any]
SIGMA = 20.0
NOISES = 4
LIMIT = 0.1  # per cent that the mean may move


def methods(quick: bool) -> dict[str, Method]:
    """Return what is compared, by name."""
    found: dict[str, Method] = {
        "divgrad, best": lambda u, s: denoise(u, s),
        "divgrad, fast": lambda u, s: denoise(u, s, model="fast"),
        "divgrad, model=None": lambda u, s: denoise(u, s, model=None),
        "non-local means": lambda u, s: denoise_nl_means(
            u, 5, 6, h=0.8 * s, sigma=s, fast_mode=True
        ),
        "total variation": lambda u, s: denoise_tv_chambolle(u, weight=0.7 * s),
    }
    if not quick:
        try:
            import bm3d

            found["bm3d"] = lambda u, s: bm3d.bm3d(u, s)
        except ImportError:
            pass
    return found


def x_ray(size: int = 192) -> Any:
    """Return a transmission image: ellipsoids that absorb, with thin bright and dark bones across."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    depth = np.zeros((size, size))
    for cy, cx, ry, rx, density in (
        (0.0, 0.0, 0.45, 0.38, 1.6),
        (-0.1, -0.15, 0.2, 0.1, -0.8),
        (-0.1, 0.15, 0.2, 0.1, -0.8),
        (0.2, 0.05, 0.06, 0.06, 1.2),
    ):
        depth += density * np.sqrt(np.maximum(0, 1 - ((y - cy) / ry) ** 2 - ((x - cx) / rx) ** 2))
    for k in range(5):
        depth += 0.35 * np.exp(-(((y + 0.3 - 0.13 * k - 0.4 * x**2) / 0.012) ** 2))
    return 255 * np.exp(-0.8 * depth)


def edges(size: int = 192) -> Any:
    """Return edges at many angles, a disc, a thin line and a wedge: antialiased, flat in between."""
    four = 4 * size
    y, x = np.mgrid[:four, :four] / four - 0.5
    angle = np.arctan2(y, x)
    out = np.where(np.floor(angle / (np.pi / 9)) % 2 == 0, 70.0, 150.0)
    out[y**2 + x**2 < 0.15**2] = 200.0
    out[np.abs(y - 0.42) < 0.004] = 230.0
    return out.reshape(size, 4, size, 4).mean(axis=(1, 3))


def pictures() -> dict[str, Any]:
    """Return the clean images by name."""
    cut = (slice(100, 292), slice(100, 292))
    photograph = transform.downscale_local_mean(data.camera(), (2, 2))
    return {
        "flat": np.full((192, 192), 128.0),
        "edges": edges(),
        "text": data.page()[:192, :192].astype(float),
        "micrograph (trained on)": data.cell()[200:392, 200:392].astype(float),
        "X-ray phantom": x_ray(),
        "moon (trained on)": data.moon()[cut].astype(float),
        "grass (trained on)": data.grass()[cut].astype(float),
        "gravel (trained on)": data.gravel()[cut].astype(float),
        "lawn": data.camera()[310:502, 20:212].astype(float),
        "photograph": photograph[:192, :192],
    }


def directed(image: Any) -> tuple[Any, Any]:
    """Return the slope around each pixel, and how much of it has one direction, from 0 to 1."""
    most, least = structure_tensor_eigenvalues(structure_tensor(image, 2.5, mode="reflect"))
    return np.sqrt(most), (most - least) / (most + least + 1e-9)


def strokes(out: Any, clean: Any, sigma: float) -> float:
    """Return the share of pixels where lines are that the clean image does not have, in per cent."""
    slope, share = directed(out)
    none = maximum_filter(directed(clean)[1], 5) < 0.45
    return 100 * float((none & (share > 0.6) & (slope > 0.25 * sigma)).mean())


def invention(compared: dict[str, Method], folder: Path | None) -> str:
    """Return a table: decibels, spread over noises, and strokes."""
    rows = []
    for name, clean in pictures().items():
        noisy = [
            clean + SIGMA * np.random.default_rng(n).standard_normal(clean.shape)
            for n in range(NOISES)
        ]
        shown = [clean, noisy[0]]
        for method, call in compared.items():
            outs = np.array([call(u.astype(np.float32), SIGMA) for u in noisy], float)
            error = np.mean((outs - clean) ** 2)
            spread = np.sqrt(outs.var(axis=0, ddof=1).mean())
            false = np.mean([strokes(out, clean, SIGMA) for out in outs])
            moved = np.mean([abs(o.mean() - u.mean()) for o, u in zip(outs, noisy, strict=True)])
            rows.append(
                [
                    name,
                    method,
                    f"{10 * np.log10(255**2 / error):.2f}",
                    f"{spread:.2f}",
                    f"{false:.2f}",
                    f"{100 * moved / clean.mean():.3f}",
                ]
            )
            if method in ("divgrad, best", "bm3d"):
                shown.append(outs[0])
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            row = np.clip(np.rint(np.hstack(shown)), 0, 255).astype(np.uint8)
            Image.fromarray(row).save(folder / f"{name.partition(' ')[0]}.png")
    head = ["image", "method", "dB", "spread", "strokes %", "mean moved %"]
    return table(head, rows)


def ringing(compared: dict[str, Method]) -> str:
    """Return a table: how far the mean profile across a noisy step leaves the step's two levels.

    Along 192 pixels of edge and over several noises the mean has hardly any noise left: what swings is the method.
    """
    rows = []
    for height in (40.0, 120.0):
        for tilt in (0.0, 0.15, 1.0):
            y, x = np.mgrid[:192, :192]
            place = (x - 96 - tilt * (y - 96)) / np.hypot(1, tilt)
            clean = 128 + height * (np.clip(place + 0.5, 0, 1) - 0.5)
            bins = np.rint(place).astype(int)
            near = (np.abs(bins) < 16) & (np.abs(y - 96) < 64)
            label, count = bins[near] + 15, np.bincount(bins[near] + 15)
            row = [f"{height:g}", f"{np.degrees(np.arctan(tilt)):.0f}"]
            for call in compared.values():
                profile = np.zeros(len(count))
                for n in range(2 * NOISES):
                    noise = np.random.default_rng(n).standard_normal(clean.shape)
                    out = call((clean + SIGMA * noise).astype(np.float32), SIGMA)
                    profile += np.bincount(label, np.asarray(out, float)[near]) / count
                profile = profile / (2 * NOISES) - 128
                over = max(profile.max() - height / 2, -height / 2 - profile.min())
                row.append(f"{100 * over / height:.1f}")
            rows.append(row)
    return table(["step", "degrees", *compared], rows)


def corners() -> str:
    """Return a table of images at the ends of what there is; nothing is told to `denoise`."""
    rng = np.random.default_rng(0)
    rows = []

    def add(name: str, image: Any, want: str, clean: Any = None) -> None:
        axis = -1 if np.ndim(image) == 3 else None
        made = denoise(image, channel_axis=axis, report=True)
        moved = np.asarray(made.image, float) - image
        true = np.mean(image if clean is None else clean, dtype=float)
        mean = 100 * abs(np.mean(made.image, dtype=float) - true) / max(1e-9, abs(true))
        rows.append(
            [name, made.noise.kind, f"{made.sigma:.3g}", f"{np.abs(moved).max():.3g}", f"{mean:.4f}", want]
        )  # fmt: skip

    def byte(image: Any) -> Any:
        return np.clip(np.rint(image), 0, 255).astype(np.uint8)

    clean = {
        "edges": edges(),
        "X-ray phantom": x_ray(),
        "text": 255.0 * (data.text() > 100),
        "flat": np.full((64, 64), 77.0),
        "ramp": np.add.outer(np.arange(96.0), np.arange(96.0)),
    }
    for name, image in clean.items():
        add(f"clean, {name}", byte(image), "<= 0.5")
        add(f"clean, {name}, float", image.astype(np.float32), "<= 0.5")
    colour = np.stack([edges(), x_ray(), np.full((192, 192), 60.0)], -1)
    add("clean, three unlike channels", byte(colour), "<= 0.5")
    for name, image in pictures().items():
        add(f"noise of {SIGMA:g}, {name}", image + rng.normal(0, SIGMA, image.shape), "mean")
    dark, bright = 6 + 0 * edges(), 249 + 0 * edges()
    dark[60:120, 60:120], bright[60:120, 60:120] = 18, 235
    for name, image in (("dark", dark), ("saturated", bright)):
        noisy = byte(image + rng.normal(0, 5, image.shape))
        add(f"{name}, noise of 5 clipped to bytes", noisy, "clean mean", image)
        off = 100 * abs(noisy.mean() - image.mean()) / image.mean()
        rows[-1][-1] += f"; {off:.2f} % off in the noisy one"
    for shape in ((1, 1), (1, 9), (2, 3), (7, 7), (15, 40), (16, 16), (17, 300)):
        add(f"tiny, {shape[0]} x {shape[1]}", 100 + rng.normal(0, 10, shape), "mean")
    head = ["image", "found", "level", "largest change", "mean moved %", "wanted"]
    return table(head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="without BM3D")
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--write", action="store_true", help="put the tables into the docs")
    arguments = parser.parse_args()
    compared = methods(arguments.quick)
    text = (
        f"Noise of {SIGMA:g}, {NOISES} noises of each image; spread in grey values.\n\n"
        + invention(compared, arguments.pictures)
        + "\n\nHow far the mean profile across a noisy step leaves the step's levels, in per cent of its height:\n\n"
        + ringing(compared)
        + "\n\n`denoise` told nothing:\n\n"
        + corners()
    )
    publish("careful", text)


if __name__ == "__main__":
    main()
