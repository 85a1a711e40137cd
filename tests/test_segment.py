"""Segmenting tasks: pages, lines, objects, phases, seeds, regions, contours."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import divgrad
from divgrad.cli import main
from divgrad.errors import ImageError, ImageWriteError
from divgrad.grid import Grid
from divgrad.io import read, write
from divgrad.io.tables import write_table
from divgrad.tasks.segmenting.merging import merge
from divgrad.tasks.segmenting.walking import edge_weights, walk

DATA = Path(__file__).parents[2] / "shared" / "data"


def one_page() -> tuple[np.ndarray, np.ndarray]:
    """Return a page with bars for text under light that falls off, and where the bars are."""
    rng = np.random.default_rng(1)
    text = np.zeros((120, 200), bool)
    for row in range(15, 110, 14):
        for col in range(10, 180, 25):
            text[row : row + 4, col : col + int(rng.integers(8, 20))] = True
    light = np.linspace(240, 50, 200) * np.linspace(1, 0.8, 120)[:, None]
    return light * np.where(text, 0.35, 1.0) + rng.normal(0, 2, text.shape), text


# --- pages ------------------------------------------------------------------------------------


def test_text_is_found_under_uneven_light_where_no_one_threshold_can():
    page, text = one_page()
    found = divgrad.segment_pages(page, report=True)
    assert found.labels.dtype == np.uint8
    assert (found.labels == text).mean() > 0.98
    one = max(((page < level) == text).mean() for level in range(20, 240, 4))
    assert one < 0.96
    assert "darker than its paper" in found.report[1]
    assert found.table["area"].tolist() == [float(found.labels.sum())]


def test_a_page_is_the_same_in_other_units_and_turned():
    page, _ = one_page()
    given = page.copy()
    found = divgrad.segment_pages(page)
    assert np.array_equal(page, given)
    assert (divgrad.segment_pages(page * 200) == found).mean() > 0.9999
    assert (found == divgrad.segment_pages(page.T).T).mean() > 0.9999
    assert np.array_equal(divgrad.segment_pages(page, 10.0, spacing=2.0), found)
    assert (divgrad.segment_pages(page.max() - page, bright=True) == found).mean() > 0.9


def test_an_empty_page_has_no_text():
    rng = np.random.default_rng(0)
    assert not divgrad.segment_pages(np.full((40, 50), 7, np.uint8)).any()
    noise = divgrad.segment_pages(rng.normal(200, 3, (90, 90)), report=True)
    assert not noise.labels.any()
    assert noise.report[-1].startswith("No text")
    with pytest.raises(ImageError, match="two axes"):
        divgrad.segment_pages(np.ones((5, 5, 5)))


# --- lines and objects ------------------------------------------------------------------------


def test_a_bent_line_is_found_and_noise_is_not():
    y, x = np.mgrid[:120, :160]
    rng = np.random.default_rng(2)
    line = np.abs(y - 40 - 15 * np.sin(x / 25)) < 2
    image = 100 - 15.0 * line
    image += rng.normal(0, 2, image.shape)
    found = divgrad.segment_lines(image, report=True)
    inner = np.s_[:, 8:-8]
    assert (found.labels[inner] > 0)[line[inner]].mean() > 0.9
    assert (found.labels > 0)[~line].mean() < 0.06
    assert found.labels.max() == 1
    turned = divgrad.segment_lines(np.ascontiguousarray(image[::-1, ::-1]))[::-1, ::-1]
    assert ((turned > 0) == (found.labels > 0)).mean() > 0.99
    assert np.array_equal(divgrad.segment_lines(-image, bright=True), found.labels)
    assert not divgrad.segment_lines(rng.normal(50, 3, (90, 90))).any()


def test_lines_are_sought_within_the_frame():
    y, x = np.mgrid[-60:60, -60:60]
    rng = np.random.default_rng(3)
    disc = np.hypot(y, x) < 55
    image = np.stack([disc * (120 + rng.normal(0, 2, x.shape)) for _ in range(3)], -1)
    image[..., 1] -= 45 * disc * (np.abs(x) < 2)
    found = divgrad.segment_lines(image.clip(0, 255), channel_axis=-1, report=True)
    assert "dark frame" in found.report[0]
    assert not found.labels[~disc].any()
    assert found.labels[60, 60]
    with pytest.raises(ImageError, match="leaves nothing"):
        divgrad.segment_lines(image[..., 0], mask=np.zeros(disc.shape))


@pytest.mark.parametrize("ndim", [2, 3])
def test_touching_balls_are_counted_and_measured(ndim):
    centres = [(16, 16, 16), (16, 31, 17), (16, 45, 40), (16, 20, 50)]
    grid = np.mgrid[tuple(slice(0, n) for n in (32, 60, 64)[3 - ndim :])]
    distance = [
        np.hypot.reduce(grid - np.reshape(c[3 - ndim :], (ndim,) + (1,) * ndim)) for c in centres
    ]
    image = 20.0 + 100.0 * (np.min(distance, axis=0) < 8.5)
    image += np.random.default_rng(0).normal(0, 4, image.shape)
    found = divgrad.segment_objects(image, 17.0, report=True)
    assert found.labels.max() == 4
    size = np.pi * 8.5**2 if ndim == 2 else 4 / 3 * np.pi * 8.5**3
    assert np.allclose(found.table["area"], size, rtol=0.2)
    double = divgrad.segment_objects(image, 34.0, spacing=2.0, report=True)
    assert np.allclose(double.table["area"], found.table["area"] * 2**ndim)
    assert (
        divgrad.segment_objects(image, 17.0, split=10.0).max() == 3
    )  # parts nothing, loses nothing
    if ndim == 2:
        assert divgrad.segment_objects(image).max() == 4
        assert divgrad.segment_objects(image.max() - image, dark=True).max() == 4


# --- seeds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(40, 48), (9, 14, 12)])
def test_chances_solve_the_walkers_equation(shape, monkeypatch):
    monkeypatch.setattr("divgrad.tasks.segmenting.walking.CLOSE", 1e-4)
    rng = np.random.default_rng(4)
    u = rng.normal(100, 20, (2, *shape)).astype(np.float64)
    seeds = np.zeros(shape, int)
    for k in (1, 2, 3):
        seeds[tuple(rng.integers(0, n, 6) for n in shape)] = k
    grid = Grid((0.5, *(1.0,) * (len(shape) - 1)))
    weights = edge_weights(u, 2.0, grid)
    q = rng.random((3, *shape))
    q /= q.sum(axis=0)
    for trust in (0.0, 0.05):
        p = walk(weights, seeds, 3, grid, q, trust)
        left = trust * (q - p)
        for axis, w in enumerate(weights):
            flow = np.take(w, range(shape[axis] - 1), axis) * np.diff(p, axis=axis + 1)
            pad = [(0, 0)] * p.ndim
            pad[axis + 1] = (0, 1)
            left += np.pad(flow, pad)
            pad[axis + 1] = (1, 0)
            left -= np.pad(flow, pad)
        assert np.abs(left[:, seeds == 0]).max() < 2e-3
        assert np.allclose(p.sum(axis=0), 1)
        assert all((p[k - 1][seeds == k] == 1).all() for k in (1, 2, 3))


def test_seeded_labels_follow_contrast_colour_and_names():
    y, x = np.mgrid[:70, :90]
    disc = np.hypot(y - 35, x - 45) < 22
    rng = np.random.default_rng(5)
    image = np.where(disc[..., None], (90, 120, 60), (120, 90, 60)) + rng.normal(0, 12, (70, 90, 3))
    seeds = np.zeros((70, 90), np.uint8)
    seeds[33:37, 40:50], seeds[2:4, 5:80] = 200, 7
    found = divgrad.segment_seeded(image, seeds, channel_axis=-1, report=True)
    assert set(np.unique(found.labels)) == {7, 200}
    assert ((found.labels == 200) == disc).mean() > 0.97
    assert found.table["label"].tolist() == [7, 200]
    plain = divgrad.segment_seeded(image, seeds, channel_axis=-1, trust=0.0)
    assert (plain == found.labels).mean() < 0.99
    with pytest.raises(ImageError, match="two labels"):
        divgrad.segment_seeded(image, seeds == 7, channel_axis=-1)
    with pytest.raises(ImageError, match="whole numbers"):
        divgrad.segment_seeded(image, seeds * 0.3, channel_axis=-1)


def test_pieces_of_a_label_hold_its_seeds_and_the_ground_may_have_holes():
    image = np.full((40, 90), 20.0)
    image[8:32, 10:36] = image[8:32, 54:80] = 90.0
    image[16:24, 18:28] = 20.0  # a hole
    seeds = np.zeros(image.shape, int)
    seeds[:2], seeds[10:14, 12:34] = 1, 5
    one = divgrad.segment_seeded(image, seeds, trust=0.5)
    assert (one[8:32, 54:80] == 1).all()
    assert (one[17:23, 19:27] == 1).all()
    assert (one[25:30, 12:34] == 5).all()
    both = divgrad.segment_seeded(image, seeds, trust=0.5, islands=True)
    assert (both[9:31, 55:79] == 5).all()


def test_seeds_come_from_a_drawing(tmp_path, capsys):
    image = np.where(np.arange(60) < 25, 60, 180).astype(np.uint8) * np.ones((40, 1), np.uint8)
    drawn = np.zeros((40, 60, 3), np.uint8)
    drawn[10:12, 3:9], drawn[30:32, 50:55] = (255, 0, 0), (0, 0, 255)
    write(tmp_path / "a.png", image)
    write(tmp_path / "s.png", drawn, channel_axis=-1)
    words = ["segment-seeded", str(tmp_path / "a.png"), "--seeds", str(tmp_path / "s.png")]
    assert main(words) == 0
    assert np.array_equal(read(tmp_path / "a_seeded.png").array, np.where(image < 100, 2, 1))
    assert main(["segment-seeded", str(tmp_path / "a.png"), "-f"]) == 0
    assert "No seeds were given" in capsys.readouterr().out


# --- phases -----------------------------------------------------------------------------------


def test_phases_lower_chan_and_veses_energy_and_drop_what_does_not_pay():
    y, x = np.mgrid[:80, :90]
    rng = np.random.default_rng(6)
    truth = (np.hypot(y - 40, x - 45) < 25).astype(int)
    image = 50.0 * truth + rng.normal(0, 25, truth.shape)
    found = divgrad.segment_phases(image, report=True)
    assert ((found.labels == 2) == truth).mean() > 0.98
    assert found.table["label"].tolist() == [1, 2]
    # A disc of radius r in one of two phases of contrast 1 gains pi r^2 and pays mu 2 pi r.
    for radius, stays in ((4.0, False), (12.0, True)):
        spots = 1.0 * (np.hypot(y - 40, x - 30) < radius) + (x > 60)
        price = 4.0 / spots.var()
        assert (divgrad.segment_phases(spots, smoothness=price)[40, 30] == 2) == stays


def test_several_phases_are_numbered_by_brightness_in_any_dimension():
    steps = np.repeat([3.0, 80.0, 20.0, 150.0], 10)
    noise = np.random.default_rng(7).normal(0, 2, (12, 14, 40))
    found = divgrad.segment_phases(steps + noise, 4, report=True)
    assert np.array_equal(found.labels[5, 5, ::10], [1, 3, 2, 4])
    assert (found.labels == np.repeat([1, 3, 2, 4], 10)).mean() > 0.98
    colours = np.stack([steps, steps[::-1], 0 * steps], -1) * np.ones((20, 1, 1))
    assert len(np.unique(divgrad.segment_phases(colours, 4, channel_axis=-1))) == 4
    assert np.array_equal(divgrad.segment_phases(steps, 2)[::10], [1, 2, 1, 2])
    assert (divgrad.segment_phases(np.full((9, 9), 4.0)) == 1).all()


# --- regions ----------------------------------------------------------------------------------


def test_basins_merge_the_weakest_boundary_first_and_report_what_they_did():
    boundary = np.zeros((30, 40))
    boundary[:, 10], boundary[:, 25] = 0.3, 0.8
    labels = np.repeat(np.searchsorted([10, 25], np.arange(40)) + 1, 30).reshape(40, 30).T
    assert merge(labels, boundary, 0.2).max() == 3
    two = merge(labels, boundary, 0.8)
    assert two.max() == 2
    assert np.array_equal(two[0, [0, 15, 30]], [1, 1, 2])
    assert merge(labels, boundary, 9.0).max() == 1


def test_regions_of_a_picture_are_found_without_parameters():
    truth = np.repeat([0, 1, 2], 40) * np.ones((60, 1), int)
    rng = np.random.default_rng(8)
    image = np.array([20, 90, 200])[truth] + rng.normal(0, 5, truth.shape)
    found = divgrad.segment(image, report=True)
    for k in np.unique(truth):
        part = truth == k
        own = np.bincount(found.labels[part]).argmax()
        both = (found.labels == own) & part
        assert both.sum() / ((found.labels == own) | part).sum() > 0.85
    assert "merged" in found.report[0]
    assert len(found.table["label"]) == found.labels.max()


# --- the command line -------------------------------------------------------------------------


def test_labels_overlay_and_table_are_written(tmp_path, capsys):
    page, _ = one_page()
    write(
        tmp_path / "a.png", np.stack([page] * 3, -1).clip(0, 255).astype(np.uint8), channel_axis=-1
    )
    table, look = tmp_path / "t.csv", tmp_path / "o.png"
    words = [
        "segment-pages",
        str(tmp_path / "a.png"),
        "--table",
        str(table),
        "--overlay",
        str(look),
    ]
    assert main(words) == 0
    assert set(np.unique(read(tmp_path / "a_pages.png").array)) == {0, 1}
    assert read(look).array.shape == (*page.shape, 3)
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["label"] for row in rows] == ["1"]
    assert "text" in capsys.readouterr().out
    assert main(["segment-pages", str(tmp_path / "a.png"), "-o", str(tmp_path / "b.jpg")]) == 2
    assert "JPEG would change the labels" in capsys.readouterr().err


def test_labels_of_a_jpeg_go_to_png(tmp_path):
    write(tmp_path / "a.jpg", one_page()[0].clip(0, 255).astype(np.uint8))
    assert main(["segment-pages", str(tmp_path / "a.jpg"), "-q"]) == 0
    assert (tmp_path / "a_pages.png").exists()


def test_a_table_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(ImageWriteError, match="cannot be written"):
        write_table(tmp_path / "no" / "t.csv", {"label": np.array([1])})
