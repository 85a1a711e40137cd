"""Segmenting tasks: pages, lines, objects, phases, seeds, regions, contours."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import divgrad
from divgrad.cli import main
from divgrad.errors import ImageError, ImageWriteError
from divgrad.io import read, write
from divgrad.io.tables import write_table

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
