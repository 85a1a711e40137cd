"""Geodesic active contours: discs and balls of known size, curvature motion, growing, nothing to hold on."""

from __future__ import annotations

import numpy as np
import pytest

import divgrad
from divgrad.cli import main
from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.io import read, write
from divgrad.tasks.segmenting import contour


def soft_ball(shape: tuple[int, ...], middle: tuple[float, ...], radius: float) -> np.ndarray:
    """Return a ball of height 100 whose border pixels have the share that lies within."""
    places = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    far = np.sqrt(sum((p - m) ** 2 for p, m in zip(places, middle, strict=True)))
    return 100.0 * np.clip(0.5 + radius - far, 0, 1)


def test_a_disc_is_found_to_a_tenth_of_a_pixel_from_anywhere_around_it():
    image = soft_ball((90, 100), (44.3, 50.6), 21.4).astype(np.float32)
    given = image.copy()
    noise = np.random.default_rng(0).normal(0, 8, image.shape).astype(np.float32)
    corners = [(12, 15), (10, 85), (80, 88), (82, 12)]
    for start in (None, (40, 53, 33), corners, image > 30):
        for added in (0, noise):
            found = divgrad.segment_contour(image + added, start, report=True)
            radius = float(np.sqrt(found.table["area"][0] / np.pi))
            assert abs(radius - 21.4) < 0.1
    assert np.array_equal(image, given)
    dark = divgrad.segment_contour(100 - image, (40, 53, 33))
    assert (dark == (image > 50)).mean() > 0.999


def test_units_and_turns_do_not_matter():
    image = soft_ball((80, 96), (38, 47), 20).astype(np.float32)
    image += np.random.default_rng(1).normal(0, 5, image.shape).astype(np.float32)
    labels = divgrad.segment_contour(image, (40, 45, 32))
    wide = divgrad.segment_contour(1000 * image, (20, 22.5, 16), spacing=0.5, report=True)
    assert np.array_equal(wide.labels, labels)
    assert abs(wide.table["area"][0] - np.pi * 10**2) < 4
    turned = divgrad.segment_contour(np.ascontiguousarray(image.T), (45, 40, 32))
    assert (labels == turned.T).mean() > 0.9995


def test_a_ball_in_a_volume():
    image = soft_ball((40, 44, 48), (19, 22, 24), 11.0).astype(np.float32)
    found = divgrad.segment_contour(image, (19, 21, 25, 17), report=True)
    assert abs((found.table["area"][0] * 0.75 / np.pi) ** (1 / 3) - 11.0) < 0.15
    assert "volume" in found.report[-1]


def test_a_balloon_grows_to_the_edge_and_without_an_edge_nothing_is_left():
    image = soft_ball((90, 90), (45, 45), 30).astype(np.float32)
    grown = divgrad.segment_contour(image, (43, 46, 9), balloon=3.0, report=True)
    assert abs(np.sqrt(grown.table["area"][0] / np.pi) - 30) < 0.1
    assert divgrad.segment_contour(image, (43, 46, 9)).sum() == 0
    flat = np.full((60, 60), 7, np.uint8)
    empty = divgrad.segment_contour(flat, (30, 30, 12), report=True)
    assert not empty.labels.any()
    assert "Nothing is left" in empty.report[-1]
    assert divgrad.segment_contour(flat, (30, 30, 12), balloon=2.0).all()


def test_in_a_flat_image_a_circle_shrinks_as_by_curvature(monkeypatch):
    # r^2 = r0^2 - 2 t
    monkeypatch.setattr(contour, "STILL", -1.0)
    y, x = np.mgrid[:64, :64]
    first = (np.hypot(y - 31.2, x - 31.7) - 18.0).astype(np.float32)
    grid = Grid((1.0, 1.0))
    one = np.ones_like(first)
    for rounds in (20, 60):
        phi, used = contour._settle(first, one, 0.0, rounds, grid)
        t = used * contour.STEPS * contour.time_step(grid)
        lost = 18.0**2 - np.clip(0.5 - phi, 0, 1).sum() / np.pi
        assert used == rounds
        assert abs(lost / (2 * t) - 1) < 0.05
    # where pressure and curvature balance it stays
    phi, _ = contour._settle(first, one, 1 / 18.0, 40, grid)
    assert abs(np.sqrt(np.clip(0.5 - phi, 0, 1).sum() / np.pi) - 18.0) < 0.15


def test_two_objects_in_one_contour_are_parted():
    image = np.maximum(soft_ball((80, 130), (40, 35), 18), soft_ball((80, 130), (40, 92), 18))
    found = divgrad.segment_contour(image.astype(np.float32), balloon=-1.0)
    assert (found == (image > 50)).mean() > 0.995


def test_starts_that_do_not_fit_are_refused():
    image = np.zeros((30, 40), np.float32)
    for start, words in (
        ((5, 5), "centre and a radius"),
        ((500, 500, 9), "encloses nothing"),
        (np.ones((30, 40)), "encloses all"),
        ((5, np.nan, 9), "finite"),
    ):
        with pytest.raises(ImageError, match=words):
            divgrad.segment_contour(image, start)
    with pytest.raises(ImageError, match="two axes"):
        divgrad.segment_contour(image[0])


def test_the_command_takes_numbers_corners_and_files(tmp_path, capsys):
    image = soft_ball((60, 70), (30, 35), 15).astype(np.uint8)
    write(tmp_path / "a.png", image)
    write(tmp_path / "m.png", (soft_ball((60, 70), (30, 33), 22) > 50).astype(np.uint8) * 255)
    for start in ("30,33,22", "5,8 5,62 55,62 55,8", str(tmp_path / "m.png")):
        words = ["segment-contour", str(tmp_path / "a.png"), "--start", start, "-f"]
        words += ["--overlay", str(tmp_path / "o.png"), "--table", str(tmp_path / "t.csv")]
        assert main(words) == 0
        labels = read(tmp_path / "a_contour.png").array
        assert (labels == (image > 50)).mean() > 0.995
    assert read(tmp_path / "o.png").array.shape == (60, 70, 3)
    assert "The contour began" in capsys.readouterr().out
