"""Colour images: learned diffusion against BM3D for colours and non-local means, quality and time in the same run.

Run ``python bench/colour.py`` (about 7 minutes, most of it BM3D; ``--write`` puts the table into docs,
``--pictures DIR`` saves clean | noisy | best | bm3d). The images are every tenth of bsds500/images from
../shared/data beside the checkout, from the sixth on, the 160 x 160 pixels in their middle; else two of scikit-image.
No model has seen any of bsds500 in training; every twentieth from the first on was looked at while they were trained.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage import data
from skimage.restoration import denoise_nl_means

from divgrad import denoise, learned
from measure import publish, table

BSDS = Path(__file__).parents[2] / "shared" / "data" / "bsds500" / "images"
SIGMAS = (15, 25, 50)
SIZE = 160
Method = Callable[[Any, float], Any]


def images() -> list[Any]:
    """Return the clean images, float32 ``[row, col, colour]``."""
    found = sorted(BSDS.glob("*.jpg"))[5::10][:20]
    raw = [np.asarray(Image.open(path).convert("RGB")) for path in found]
    raw = raw or [data.astronaut(), data.coffee()]
    return [_middle(image).astype(np.float32) for image in raw]


def _middle(image: Any) -> Any:
    y, x = ((n - SIZE) // 2 for n in image.shape[:2])
    return image[y : y + SIZE, x : x + SIZE]


def together(image: Any, model: learned.Model, sigma: float) -> Any:
    """Run a model for colours."""
    channels = np.ascontiguousarray(np.moveaxis(image, -1, 0))
    return np.moveaxis(learned.run(channels, model, sigma), 0, -1)


def one_by_one(image: Any, model: learned.Model, sigma: float) -> Any:
    """Run a grey model on each colour."""
    parts = [learned.run(image[None, ..., c].copy(), model, sigma)[0] for c in range(3)]
    return np.stack(parts, -1)


def methods() -> dict[str, Method]:
    """Return what is compared, by name."""
    found: dict[str, Method] = {}
    for name in ("fast", "best"):
        model = learned.shipped(f"{name}-colour")
        found[f"divgrad, {name}-colour"] = lambda u, s, m=model: together(u, m, s)
    found["divgrad denoise, nothing told"] = lambda u, s: denoise(u, channel_axis=-1)
    grey = learned.shipped("best")
    found["divgrad, best, one by one"] = lambda u, s: one_by_one(u, grey, s)
    found["scikit-image non-local means"] = lambda u, s: denoise_nl_means(
        u, 5, 6, h=0.8 * s, sigma=s, fast_mode=True, channel_axis=-1
    )
    try:
        import cv2

        found["OpenCV non-local means"] = lambda u, s: cv2.fastNlMeansDenoisingColored(
            np.clip(np.rint(u), 0, 255).astype(np.uint8), None, 0.9 * s, 0.9 * s
        ).astype(np.float32)
    except ImportError:
        pass
    try:
        import bm3d

        found["bm3d_rgb"] = lambda u, s: bm3d.bm3d_rgb(u, s)
    except ImportError:
        pass
    return found


def save(folder: Path, number: int, sigma: float, versions: list[Any]) -> None:
    """Save versions side by side."""
    folder.mkdir(parents=True, exist_ok=True)
    row = np.clip(np.rint(np.hstack(versions)), 0, 255).astype(np.uint8)
    Image.fromarray(row).save(folder / f"{number}_{sigma:g}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="without BM3D, four images")
    arguments = parser.parse_args()
    compared, clean = methods(), images()
    if arguments.quick:
        compared.pop("bm3d_rgb", None)
        clean = clean[:4]
    scores: dict[str, dict[int, list[float]]] = {n: {s: [] for s in SIGMAS} for n in compared}
    seconds: dict[str, list[float]] = {name: [] for name in compared}
    for call in list(compared.values())[:4]:
        call(clean[0][:64, :64], 25.0)  # compiled
    for number, image in enumerate(clean):
        for sigma in SIGMAS:
            rng = np.random.default_rng([number, sigma])
            noisy = image + np.float32(sigma) * rng.standard_normal(image.shape, np.float32)
            outs = {}
            for name, call in compared.items():
                start = time.process_time()
                outs[name] = np.asarray(call(noisy, float(sigma)), float)
                seconds[name].append(time.process_time() - start)
                error = np.mean((outs[name] - image) ** 2)
                scores[name][sigma].append(10 * np.log10(255**2 / error))
            print(number, sigma, *(f"{name} {scores[name][sigma][-1]:.2f};" for name in compared))
            if arguments.pictures is not None:
                rival = outs.get("bm3d_rgb", noisy)
                shown = [image, noisy, outs["divgrad, best-colour"], rival]
                save(arguments.pictures, number, sigma, shown)
    slow = seconds.get("bm3d_rgb")
    rows = []
    for name in compared:
        ratio = [a / b for a, b in zip(slow, seconds[name], strict=True)] if slow else []
        means = [statistics.fmean(scores[name][s]) for s in SIGMAS]
        rows.append(
            [
                name,
                *(f"{mean:.2f}" for mean in means),
                f"{1000 * statistics.median(seconds[name]):.0f} ms",
                f"{statistics.median(ratio):.0f} x" if ratio else "",
            ]
        )
    head = ["method", *(f"dB at {s}" for s in SIGMAS), "CPU time", "faster than bm3d_rgb"]
    said = f"Mean PSNR of {len(clean)} colour images of {SIZE} x {SIZE}; median CPU times, rivals taking turns."
    publish("colour", f"{said}\n\n{table(head, rows)}")


if __name__ == "__main__":
    main()
