"""Where copies of a target lie, from places that look alike: turned, scaled, and seen somewhat from the side."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.keypoints import Keypoints

Floats = NDArray[np.floating[Any]]

RATIO = 0.85  # a place whose second-best match is nearly as good tells nothing
LOOSE = 0.05  # part of the target's diagonal by which a place may miss at first: seen from the side
TIGHT = 3.0  # pixels, of the scene, in the end; a target that is much enlarged: more
ALIKE = 0.8  # product of descriptors of one place seen twice, at least
TURN, SCALE = (
    math.radians(30.0),
    math.log(1.6),
)  # by which a match may differ from the others in angle and size


class Matches(NamedTuple):
    """Pairs of places: which of the scene, which of the target."""

    scene: NDArray[np.intp]
    target: NDArray[np.intp]


class Pose(NamedTuple):
    """Where a copy lies.

    Parameters
    ----------
    homography
        3 x 3: takes (col, row, 1) of the target to the scene.
    support
        Numbers of the matches that agree.
    """

    homography: Floats
    support: NDArray[np.intp]


def matches(scene: Keypoints, target: Keypoints) -> Matches:
    """Return for places of the scene the place of the target that looks most alike, where it is far the best.

    The rival is the best of the target's places elsewhere: so a scene may hold many copies.
    """
    if len(target.sizes) < 2 or len(scene.sizes) == 0:
        return Matches(np.zeros(0, np.intp), np.zeros(0, np.intp))
    alike = scene.descriptors @ target.descriptors.T
    best = alike.argmax(axis=1)
    number = np.arange(len(best))
    top = alike[number, best]
    away = np.linalg.norm(target.places[:, None] - target.places[None], axis=2)
    elsewhere = away > 2.0 * target.sizes[:, None]
    second = np.where(elsewhere[best], alike, -1.0).max(axis=1)
    far, farther = (np.sqrt(np.maximum(2.0 - 2.0 * value, 0.0)) for value in (top, second))
    kept = np.flatnonzero(far < RATIO * farther)
    return Matches(kept, best[kept])


def poses(
    scene: Keypoints, target: Keypoints, shape: tuple[int, int], least: int, most: int
) -> list[Pose]:
    """Return the poses of all copies, those with most support first.

    Each match tells by itself where the whole target would lie: its place, turn and size. The one with which most
    others agree is taken, refined to a homography, its matches taken away; then the next.
    """
    pairs = matches(scene, target)
    left = np.arange(len(pairs.scene))
    found: list[Pose] = []
    while len(left) >= least and len(found) < most:
        a, b = pairs.scene[left], pairs.target[left]
        agreeing = _agreement(scene, target, a, b, shape)
        witnesses = _witnesses(agreeing, b)
        best = int(witnesses.argmax())
        fitted = _refined(scene.places[a], target.places[b], agreeing[best], shape)
        if fitted is None or len(fitted[1]) < least or not _sound(fitted[0], shape):
            if witnesses[best] < least:
                break
            left = np.delete(left, best)
            continue
        pose, inside = fitted
        found.append(Pose(_guided(scene, target, pose), left[inside]))
        left = left[~_within(pose, scene.places[a], shape)]
    return found


def corners(pose: Floats, shape: tuple[int, int]) -> Floats:
    """Return the four corners of the target in the scene, (row, col), in turn.

    >>> corners(np.diag([2.0, 1.0, 1.0]), (11, 21)).tolist()
    [[0.0, 0.0], [0.0, 40.0], [10.0, 40.0], [10.0, 0.0]]
    """
    rows, cols = shape[0] - 1.0, shape[1] - 1.0
    return carried(pose, np.array([[0.0, 0.0], [0.0, cols], [rows, cols], [rows, 0.0]]))


def carried(pose: Floats, places: Floats) -> Floats:
    """Return (row, col) of the target as (row, col) of the scene."""
    points = np.column_stack([places[:, 1], places[:, 0], np.ones(len(places))]) @ pose.T
    depth = np.where(np.abs(points[:, 2]) < 1e-9, 1e-9, points[:, 2])
    return np.asarray(points[:, 1::-1] / depth[:, None])


def _agreement(
    scene: Keypoints, target: Keypoints, a: Any, b: Any, shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return which matches agree with the similarity that each match tells."""
    turn = scene.angles[a] - target.angles[b]
    scale = scene.sizes[a] / target.sizes[b]
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    here, there = scene.places[a], target.places[b]
    away = there[None] - there[:, None]  # of each other match from this one, in the target
    row = here[:, :1] + cos[:, None] * away[..., 0] + sin[:, None] * away[..., 1]
    col = here[:, 1:] + cos[:, None] * away[..., 1] - sin[:, None] * away[..., 0]
    off = np.hypot(row - here[:, 0], col - here[:, 1])
    near = off < np.maximum(TIGHT, LOOSE * math.hypot(*shape) * scale)[:, None]
    near &= np.abs((turn[:, None] - turn + math.pi) % (2.0 * math.pi) - math.pi) < TURN
    near &= np.abs(np.log(scale[:, None] / scale)) < SCALE
    return np.asarray(near)


def _witnesses(agreeing: NDArray[np.bool_], b: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return how many different places of the target agree with each match: many pairs of one are one witness."""
    order = np.argsort(b, kind="stable")
    first = np.flatnonzero(np.diff(b[order], prepend=-1))
    return np.asarray(np.logical_or.reduceat(agreeing[:, order], first, axis=1).sum(axis=1))


def _refined(
    here: Floats, there: Floats, inside: NDArray[np.bool_], shape: tuple[int, int]
) -> tuple[Floats, NDArray[np.intp]] | None:
    """Return the homography of the agreeing matches, fitted to those that it brings near, again and again."""
    pose: Floats | None = None
    for turn in range(8):
        if inside.sum() < 4:
            return None
        straight = turn < 2 or inside.sum() < 10
        pose = (_affine if straight else _projective)(here[inside], there[inside])
        if pose is None or not np.isfinite(pose).all():
            return None
        off = np.linalg.norm(carried(pose, there) - here, axis=1)
        size = math.sqrt(abs(float(np.linalg.det(pose[:2, :2]))))
        wide = TIGHT * max(1.0, size) * (3.0 if turn == 0 else 2.0 if turn == 1 else 1.0)
        inside = off < wide
    assert pose is not None
    # Several places on one spot are one witness.
    spots = np.unique(np.round(there[inside] / 2.0), axis=0)
    chosen = np.flatnonzero(inside)
    return pose, chosen[: len(spots)] if len(spots) < len(chosen) else chosen


def _guided(scene: Keypoints, target: Keypoints, pose: Floats) -> Floats:
    """Return the pose fitted to all places that look alike near where it brings them, far or near its matches."""
    for wide in (3.0 * TIGHT, 2.0 * TIGHT):
        size = max(1.0, math.sqrt(abs(float(np.linalg.det(pose[:2, :2])))))
        brought = carried(pose, target.places)
        off = np.linalg.norm(scene.places[None] - brought[:, None], axis=2)
        alike = np.where(off < wide * size, target.descriptors @ scene.descriptors.T, 0.0)
        best = alike.argmax(axis=1)
        good = alike[np.arange(len(best)), best] > ALIKE
        better = pose
        here, there = scene.places[best], target.places
        for _ in range(4):
            if good.sum() < 12:
                return pose
            fitted = _projective(here[good], there[good])
            if fitted is None or not np.isfinite(fitted).all():
                return pose
            better = fitted
            off_now = np.linalg.norm(carried(better, there) - here, axis=1)
            good &= off_now < max(2.5 * float(np.median(off_now[good])), 1.0)
        pose = better
    return pose


def _affine(here: Floats, there: Floats) -> Floats:
    """Return the affine map of least squares, 3 x 3, (col, row, 1) there to here."""
    ones = np.column_stack([there[:, ::-1], np.ones(len(there))])
    parts = np.linalg.lstsq(ones, here[:, ::-1], rcond=None)[0]
    return np.vstack([parts.T, [0.0, 0.0, 1.0]])


def _projective(here: Floats, there: Floats) -> Floats | None:
    """Return the homography of least algebraic error, both sides brought to the origin and unit size first."""
    sides = []
    for places in (there[:, ::-1], here[:, ::-1]):
        centre = places.mean(axis=0)
        size = max(float(np.sqrt(((places - centre) ** 2).sum(axis=1).mean() / 2.0)), 1e-9)
        into = np.array([[1.0, 0.0, -centre[0]], [0.0, 1.0, -centre[1]], [0.0, 0.0, size]]) / size
        sides.append((into, np.column_stack([places, np.ones(len(places))]) @ into.T))
    (a, p), (b, q) = sides
    zero = np.zeros_like(p)
    top = np.column_stack([p, zero, -q[:, :1] * p])
    low = np.column_stack([zero, p, -q[:, 1:2] * p])
    middle = np.linalg.svd(np.vstack([top, low]))[2][-1].reshape(3, 3)
    pose = np.linalg.inv(b) @ middle @ a
    return np.asarray(pose / pose[2, 2]) if abs(pose[2, 2]) > 1e-12 else None


def _sound(pose: Floats, shape: tuple[int, int]) -> bool:
    """Whether the target's corners make a convex figure of the right hand, neither thin nor tiny."""
    four = corners(pose, shape)
    sides = np.roll(four, -1, axis=0) - four
    turns = sides[:, 0] * np.roll(sides, -1, 0)[:, 1] - sides[:, 1] * np.roll(sides, -1, 0)[:, 0]
    straight = (shape[0] - 1.0) * (shape[1] - 1.0)
    lengths = np.linalg.norm(sides, axis=1)
    return bool(
        (turns < 0).all() and -turns.sum() / 4.0 > 0.01 * straight and lengths.max() < 8.0 * lengths.min() *
        max(shape) / min(shape)
    )  # fmt: skip


def _within(pose: Floats, places: Floats, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Whether places of the scene lie on the copy."""
    four = corners(pose, shape)
    sides = np.roll(four, -1, axis=0) - four
    off = places[:, None] - four
    turns = sides[:, 0] * off[..., 1] - sides[:, 1] * off[..., 0]
    return np.asarray((turns <= 0.0).all(axis=1))
