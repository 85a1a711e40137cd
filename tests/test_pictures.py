"""Pictures that the command line draws beside an output, and how results other than grey values are written."""

from __future__ import annotations

import numpy as np
import pytest

from divgrad.cli import main
from divgrad.cli.drawing import MARK, labelled, overlaid, side_by_side, small_multiples, visible
from divgrad.io import Picture, read, write
from divgrad.io.pixels import PLAIN, save_picture
from divgrad.recipes.written import file_or_colour


def test_what_is_shown_is_black_to_white_and_of_a_volume_its_middle() -> None:
    volume = np.zeros((3, 4, 5), np.float32)
    volume[1, 0, 0], volume[1, 0, 1], volume[2] = 2.0, 1.0, np.nan
    shown = visible(volume)
    assert shown.shape == (4, 5, 3)
    assert shown[0, 0].tolist() == [255] * 3
    assert shown[0, 1].tolist() == [128] * 3
    assert visible(volume[2])[0, 0].tolist() == [255, 0, 255]
    colours = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(visible(colours, -1), colours)
    assert visible(np.moveaxis(colours, -1, 0), 0).shape == (2, 4, 3)


def test_marks_are_drawn_with_an_opaque_border_and_leave_the_rest() -> None:
    picture = np.full((9, 9, 3), 50, np.uint8)
    mask = np.zeros((9, 9), bool)
    mask[2:7, 2:7] = True
    drawn = overlaid(picture, mask)
    assert (drawn[~mask] == 50).all()
    assert tuple(drawn[2, 2]) == MARK
    assert 50 < drawn[4, 4, 0] < 255
    labels = np.where(mask, 7, 0)
    labels[4:7, 2:7] = 8
    coloured = labelled(labels)
    assert (coloured[~mask] == 0).all()
    assert tuple(coloured[3, 3]) != tuple(coloured[5, 3])


def test_panels_stand_in_a_row_and_small_ones_are_enlarged() -> None:
    small, large = np.zeros((100, 120, 3), np.uint8), np.zeros((200, 240, 3), np.uint8)
    sheet = side_by_side({"a": small, "b": large})
    assert sheet.shape[0] > 200
    assert sheet.shape[1] > 480


def test_small_multiples_have_a_row_for_each_parameter_and_a_panel_for_each_value() -> None:
    def dark(value: int) -> np.ndarray:
        return np.full((160, 160, 3), value, np.uint8)

    sheet = small_multiples([("dark", (0, 10, 20), dark), ("darker", (30,), dark)])
    among = [sheet[60, col, 0] for col in (80, 246, 412)]
    assert among == [0, 10, 20]
    assert sheet[260, 80, 0] == 30
    assert (sheet[200:, 170:] == 255).all()


@pytest.mark.parametrize("dtype", [bool, np.uint16])
def test_labels_and_masks_are_written_as_they_are(tmp_path, dtype) -> None:
    write(tmp_path / "a.tif", np.full((4, 5, 3), 9, np.uint8), channel_axis=-1)
    result = (np.arange(20).reshape(4, 5) * 100 % 700).astype(dtype)
    save_picture(tmp_path / "b.tif", result, PLAIN.open(tmp_path / "a.tif"))
    back = read(tmp_path / "b.tif").array
    assert np.array_equal(back, result * 255 if dtype is bool else result)


def test_a_result_with_more_pixels_has_its_spacing_and_its_opacity(tmp_path) -> None:
    given = np.zeros((2, 3, 4), np.uint8)
    given[0, 0, 3] = 200
    source = Picture(given, -1, alpha=True, spacing=(2.0, 2.0), unit="um")
    write(tmp_path / "a.tif", given, like=source)
    opened = PLAIN.open(tmp_path / "a.tif")
    save_picture(tmp_path / "b.tif", np.ones((4, 6, 3)), opened, (1.0, 1.0))
    back = read(tmp_path / "b.tif")
    assert back.array.shape == (4, 6, 4)
    assert back.array[..., 3].sum() == 4 * 200
    assert back.spacing is None or back.spacing == (1.0, 1.0)


def test_plot_is_written_once_and_not_over_another_file(tmp_path, capsys) -> None:
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file in files:
        write(file, np.random.default_rng(0).integers(0, 255, (16, 16), np.uint8))
    call = ["denoise", "--sigma", "0", "--plot"]
    look = tmp_path / "look.png"
    assert main([*call, str(look), str(files[0])]) == 0
    assert str(look) in capsys.readouterr().out
    assert read(look).array.shape[2] == 3
    assert main([*call, str(look), str(files[0]), "-o", str(tmp_path / "c.png")]) == 2
    assert main([*call, str(files[0]), str(files[0]), "-f"]) == 2
    assert (
        main([*call, str(tmp_path / "looks"), *map(str, files), "-o", str(tmp_path / "out")]) == 0
    )
    assert sorted(p.name for p in (tmp_path / "looks").iterdir()) == ["a_plot.png", "b_plot.png"]


def test_a_mask_is_a_file_or_a_colour(tmp_path) -> None:
    mask = np.zeros((3, 4), np.uint8)
    mask[1, 2] = 255
    write(tmp_path / "m.png", mask)
    assert np.array_equal(file_or_colour(str(tmp_path / "m.png")), mask > 0)
    assert file_or_colour("255,0,0") == (255.0, 0.0, 0.0)
