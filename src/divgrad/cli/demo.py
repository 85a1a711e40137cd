"""``divgrad demo``: the main job on a photograph and a micrograph that ship with divgrad."""

from __future__ import annotations

import argparse
import json
import time
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

EXAMPLE = """\
example:
  divgrad demo --folder /tmp/look
"""

# image -> (source, standard deviation of the noise that is added)
IMAGES = {
    "photograph": ("Lav Varshney, CC0, from scikit-image", 20.0),
    "micrograph": ("nuclei in fluorescence, CC0, 2018 Data Science Bowl", 8.0),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--folder", default="divgrad-demo", metavar="DIR",
        help="where to put the pictures (default: divgrad-demo)",
    )  # fmt: skip
    parser.epilog = EXAMPLE


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    folder = Path(arguments.folder)
    results = [show(name, folder, loud=not arguments.json) for name in IMAGES]
    if arguments.json:
        print(json.dumps({"images": results}))
    return 0


def show(name: str, folder: Path, *, loud: bool) -> dict[str, Any]:
    """Add known noise to an image, denoise it without any parameter, and write before and after."""
    from divgrad.io import read, write
    from divgrad.metrics import psnr, ssim
    from divgrad.tasks.denoise import denoise

    source, sigma = IMAGES[name]
    with resources.as_file(resources.files("divgrad") / "data" / f"{name}.png") as path:
        clean = read(path).array.astype(np.float32)
    noise = np.random.default_rng(1).standard_normal(clean.shape, dtype=np.float32)
    noisy = clean + np.float32(sigma) * noise
    denoise(noisy[:64, :64])  # compiled, or loaded: the time below is what further images take
    start = time.perf_counter()
    result = denoise(noisy, report=True)
    seconds = time.perf_counter() - start
    folder.mkdir(parents=True, exist_ok=True)
    picture = folder / f"{name}.png"
    write(picture, side_by_side([clean, noisy, result.image]))
    peak = 255.0
    before, after = (
        (psnr(clean, image, peak), ssim(clean, image, peak)) for image in (noisy, result.image)
    )
    found = {
        "image": name,
        "source": source,
        "noise_added": sigma,
        "report": list(result.report),
        "psnr": [round(before[0], 2), round(after[0], 2)],
        "ssim": [round(before[1], 3), round(after[1], 3)],
        "seconds": round(seconds, 4),
        "picture": str(picture),
    }
    if loud:
        print(f"{name} ({source}), {clean.shape[0]} x {clean.shape[1]} pixels")
        print(f"  added     Gaussian noise of standard deviation {sigma:g}; divgrad is not told")
        for sentence in result.report:
            print(f"  divgrad   {sentence}")
        print(f"  PSNR      {before[0]:.2f} dB -> {after[0]:.2f} dB")
        print(f"  SSIM      {before[1]:.3f} -> {after[1]:.3f}")
        print(f"  time      {1000 * seconds:.0f} ms")
        print(f"  picture   {picture}  (clean | noisy | denoised)\n", flush=True)
    return found


def side_by_side(images: list[NDArray[Any]]) -> NDArray[np.uint8]:
    """Return images in a row, at 1:1 and with the same brightness scale, a white line between them."""
    low, high = float(images[0].min()), float(images[0].max())
    scaled = [np.clip((image - low) * (255.0 / (high - low)), 0, 255) for image in images]
    gap = np.full((images[0].shape[0], 4), 255.0)
    strips = [strip for image in scaled for strip in (image, gap)][:-1]
    row: NDArray[Any] = np.rint(np.concatenate(strips, axis=1))
    return row.astype(np.uint8)
