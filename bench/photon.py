"""Photon noise, speckle and Rician noise: against BM3D, total variation and non-local means within the same transforms.

Run ``python bench/photon.py`` (about 15 minutes, nearly all of it BM3D; ``--quick`` takes two images, ``--write``
puts the table into docs/benchmarks.md; ``--ours``, 4 minutes, after a change of divgrad: the rivals, whose dB cannot
change, keep those of the table there, and run only on the first image of four kinds of noise, for the times). The
images are the middles, 256 x 256, of set12 from ../shared/data beside the checkout, else of a few of scikit-image;
nothing is tuned here. The rivals get our transforms with their exact unbiased inverses; total variation gets the best
of five weights by looking at the clean image.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage import data
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

import divgrad
from divgrad.transforms import Anscombe, Logarithm, Rician, Stabiliser
from measure import DOCS, publish, table

SET12 = Path(__file__).parents[2] / "shared" / "data" / "set12"
QUICK, OURS = "--quick" in sys.argv, "--ours" in sys.argv
TIMED = ("Poisson, peak 1", "Poisson, peak 30", "speckle, looks 4", "Rician, sigma 12")
WEIGHTS = (0.5, 0.8, 1.2, 1.8, 2.7)
SIZE = 256
Method = Callable[[Any, Any], Any]  # (noisy, clean for those that may look) -> denoised

try:
    from bm3d import bm3d
except ImportError:
    bm3d = None
try:
    from srad import SRAD
except ImportError:
    SRAD = None


def images() -> list[Any]:
    """Return the clean images."""
    paths = sorted(SET12.glob("*.png"))
    found = [np.asarray(Image.open(p), np.float32) for p in paths]
    found = found or [a.astype(np.float32) for a in (data.camera(), data.coins(), data.moon())]
    return [middle(a) for a in found][:: 6 if QUICK else 1]


def middle(a: Any) -> Any:
    """Return the middle of an image."""
    y, x = (a.shape[0] - SIZE) // 2, (a.shape[1] - SIZE) // 2
    return a[y : y + SIZE, x : x + SIZE]


def psnr(image: Any, clean: Any, peak: float) -> float:
    return float(10 * np.log10(peak**2 / np.mean((np.asarray(image, float) - clean) ** 2)))


def within(transform: Stabiliser, gaussian: Callable[[Any, float], Any]) -> Method:
    """Return what denoises between a transform and its inverse; the Gaussian denoiser sees a range of 0..1."""

    def call(noisy: Any, _: Any) -> Any:
        z = transform.forward(noisy)
        low, span = float(z.min()), float(np.ptp(z)) or 1.0
        clean = gaussian((z - low) / span, transform.deviation / span)
        return transform.inverse(np.asarray(clean * span + low, np.float32))

    return call


def best_variation(transform: Stabiliser, peak: float) -> Method:
    """Return total variation with the best of some weights."""

    def call(noisy: Any, clean: Any) -> Any:
        tries = [
            within(transform, lambda z, s, w=w: denoise_tv_chambolle(z, weight=w * s))(noisy, None)
            for w in WEIGHTS
        ]
        return max(tries, key=lambda found: psnr(found, clean, peak))

    return call


def non_local(z: Any, s: float) -> Any:
    return denoise_nl_means(z, 5, 6, h=0.8 * s, sigma=s, fast_mode=True)


def rivals(transform: Stabiliser, peak: float) -> dict[str, Method]:
    found = {
        "total variation, best weight": best_variation(transform, peak),
        "non-local means": within(transform, non_local),
    }
    if bm3d is not None:
        found["bm3d"] = within(transform, bm3d)
    return found


def of_pypi(noisy: Any, clean: Any) -> Any:
    """PyPI's srad with its own settings; its grey values are arbitrary and fitted to the clean image."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not hasattr(np, "row_stack"):  # gone from NumPy
            np.row_stack = np.vstack  # noqa: NPY201
        raw = np.asarray(SRAD(noisy, 200, 0.05, 1), float)
    slope, base = np.polyfit(raw.ravel(), clean.ravel(), 1)
    return slope * raw + base


def in_line(noisy: Any, _: Any) -> Any:
    flow = divgrad.SpeckleReducing(decay=None)
    return divgrad.evolve(noisy, flow, until=divgrad.Time(8.0)).u


class Case:
    """A kind and a level of noise: how it is made, and who removes it."""

    def __init__(self, name: str, peak: float, make: Any, transform: Stabiliser, ours: Any) -> None:
        self.name, self.peak, self.make = name, peak, make
        self.methods: dict[str, Method] = {
            "divgrad, best": lambda u, _: ours(u, "best"),
            "divgrad, fast": lambda u, _: ours(u, "fast"),
            **rivals(transform, peak),
        }
        if isinstance(transform, Logarithm):
            self.methods["divgrad SpeckleReducing"] = in_line
            if SRAD is not None:
                self.methods["PyPI srad, fitted"] = of_pypi


def cases() -> list[Case]:
    found = []
    for peak, sigma in ((1.0, 0.0), (4.0, 0.0), (10.0, 0.0), (30.0, 0.0), (4.0, 1.0), (20.0, 2.0)):
        name = f"Poisson, peak {peak:g}" + (f", camera {sigma:g}" if sigma else "")
        found.append(
            Case(
                name, peak,
                lambda a, r, p=peak, s=sigma: (
                    (c := a / a.max() * p), r.poisson(c) + s * r.standard_normal(a.shape)
                ),
                Anscombe(1.0, 0.0, sigma),
                lambda u, m, s=sigma: divgrad.denoise_poisson(u, sigma=s, model=m),
            )
        )  # fmt: skip
    for looks in (1.0, 4.0, 10.0):
        found.append(
            Case(
                f"speckle, looks {looks:g}", 255.0,
                lambda a, r, n=looks: ((c := np.maximum(a, 1.0)), c * r.gamma(n, 1 / n, a.shape)),
                Logarithm(looks),
                lambda u, m, n=looks: divgrad.denoise_speckle(u, n, model=m),
            )
        )  # fmt: skip
    for sigma in (12.0, 30.0):
        found.append(
            Case(
                f"Rician, sigma {sigma:g}", 255.0,
                lambda a, r, s=sigma: (
                    a, np.hypot(a + s * r.standard_normal(a.shape), s * r.standard_normal(a.shape))
                ),
                Rician(sigma),
                lambda u, m, s=sigma: divgrad.denoise_rician(u, s, model=m),
            )
        )  # fmt: skip
    return found


def of_table() -> dict[str, dict[str, float]]:
    """Return the dB in docs/benchmarks.md, by noise and method."""
    page = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    lines = page.partition("<!-- photon -->")[2].partition("<!-- /photon -->")[0].splitlines()
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")
    ]
    names = rows[0]
    return {
        row[0]: {n: float(cell) for n, cell in zip(names[1:-1], row[1:-1], strict=True) if cell}
        for row in rows[1:]
        if row[0] != "faster than bm3d"
    }


def main() -> None:
    clean = images()
    names: list[str] = []
    scores: dict[str, dict[str, float]] = {}
    seconds: dict[str, list[float]] = {}
    for case in cases():
        found: dict[str, list[float]] = {name: [] for name in case.methods}
        for number, image in enumerate(clean):
            truth, noisy = case.make(image, np.random.default_rng(number))
            noisy = noisy.astype(np.float32)
            for name, method in case.methods.items():
                if (
                    OURS
                    and not name.startswith("divgrad")
                    and not (number == 0 and case.name in TIMED)
                ):
                    continue
                if number == 0 and name != "bm3d":
                    method(noisy[:64, :64], truth[:64, :64])
                start = time.perf_counter()
                denoised = method(noisy, truth)
                taken = time.perf_counter() - start
                if name == "total variation, best weight":
                    taken /= len(WEIGHTS)
                seconds.setdefault(name, []).append(taken)
                found[name].append(psnr(denoised, truth, case.peak))
        kept = of_table()[case.name] if OURS else {}
        scores[case.name] = {
            name: kept[name]
            if name in kept and not name.startswith("divgrad")
            else statistics.fmean(values)
            for name, values in found.items()
        }
        names += [name for name in found if name not in names]
        said = ", ".join(f"{k} {v:.2f}" for k, v in scores[case.name].items())
        print(f"{case.name}: {said}", file=sys.stderr, flush=True)
    rows = []
    for case, row in scores.items():
        best = max(v for k, v in row.items() if not k.startswith("divgrad"))
        cells = [f"{row[name]:.2f}" if name in row else "" for name in names]
        rows.append([case, *cells, f"{row['divgrad, best'] - best:+.2f}"])
    times = {name: statistics.median(values) for name, values in seconds.items()}
    rows.append(["median s", *(f"{times[name]:.3f}" for name in names), ""])
    if "bm3d" in times:
        against = [f"{times['bm3d'] / times[name]:.0f} x" for name in names]
        rows.append(["faster than bm3d", *against, ""])
    text = (
        f"Mean PSNR in dB of {len(clean)} images of {SIZE} x {SIZE}; last column: `best` over the best rival. "
        "Bars: >= -0.10 dB, and 20 times as fast.\n\n"
        + table(["noise", *names, "over rivals"], rows)
    )
    publish("photon", text)


if __name__ == "__main__":
    main()
