"""Segmenting in time: random walker, Chan-Vese and geodesic contours against scikit-image and SimpleITK.

Run ``python bench/tasks/segment_speed.py`` (about 15 minutes; ``--quick`` takes smaller images, ``--write`` puts the
table into docs/benchmarks.md). Times are CPU seconds of the process; the walker's labels are compared with those of a
solution to a millionth in double precision of the same equation, Chan and Vese's regions by their energy, contours
by their overlap with an object of known shape in noise.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.measure import perimeter_crofton
from skimage.segmentation import (
    chan_vese,
    inverse_gaussian_gradient,
    morphological_geodesic_active_contour,
    random_walker,
)

sys.path.insert(0, str(Path(__file__).parents[1]))

import divgrad
from divgrad.grid import Grid
from divgrad.tasks.segmenting import walking
from measure import publish, table

QUICK = "--quick" in sys.argv
BETA = 130.0
SHIPPED = walking.CLOSE


def case(shape: tuple[int, ...], noise: float) -> tuple[Any, Any, Any]:
    """Return an image of two phases, seeds within them, and which is which."""
    rng = np.random.default_rng(0)
    truth = gaussian_filter(rng.normal(size=shape), [n / 12 for n in shape]) > 0
    image = np.where(truth, 1.0, 0.0) + rng.normal(0, noise, shape)
    seeds = np.zeros(shape, np.int32)
    for label, part in ((1, ~truth), (2, truth)):
        deep = distance_transform_edt(part)
        seeds[deep > 0.6 * deep.max()] = label
    return image, seeds, truth


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    result = call()
    return result, time.process_time() - start


def grady(s2: Any, contrast: Any) -> Any:
    """Return the weights of scikit-image's walker."""
    return np.exp(-s2 / contrast**2)


def walker(shape: tuple[int, ...], modes: list[tuple[str, float]]) -> list[list[str]]:
    image, seeds, _ = case(shape, 0.35)
    grid = Grid((1.0,) * len(shape))
    squares = [np.square(np.diff(image, axis=axis)) for axis in range(image.ndim)]
    mean = sum(float(s.sum()) for s in squares) / sum(s.size for s in squares)
    sharpness = BETA / (10 * image.std()) * mean  # scikit-image's weights

    def ours(dtype: Any, close: float) -> Any:
        walking.CLOSE = close
        weights = walking.edge_weights(image[None].astype(dtype), sharpness, grid, grady)
        return walking.walk(weights, seeds, 2, grid)[1]

    ours(np.float32, 1e-1)
    exact = ours(np.float64, 1e-6) > 0.5
    found, mine = timed(lambda: ours(np.float32, SHIPPED))
    size = " x ".join(map(str, shape))
    rows = [
        [size, "segment_seeded", f"{mine:.2f}", "", f"{100 * ((found > 0.5) == exact).mean():.2f}"]
    ]
    for mode, tolerance in modes:
        labels, seconds = timed(
            lambda mode=mode, tolerance=tolerance: random_walker(
                image, seeds, beta=BETA, mode=mode, tol=tolerance
            )
        )
        equal = 100 * ((labels == 2) == exact).mean()
        name = f"random_walker {mode}, tol {tolerance:g}"
        rows.append([size, name, f"{seconds:.2f}", f"{seconds / mine:.1f}", f"{equal:.2f}"])
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def two_phases(n: int) -> list[list[str]]:
    """Compare energies, mu times the length of the border and the misfit, at the same mu."""
    image, _, _ = case((n, n), 0.35)
    u = ((image - image.min()) / np.ptp(image)).astype(np.float32)
    mu = 0.1

    def energy(x: Any) -> float:
        misfit = sum(float(((u[part] - u[part].mean()) ** 2).sum()) for part in (x, ~x))
        return mu * float(perimeter_crofton(x)) + misfit

    def ours() -> Any:
        return divgrad.segment_phases(u, smoothness=mu / float(u.var())) == 2

    def itk(rounds: int) -> Any:
        level = sitk.ScalarChanAndVeseDenseLevelSetImageFilter()
        level.SetMaximumRMSError(0.0)
        level.SetNumberOfIterations(rounds)
        level.SetCurvatureWeight(mu)
        level.SetHeavisideStepFunction(level.AtanRegularizedHeaviside)
        start = sitk.GetImageFromArray(checkerboard.astype(np.float32))
        return sitk.GetArrayFromImage(level.Execute(start, sitk.GetImageFromArray(u))) > 0

    y, x = np.mgrid[:n, :n]
    checkerboard = np.sin(np.pi / 5 * y) * np.sin(np.pi / 5 * x)
    ours()
    rounds = [timed(ours) for _ in range(5)]
    found, mine = rounds[0][0], float(np.median([seconds for _, seconds in rounds]))
    size = f"{n} x {n}"
    rows = [[size, "segment_phases", f"{mine:.3f}", "", f"{energy(found):.1f}"]]
    rivals: dict[str, Callable[[], Any]] = {
        f"chan_vese, {k} rounds": lambda k=k: chan_vese(u, mu=mu, max_num_iter=k, tol=0.0)
        for k in (100, 200)
    }
    rivals["SimpleITK dense level set, 5 rounds"] = lambda: itk(5)
    for name, call in rivals.items():
        found, seconds = timed(call)
        rows.append([size, name, f"{seconds:.2f}", f"{seconds / mine:.1f}", f"{energy(found):.1f}"])
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def outline(shape: tuple[int, ...]) -> list[list[str]]:
    """Compare contours from one circle or ball around an object in noise, by their overlap with it."""
    rng = np.random.default_rng(0)
    places = np.meshgrid(*(np.arange(n) - 0.5 * (n - 1) for n in shape), indexing="ij")
    far, n = np.sqrt(sum(p**2 for p in places)), shape[0]
    petals = 0.05 * np.cos(5 * np.arctan2(places[-2], places[-1])) * (len(shape) == 2)
    truth, start = far < n * (0.22 + petals), far < n * 0.42
    image = gaussian_filter(100.0 * truth, 0.7) + rng.normal(0, 10, shape)
    image = image.astype(np.float32)

    def overlap(found: Any) -> float:
        return float((found & truth).sum() / (found | truth).sum())

    def morphological(rounds: int) -> Any:
        slow = inverse_gaussian_gradient(image / 100, alpha=100, sigma=1)
        found = morphological_geodesic_active_contour(
            slow, rounds, init_level_set=start, smoothing=1, balloon=-1, threshold=0.5
        )
        return found > 0

    def itk(rounds: int) -> Any:
        slope = sitk.GradientMagnitudeRecursiveGaussian(sitk.GetImageFromArray(image), 1.0)
        slow = sitk.Sigmoid(slope, -5.0, 15.0, 1.0, 0.0)
        given = sitk.GetImageFromArray(start.astype(np.uint8))
        first = sitk.SignedMaurerDistanceMap(given, squaredDistance=False)
        level = sitk.GeodesicActiveContourLevelSetImageFilter()
        level.SetPropagationScaling(-1.0)
        level.SetCurvatureScaling(1.0)
        level.SetAdvectionScaling(1.0)
        level.SetMaximumRMSError(0.0)
        level.SetNumberOfIterations(rounds)
        return sitk.GetArrayFromImage(level.Execute(first, slow)) < 0

    middle = [0.5 * (m - 1) for m in shape]
    ours = lambda: divgrad.segment_contour(image, (*middle, n * 0.42)) > 0  # noqa: E731
    ours()
    rounds = [timed(ours) for _ in range(3)]
    found, mine = rounds[0][0], float(np.median([seconds for _, seconds in rounds]))
    size = " x ".join(map(str, shape))
    rows = [[size, "segment_contour", f"{mine:.3f}", "", f"{overlap(found):.4f}"]]
    far_enough = round(n * (0.25 if len(shape) == 2 else 0.22))
    rivals: dict[str, Callable[[], Any]] = {
        f"morphological, {far_enough} rounds": lambda: morphological(far_enough),
    }
    for k in (round(1.4 * n), round(2.0 * n)):
        rivals[f"SimpleITK geodesic, {k} rounds"] = lambda k=k: itk(k)
    for name, call in rivals.items():
        found, seconds = timed(call)
        times, right = f"{seconds / mine:.1f}", f"{overlap(found):.4f}"
        rows.append([size, name, f"{seconds:.2f}", times, right])
        print(rows[-1], file=sys.stderr, flush=True)
    return rows


def main() -> None:
    warnings.simplefilter("ignore")
    wide = 512 if QUICK else 1024
    deep = 64 if QUICK else 128
    rows = walker((wide, wide), [("cg_mg", 1e-3), ("cg_j", 1e-3)])
    rows += walker((deep,) * 3, [("cg_mg", 1e-3), ("cg_j", 1e-3)])
    for row in rows:
        print(row, file=sys.stderr, flush=True)
    head = ["random walker, two labels", "", "CPU s", "times ours", "labels as exact, %"]
    two = ["Chan and Vese, two phases", "", "CPU s", "times ours", "energy"]
    third = ["geodesic contour", "", "CPU s", "times ours", "overlap with the truth"]
    outlines = outline((wide, wide)) + outline((deep,) * 3)
    text = "\n\n".join([table(head, rows), table(two, two_phases(wide)), table(third, outlines)])
    publish("segment_speed", text)


if __name__ == "__main__":
    main()
