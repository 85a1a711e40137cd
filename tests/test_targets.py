"""Targets: found where they are, as often as they are, and not where they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data
from skimage.transform import AffineTransform, warp

import divgrad
from divgrad.cli import main
from divgrad.errors import ImageError, ParameterError
from divgrad.io import read, write

TARGET = data.camera()[60:300, 150:390][::2, ::2]
GROUND = data.coins()[:260, :300].astype(float)


def laid(*poses: tuple[float, float, float, float]) -> tuple[Any, list[Any]]:
    """Coins with copies of the target: size, turn in degrees, and (row, col) of the first corner."""
    scene, matrices = GROUND.copy(), []
    for size, turn, row, col in poses:
        pose = AffineTransform(scale=size, rotation=np.radians(turn), translation=(col, row))
        part = warp(TARGET.astype(float), pose.inverse, output_shape=scene.shape, cval=np.nan)
        scene = np.where(np.isfinite(part), part, scene)
        matrices.append(pose.params)
    return scene, matrices


def missed(found: Any, matrix: Any) -> float:
    """Mean distance of the corners of the nearest copy found from the true ones."""
    rows, cols = TARGET.shape[0] - 1.0, TARGET.shape[1] - 1.0
    corners = np.array([[0, 0, 1], [cols, 0, 1], [cols, rows, 1], [0, rows, 1]]).T
    away = []
    for pose in found.homographies:
        there, here = pose @ corners, matrix @ corners
        away.append(np.linalg.norm(there[:2] / there[2] - here[:2], axis=0).mean())
    return float(min(away, default=np.inf))


@pytest.mark.parametrize("noise", [0.0, 25.0])
def test_a_turned_and_scaled_target_is_found(noise: float) -> None:
    scene, (matrix,) = laid((1.2, 35.0, 40.0, 120.0))
    noisy = scene + np.random.default_rng(0).normal(0.0, noise, scene.shape)
    found = divgrad.targets(noisy, TARGET, report=True)
    assert len(found.homographies) == 1
    assert missed(found, matrix) < (1.5 if noise == 0.0 else 4.0)
    assert abs(found.table["turn"][0] - 35.0) < 2.0
    assert abs(found.table["size"][0] - 1.2) < 0.06
    assert found.image[int(found.table["row"][0]), int(found.table["col"][0])] == 1


def test_every_copy_is_found() -> None:
    scene, matrices = laid((0.9, 0.0, 10.0, 10.0), (0.8, 90.0, 130.0, 260.0))
    found = divgrad.targets(scene, TARGET, report=True)
    assert [missed(found, matrix) < 3.0 for matrix in matrices] == [True, True]
    assert len(found.homographies) == 2
    assert len(divgrad.targets(scene, TARGET, most=1, report=True).homographies) == 1


def test_nothing_is_found_where_nothing_is() -> None:
    assert not divgrad.targets(GROUND, TARGET).any()
    assert not divgrad.targets(np.zeros((40, 50)), TARGET).any()
    assert not divgrad.targets(GROUND, np.zeros((30, 30))).any()
    noise = np.random.default_rng(1).normal(100.0, 30.0, (120, 120))
    assert not divgrad.targets(noise, TARGET).any()


def test_parameters_are_checked() -> None:
    with pytest.raises(ParameterError, match="least"):
        divgrad.targets(GROUND, TARGET, least=2)
    with pytest.raises(ParameterError, match="target"):
        divgrad.targets(GROUND, 3.0)  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="two axes"):
        divgrad.targets(np.zeros((4, 5, 6)), TARGET)


def test_the_command_writes_numbers_and_corners(tmp_path: Path) -> None:
    scene, _ = laid((1.0, 20.0, 30.0, 120.0))
    write(tmp_path / "scene.png", np.uint8(scene))
    write(tmp_path / "target.png", TARGET)
    words = ["targets", str(tmp_path / "scene.png"), "--target", str(tmp_path / "target.png"), "-q"]
    assert (
        main([*words, "--table", str(tmp_path / "t.csv"), "--overlay", str(tmp_path / "o.png")])
        == 0
    )
    assert set(np.unique(read(tmp_path / "scene_targets.png").array)) == {0, 1}
    assert (tmp_path / "t.csv").read_text().startswith("target,row,col,size,turn,support,row_1")
    with pytest.raises(SystemExit):
        main(["targets", str(tmp_path / "scene.png")])


def test_features_tell_classes_whatever_the_light_and_the_other_images() -> None:
    rng = np.random.default_rng(0)
    rows, cols = np.indices((20, 20)) - 9.5
    rings = [np.abs(np.hypot(rows, cols) - radius) < 1.5 for radius in rng.uniform(4, 7, 6)]
    crosses = [(np.abs(rows - d) < 1.5) | (np.abs(cols + d) < 1.5) for d in rng.uniform(-2, 2, 6)]
    images = np.float32([*rings, *crosses]) * 100.0
    images += rng.normal(0.0, 10.0, images.shape).astype(np.float32)
    features = divgrad.diffused_features(images)
    alike = features @ features.T
    within = np.r_[alike[:6, :6][~np.eye(6, dtype=bool)], alike[6:, 6:][~np.eye(6, dtype=bool)]]
    assert within.min() > alike[:6, 6:].max()
    again = divgrad.diffused_features(7.0 * images[3:4] + 50.0)
    assert np.abs(again - features[3:4]).max() < 1e-3
    with pytest.raises(ImageError, match="shape"):
        divgrad.diffused_features(images[0])
