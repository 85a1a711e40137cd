"""Measure what is left of images that lost pixels to impulses, against scikit-image, medians and TV-L1.

Run ``python bench/impulses.py`` (about 15 minutes; ``--write`` puts the tables into docs/benchmarks.md, ``--pictures
DIR`` saves pictures, ``--quick`` takes four images). The images are set12 from ../shared/data beside the checkout,
else those of scikit-image; constants were chosen on others.
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
from scipy.ndimage import maximum_filter, median_filter, minimum_filter
from skimage.restoration import inpaint_biharmonic

from divgrad import (
    FSI,
    Biharmonic,
    DiffusionShock,
    EdgeEnhancing,
    Explicit,
    Heat,
    Implicit,
    Masked,
    Steps,
    Time,
    evolve,
    remove_impulses,
)
from divgrad.conductances import charbonnier
from divgrad.grid import Grid
from divgrad.kernels.pyramid import from_coarser
from measure import publish, table

SET12 = Path(__file__).parents[2] / "shared" / "data" / "set12"
DENSITIES = (0.3, 0.5, 0.7, 0.9)
QUICK = ("01", "02", "05", "07")
RANDOM = (0.1, 0.2, 0.3, 0.4)


def images() -> dict[str, Any]:
    paths = sorted(SET12.glob("*.png"))
    if not paths:
        from skimage import data

        return {"camera": data.camera(), "coins": data.coins(), "moon": data.moon()}
    return {path.stem: np.asarray(Image.open(path).convert("L")) for path in paths}


def psnr(u: Any, clean: Any) -> float:
    difference = np.clip(u, 0, 255) - clean.astype(float)
    return float(10 * np.log10(255**2 / np.mean(difference**2)))


def salted(clean: Any, density: float, seed: int) -> Any:
    rng = np.random.default_rng([seed, round(100 * density)])
    hit = rng.random(clean.shape) < density
    return np.where(hit, rng.choice([0, 255], clean.shape), clean).astype(np.uint8)


def spoilt(clean: Any, density: float, seed: int) -> Any:
    rng = np.random.default_rng([seed, round(100 * density)])
    hit = rng.random(clean.shape) < density
    return np.where(hit, rng.integers(0, 256, clean.shape), clean).astype(np.uint8)


def adaptive_median(u: Any, largest: int = 19) -> Any:
    """H. Hwang, R. A. Haddad, IEEE TIP 4:499-502, 1995."""
    out, todo = u.copy(), np.ones(u.shape, bool)
    for size in range(3, largest + 1, 2):
        low, high = minimum_filter(u, size), maximum_filter(u, size)
        middle = median_filter(u, size)
        fine = todo & (low < middle) & (middle < high)
        out[fine] = np.where((low < u) & (u < high), u, middle)[fine]
        todo &= ~fine
        if todo.mean() < 1e-3:  # a few pixels are not worth larger windows
            break
    out[todo] = middle[todo]
    return out


def median(u: Any, clean: Any) -> Any:
    """The better one of 3 x 3 and 5 x 5, by looking at the clean image."""
    return max((median_filter(u, k) for k in (3, 5)), key=lambda v: psnr(v, clean))


def tv_l1(u: Any, weight: float, steps: int = 150) -> Any:
    """A. Chambolle, T. Pock, JMIV 40:120-145, 2011, example 6.2."""
    f = u / 255.0
    x, bar = f.copy(), f.copy()
    p = np.zeros((2, *f.shape))
    tau = sigma = 1 / np.sqrt(8)
    for _ in range(steps):
        p[0, :-1] += sigma * np.diff(bar, axis=0)
        p[1, :, :-1] += sigma * np.diff(bar, axis=1)
        p /= np.maximum(1, np.sqrt((p**2).sum(axis=0)))
        divergence = np.diff(p[0], axis=0, prepend=0) + np.diff(p[1], axis=1, prepend=0)
        before, y = x, x + tau * divergence - f
        x = f + np.sign(y) * np.maximum(np.abs(y) - tau * weight, 0)
        bar = 2 * x - before
    return 255 * x


def extremes(scenes: dict[str, Any], pictures: Path | None) -> str:
    methods: dict[str, Callable[[Any, Any], Any]] = {
        "scikit-image inpaint_biharmonic": lambda u, m: 255 * inpaint_biharmonic(u / 255, m),
        "adaptive median": lambda u, m: adaptive_median(u, 25),
        "divgrad": lambda u, m: remove_impulses(u, m),
        "divgrad, mask not given": lambda u, m: remove_impulses(u),
        "divgrad, model='fast'": lambda u, m: remove_impulses(u, m, model="fast"),
    }
    rows = []
    scores = {
        (name, density): [
            psnr(method(u, (u == 0) | (u == 255)), clean)
            for n, clean in enumerate(scenes.values())
            for u in (salted(clean, density, n),)
        ]
        for name, method in methods.items()
        for density in DENSITIES
    }
    for name in methods:
        means = [statistics.fmean(scores[name, density]) for density in DENSITIES]
        rows.append([name, *(f"{mean:.2f}" for mean in means), f"{statistics.fmean(means):.2f}"])
    if pictures is not None:
        clean = next(iter(scenes.values()))
        for density in DENSITIES:
            u = salted(clean, density, 0)
            mask = (u == 0) | (u == 255)
            parts = [clean, u, *(method(u, mask) for method in list(methods.values())[:4])]
            save(pictures / f"salt_{density:g}.png", parts)
    return table(["salt and pepper, dB", *(f"{d:.0%}" for d in DENSITIES), "mean"], rows)


def randoms(scenes: dict[str, Any], pictures: Path | None) -> str:
    methods: dict[str, Callable[[Any, Any], Any]] = {
        "median, best size": median,
        "adaptive median": lambda u, clean: adaptive_median(u),
        "TV-L1, best weight": lambda u, clean: max(
            (tv_l1(u, w) for w in (0.7, 1.0, 1.4)), key=lambda v: psnr(v, clean)
        ),
        "divgrad": lambda u, clean: remove_impulses(u),
    }
    scores: dict[tuple[str, float], list[float]] = {}
    for density in RANDOM:
        for n, clean in enumerate(scenes.values()):
            u = spoilt(clean, density, n)
            found = {name: method(u, clean) for name, method in methods.items()}
            for name, v in found.items():
                scores.setdefault((name, density), []).append(psnr(v, clean))
            if pictures is not None and n == 0:
                save(pictures / f"random_{density:g}.png", [clean, u, *found.values()])
    rows = [
        [name, *(f"{statistics.fmean(scores[name, density]):.2f}" for density in RANDOM)]
        for name in methods
    ]
    return table(["random values, dB", *(f"{d:.0%}" for d in RANDOM)], rows)


def ways(u: Any, lost: Any) -> dict[str, Callable[[], Any]]:
    """Return ways of filling, each from the same beginning or from what comes before it."""
    start = from_coarser(u[None], 1 - lost[None].astype(u.dtype), Grid((1.0, 1.0)))[0]
    edges = EdgeEnhancing(2.0, charbonnier, presmoothing=0.7)
    # Of contrasts 2, 6 and 15, presmoothing 0.5 and 1 and the times 2 and 10 the best on photographs.
    shock = DiffusionShock(contrast=6.0, presmoothing=0.5, integration=1.0)

    def flow(v: Any, equation: Any, scheme: Any, until: Any) -> Any:
        return evolve(v, Masked(equation, lost), scheme=scheme, until=until).u

    def harmonic() -> Any:
        return flow(start, Heat(), Implicit(tau=1e6, tolerance=1e-3), Steps(1))

    return {
        "means of coarser pixels": lambda: from_coarser(
            u[None], 1 - lost[None].astype(u.dtype), Grid((1.0, 1.0))
        )[0],
        "harmonic (`Heat`, `Implicit`)": harmonic,
        "harmonic, then shocks (`DiffusionShock`)": lambda: flow(
            harmonic(), shock, Explicit(), Time(2.0)
        ),
        "harmonic, then `EdgeEnhancing`": lambda: flow(
            harmonic(), edges, FSI(tau=20.0), Time(60.0)
        ),
        "`Biharmonic`, to its end": lambda: flow(start, Biharmonic(), FSI(tau=4.0), Time(200.0)),
        "`remove_impulses`": lambda: remove_impulses(u, lost),
        "`remove_impulses`, model='fast'": lambda: remove_impulses(u, lost, model="fast"),
    }


def compared(scenes: dict[str, Any]) -> str:
    """Compare what was tried: dB and time, each over all densities, on the small images."""
    scores: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for n, clean in enumerate(scenes.values()):
        if clean.size > 256 * 256:
            continue
        for density in DENSITIES:
            u = salted(clean, density, n)
            lost = (u == 0) | (u == 255)
            for name, call in ways(u.astype(np.float32), lost).items():
                begin = time.process_time()
                found = call()
                seconds.setdefault(name, []).append(time.process_time() - begin)
                scores.setdefault(name, []).append(psnr(found, clean))
    rows = []
    for name, found in scores.items():
        by_density = [statistics.fmean(found[k :: len(DENSITIES)]) for k in range(len(DENSITIES))]
        taken = [
            f"{1e3 * statistics.median(seconds[name][k :: len(DENSITIES)]):.0f}" for k in (0, 3)
        ]
        cells = [f"{dB:.2f}" for dB in by_density]
        rows.append([name, *cells, f"{statistics.fmean(found):.2f}", " to ".join(taken)])
    header = ["256 x 256, dB", *(f"{d:.0%}" for d in DENSITIES), "mean", "ms of processor time"]
    return table(header, rows)


def times(clean: Any) -> str:
    """Compare times on one image of 512 x 512, taking turns."""
    clean = np.asarray(Image.fromarray(clean).resize((512, 512), Image.Resampling.LANCZOS))
    rows = []
    for density in DENSITIES:
        u = salted(clean, density, 0)
        mask = (u == 0) | (u == 255)
        calls: dict[str, tuple[Callable[[], Any], int]] = {
            "biharmonic": (lambda u=u, mask=mask: inpaint_biharmonic(u / 255, mask), 1),
            "divgrad": (lambda u=u, mask=mask: remove_impulses(u, mask), 15),
            "learned": (lambda u=u, mask=mask: remove_impulses(u, mask, model="fast"), 1),
        }
        wall: dict[str, list[float]] = {name: [] for name in calls}
        busy: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(2):
            for name, (call, repeats) in calls.items():
                for _ in range(repeats):
                    begin, worked = time.perf_counter(), time.process_time()
                    call()
                    wall[name].append(time.perf_counter() - begin)
                    busy[name].append(time.process_time() - worked)
        cells = []
        for name in calls:
            shown = [statistics.median(t[name]) for t in (wall, busy)]
            least = [
                statistics.median(t["biharmonic"]) / s
                for t, s in zip((wall, busy), shown, strict=True)
            ]
            faster = "" if name == "biharmonic" else f", {least[0]:.1f} x ({least[1]:.1f} x)"
            cells.append(f"{1e3 * shown[0]:.0f} ms ({1e3 * shown[1]:.0f}){faster}")
        rows.append([f"{density:.0%}", *cells])
    return table(["512 x 512", "scikit-image", "divgrad", "divgrad, model='fast'"], rows)


def save(path: Path, parts: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(np.rint(np.hstack(parts)), 0, 255).astype(np.uint8)).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    scenes = images()
    if arguments.quick:
        scenes = {name: scenes[name] for name in list(scenes) if name in QUICK} or scenes
    for call in ways(
        salted(small := scenes[next(iter(scenes))][:64, :64], 0.5, 0).astype("f4"), small < 128
    ).values():
        call()  # compiled
    text = f"Mean PSNR over {len(scenes)} images; all but one of divgrad's fill the mask that scikit-image fills.\n\n"
    text += extremes(scenes, arguments.pictures)
    few = {name: scenes[name] for name in list(scenes) if name in QUICK} or scenes
    text += f"\n\nRandom values, {len(few)} of the images, since TV-L1 takes its time.\n\n"
    text += randoms(few, arguments.pictures)
    text += (
        "\n\nWhat was tried, each from the means of coarser pixels or from harmonic filling.\n\n"
    )
    text += compared(scenes)
    text += (
        "\n\nMedian times, taking turns, and in brackets those of the processors; `x`: times as fast as scikit-image."
        "\n\n"
    )
    publish("impulses", text + times(list(scenes.values())[-1]))


if __name__ == "__main__":
    main()
