"""Targets found in noisy scenes: recall and false alarms against OpenCV's ORB, SIFT, AKAZE and KAZE.

Run ``python bench/tasks/targets.py`` (about 12 minutes; ``--scenes 20`` takes fewer, ``--write`` puts the tables into
docs/benchmarks.md). Targets are parts of photographs; each is turned, scaled 0.6 to 1.6, tilted a little, made darker
or brighter, and laid into another photograph; then noise is added. A target is found where the mean error of its
corners is below a twentieth of its diagonal. Rivals: OpenCV's features and matcher, ratio test 0.8, RANSAC homography,
8 inliers. Photographs of the half on which nothing was chosen.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

import divgrad
from measure import publish, table

BSDS = Path(__file__).parents[3] / "shared" / "data" / "bsds500" / "images"
SIDE = (110, 140)  # of the target: rows, cols
NOISE = (0.0, 10.0, 25.0, 40.0)


def corner_points(shape: tuple[int, int]) -> Any:
    rows, cols = shape[0] - 1.0, shape[1] - 1.0
    return np.array([[0, 0], [cols, 0], [cols, rows], [0, rows]], np.float64)


def scene(names: list[Path], number: int, copies: int) -> tuple[Any, Any, list[Any]]:
    """Return target, scene without noise, and the true corners (x, y) of each copy."""
    rng = np.random.default_rng(number)
    first, second = (names[k] for k in rng.choice(len(names), 2, replace=False))
    photograph, ground = (
        np.asarray(Image.open(path).convert("L"), float) for path in (first, second)
    )
    best, target = -1.0, photograph
    for _ in range(20):  # a part with some content: a target is something to see
        y, x = (rng.integers(0, n - m) for n, m in zip(photograph.shape, SIDE, strict=True))
        part = photograph[y : y + SIDE[0], x : x + SIDE[1]]
        content = np.abs(np.diff(cv2.GaussianBlur(part, (0, 0), 2), axis=0)).mean()
        if content > best:
            best, target = content, part
    height, width = ground.shape
    truths: list[Any] = []
    for _ in range(50 * copies):
        if len(truths) == copies:
            break
        turn, scale = (
            rng.uniform(0, 2 * math.pi),
            math.exp(rng.uniform(math.log(0.6), math.log(1.6))),
        )
        scale = min(scale, 1.6 if copies == 1 else 0.9)
        points = corner_points(SIDE)
        turned = (
            (points - points.mean(0))
            * scale
            @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        )
        turned += rng.uniform(-0.06, 0.06, (4, 2)) * scale * SIDE[0]
        low, high = -turned.min(0) + 2, np.array([width, height]) - 3 - turned.max(0)
        if (high <= low).any():
            continue
        middle = rng.uniform(low, high)
        moved = turned + middle
        if any(np.linalg.norm(moved.mean(0) - t.mean(0)) < 0.9 * SIDE[1] for t in truths):
            continue
        pose = cv2.getPerspectiveTransform(np.float32(points), np.float32(moved))
        lit = np.clip(rng.uniform(0.7, 1.2) * target + rng.uniform(-20, 20), 0, 255)
        flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        laid = cv2.warpPerspective(lit, pose, (width, height), flags=flags)
        mask = cv2.warpPerspective(np.ones(SIDE), pose, (width, height)) > 0.999
        ground = np.where(mask, laid, ground)
        truths.append(moved)
    return target, ground, truths


def error(found: Any, truth: Any) -> float:
    diagonal = math.hypot(*(truth[2] - truth[0]))
    return float(np.linalg.norm(found - truth, axis=1).mean()) / diagonal


def ours(target: Any, ground: Any) -> list[Any]:
    found = divgrad.targets(ground, target, report=True).homographies
    points = corner_points(SIDE)[None]
    return [cv2.perspectiveTransform(points, pose)[0] for pose in found]


def rival(make: Callable[[], Any], norm: int) -> Callable[[Any, Any], list[Any]]:
    def method(target: Any, ground: Any) -> list[Any]:
        detector = make()
        (kt, dt), (ks, ds) = (detector.detectAndCompute(image, None) for image in (target, ground))
        if dt is None or ds is None or len(kt) < 2:
            return []
        pairs = cv2.BFMatcher(norm).knnMatch(ds, dt, k=2)
        good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < 0.8 * p[1].distance]
        if len(good) < 8:
            return []
        a = np.float32([kt[m.trainIdx].pt for m in good])
        b = np.float32([ks[m.queryIdx].pt for m in good])
        pose, inside = cv2.findHomography(a, b, cv2.RANSAC, 3.0, maxIters=5000, confidence=0.999)
        if pose is None or inside.sum() < 8:
            return []
        return [cv2.perspectiveTransform(corner_points(SIDE)[None], pose)[0]]

    return method


METHODS: dict[str, Callable[[Any, Any], list[Any]]] = {
    "targets": ours,
    "SIFT": rival(lambda: cv2.SIFT_create(), cv2.NORM_L2),
    "KAZE": rival(lambda: KAZE(), cv2.NORM_L2),
    "AKAZE": rival(lambda: AKAZE(), cv2.NORM_HAMMING),
    "ORB": rival(lambda: cv2.ORB_create(3000, fastThreshold=10), cv2.NORM_HAMMING),
}
XF = getattr(cv2, "xfeatures2d", None)
KAZE = getattr(cv2, "KAZE_create", None) or getattr(XF, "KAZE_create", None)
AKAZE = getattr(cv2, "AKAZE_create", None) or getattr(XF, "AKAZE_create", None)
DENOISED = "{} on images that OpenCV's fastNlMeans denoised"


def denoised(method: Callable[[Any, Any], list[Any]]) -> Callable[[Any, Any], list[Any]]:
    return lambda target, ground: method(target, cv2.fastNlMeansDenoising(ground, None, 20, 7, 21))


def main() -> None:
    names = sorted(BSDS.glob("*.jpg"))[1::2]
    count = int(sys.argv[sys.argv.index("--scenes") + 1]) if "--scenes" in sys.argv else 60
    rivals = dict(METHODS) | {DENOISED.format("SIFT"): denoised(METHODS["SIFT"])}
    found = {title: dict.fromkeys(NOISE, 0) for title in rivals}
    false, seconds = dict.fromkeys(rivals, 0), dict.fromkeys(rivals, 0.0)
    for number in range(count):
        target, ground, truths = scene(names, number, 1)
        for noise in NOISE:
            rng = np.random.default_rng(number)
            noisy = np.uint8(np.clip(np.rint(ground + rng.normal(0, noise, ground.shape)), 0, 255))
            for title, method in rivals.items():
                start = time.process_time()
                poses = method(np.uint8(np.rint(target)), noisy)
                seconds[title] += time.process_time() - start
                found[title][noise] += any(error(pose, truths[0]) < 0.05 for pose in poses)
                false[title] += sum(error(pose, truths[0]) >= 0.05 for pose in poses)
    head = [
        "recall, %",
        *(f"noise {noise:g}" for noise in NOISE),
        "false, % of scenes",
        "CPU s per scene",
    ]
    rows = [
        [title, *(f"{100 * found[title][noise] / count:.0f}" for noise in NOISE),
         f"{100 * false[title] / count / len(NOISE):.1f}", f"{seconds[title] / count / len(NOISE):.2f}"]
        for title in rivals
    ]  # fmt: skip
    text = f"{count} scenes of one copy:\n\n" + table(head, rows)
    many, right, wrong = 0, 0, 0
    for number in range(1000, 1000 + count // 3):
        target, ground, truths = scene(names, number, 3)
        rng = np.random.default_rng(number)
        noisy = np.uint8(np.clip(np.rint(ground + rng.normal(0, 10, ground.shape)), 0, 255))
        poses = ours(np.uint8(np.rint(target)), noisy)
        many += len(truths)
        hits = [any(error(pose, truth) < 0.05 for pose in poses) for truth in truths]
        right += sum(hits)
        wrong += len(poses) - sum(hits)
    text += (
        f"\n\nSeveral copies in one scene, noise 10: {right} of {many} found by `targets`, {wrong} false. The rivals' "
        "single homography finds one."
    )
    publish("targets", text)


if __name__ == "__main__":
    main()
