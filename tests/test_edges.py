"""Edges: where they are, how strong, and how little noise, units and orientation change them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import divgrad
from divgrad import ComplexDiffusion, Guided, Time, evolve
from divgrad.cli import main
from divgrad.errors import ImageError, ParameterError
from divgrad.grid import Grid, Tiling
from divgrad.io import read, write
from divgrad.kernels.discs import disc_differences
from divgrad.testing import check_equation


def disc(size: int = 64, radius: float = 18.0, soft: float = 0.7) -> Any:
    """A bright disc off the centre of pixels, its edge a little soft."""
    rows, cols = np.indices((size, size))
    away = np.hypot(rows - 0.5 * size - 0.3, cols - 0.5 * size + 0.2) - radius
    return np.float32(60.0 + 100.0 / (1.0 + np.exp(away / soft)))


def radii(table: dict[str, Any], size: int = 64) -> Any:
    return np.hypot(table["row"] - 0.5 * size - 0.3, table["col"] - 0.5 * size + 0.2)


@pytest.mark.parametrize(
    "flow", [None, ComplexDiffusion(contrast=20.0)], ids=["regions", "complex"]
)
def test_a_disc_has_one_closed_edge_at_its_radius(flow: Any) -> None:
    found = divgrad.edges(disc(), using=flow, report=True)
    assert len(np.unique(found.table["curve"])) == 1
    off = radii(found.table) - 18.0
    assert abs(off.mean()) < 0.2
    assert off.std() < 0.35
    length = found.image.sum()
    assert 0.8 * 2.0 * np.pi * 18.0 < length < 1.3 * 2.0 * np.pi * 18.0
    outward = found.table["normal_row"] * (found.table["row"] - 32.3)
    outward += found.table["normal_col"] * (found.table["col"] - 31.8)
    assert (np.abs(outward) / 18.0).min() > 0.9


def test_noise_is_not_taken_for_edges() -> None:
    rng = np.random.default_rng(0)
    noisy = disc() + rng.normal(0.0, 15.0, (64, 64))
    found = divgrad.edges(noisy, report=True)
    assert "removed first" in found.report[0]
    assert np.abs(radii(found.table) - 18.0).max() < 3.0
    assert found.image.sum() > 80
    assert divgrad.edges(rng.normal(100.0, 10.0, (64, 64))).mean() < 0.02


def test_a_flat_image_has_no_edges() -> None:
    for shape in ((20, 30), (40,), (6, 7, 8), (1, 1), (3, 2)):
        found = divgrad.edges(np.full(shape, 7.0, np.float32), report=True)
        assert not found.image.any()
        assert found.image.shape == shape
        assert all(len(column) == 0 for column in found.table.values())


def test_units_and_dtype_change_nothing() -> None:
    image = disc().round()
    first = divgrad.edges(image.astype(np.uint8), report=True)
    for other in (image.astype(np.uint16) * 100, (image / 1000.0).astype(np.float64)):
        again = divgrad.edges(other, report=True)
        assert (first.image == again.image).mean() > 0.998
        assert np.abs(first.strength - again.strength).mean() < 1e-3


def test_places_are_in_units_of_length() -> None:
    wide = disc()[:, ::2]
    found = divgrad.edges(wide, spacing=(0.5, 1.0), report=True)
    away = np.hypot(found.table["row"] - 16.15, found.table["col"] - 15.9)
    assert abs(away.mean() - 9.0) < 0.2


def test_colours_alone_make_an_edge() -> None:
    image = np.empty((40, 40, 3), np.uint8)
    image[:, :20], image[:, 20:] = (200, 60, 60), (60, 115, 60)
    found = divgrad.edges(image, channel_axis=-1, report=True)
    assert abs(np.median(found.table["col"]) - 19.5) < 0.1
    moved = divgrad.edges(np.moveaxis(image, -1, 0), channel_axis=0)
    assert (moved == found.image).all()


def test_a_ball_has_one_surface_and_a_signal_its_steps() -> None:
    away = np.sqrt(((np.indices((12, 24, 24)) - np.array([6, 12, 12]).reshape(3, 1, 1, 1)) ** 2 *
                    np.array([4, 1, 1]).reshape(3, 1, 1, 1)).sum(axis=0))  # fmt: skip
    ball = 100.0 / (1.0 + np.exp((away - 7.0) / 0.6))
    found = divgrad.edges(ball.astype(np.float32), spacing=(2.0, 1.0, 1.0), report=True)
    centre = (12.0, 12.0, 12.0)
    parts = [found.table[name] - c for name, c in zip(("plane", "row", "col"), centre, strict=True)]
    radius = np.sqrt(sum(part**2 for part in parts))
    assert len(np.unique(found.table["curve"])) == 1
    assert abs(radius.mean() - 7.0) < 0.3
    steps = divgrad.edges(np.repeat(np.float32([0, 50, 20]), 20), shortest=1, report=True)
    assert sorted(np.round(steps.table["col"]).tolist()) in (
        [19.0, 39.0],
        [20.0, 40.0],
        [20.0, 39.0],
        [19.0, 40.0],
    )


def test_parameters_are_checked() -> None:
    with pytest.raises(ParameterError, match="threshold"):
        divgrad.edges(disc(), 2.0)
    with pytest.raises(ParameterError, match="shortest"):
        divgrad.edges(disc(), shortest=0)
    with pytest.raises(ParameterError, match="scale"):
        divgrad.edges(np.zeros((5, 5, 5)), scale=2.0)
    with pytest.raises(ImageError, match="NaN"):
        divgrad.edges(np.full((5, 5), np.nan))


def test_the_command_writes_edges_strength_and_table(tmp_path: Path) -> None:
    write(tmp_path / "disc.png", disc().round().astype(np.uint8))
    words = ["edges", str(tmp_path / "disc.png"), "-q"]
    for key, suffix in (("strength", "tif"), ("table", "csv"), ("overlay", "png"), ("plot", "png")):
        words += [f"--{key}", str(tmp_path / f"{key}.{suffix}")]
    assert main(words) == 0
    found = divgrad.edges(disc().round().astype(np.uint8), report=True)
    assert (read(tmp_path / "disc_edges.png").array == 255 * found.image).all()
    assert np.array_equal(read(tmp_path / "strength.tif").array, found.strength)
    lines = (tmp_path / "table.csv").read_text().splitlines()
    assert lines[0].startswith("curve,row,col,normal_row,normal_col,strength")
    assert len(lines) == 1 + found.image.sum()


def test_discs_do_not_depend_on_threads() -> None:
    image = np.random.default_rng(1).random((1, 40, 30)).astype(np.float32)
    one, many = (
        disc_differences(image, (0.04,), 3.0, Grid((1.0, 1.0), Tiling(threads=n))) for n in (1, 3)
    )
    assert np.array_equal(one, many)
    turned = disc_differences(image.transpose(0, 2, 1), (0.04,), 3.0, Grid((1.0, 1.0)))
    order = [(4 - k) % 8 for k in range(8)]
    assert np.abs(turned.transpose(0, 2, 1)[order] - one).max() < 1e-5


def test_known_boundaries_hold_the_flow() -> None:
    image = 100.0 * np.random.default_rng(2).random((9, 12)).astype(np.float32)
    wall = np.zeros((9, 12))
    wall[:, 6] = 1e4
    check_equation(
        Guided(wall, contrast=1.0), images=[image], schemes=[divgrad.Explicit(), divgrad.FSI()]
    )
    end = evolve(
        image, Guided(wall, contrast=1.0), scheme=divgrad.FSI(tau=300.0), until=Time(3000.0)
    ).u
    assert np.ptp(end[:, :6]) < 1e-3 * np.ptp(image)
    assert np.allclose(end[:, :6].mean(), image[:, :6].mean(), rtol=0.15)
    with pytest.raises(ImageError, match=">= 0"):
        evolve(image, Guided(-wall, contrast=1.0), until=Time(1.0))
