"""Filling in what is missing: the plate against what it must be, every kind of mask, image and dtype."""

from __future__ import annotations

import numpy as np
import pytest

from divgrad import Biharmonic, Heat, Implicit, Masked, Steps, evolve, inpaint
from divgrad.cli import main
from divgrad.errors import ImageError, ParameterError
from divgrad.grid import Grid, Tiling
from divgrad.io import read, write
from divgrad.kernels.thin_plate import thin_plate
from divgrad.tasks.patchwork import patchwork


def scene(shape=(48, 56)):
    """Return a smooth image with an edge, and a mask of a hole, scratches and single pixels."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    image = 100 + 40 * np.sin(x / 9.0) + y + np.where(x + y > 50, 60.0, 0.0)
    lost = np.random.default_rng(0).random(shape) < 0.2
    lost[20:27, 30:37] = True
    lost[5:8] = True
    return image, lost


def test_the_plate_is_the_steady_state_of_masked_biharmonic_flow() -> None:
    image, lost = scene()
    u = np.where(lost, 0.0, image)[None]
    plate = thin_plate(u, lost, Grid((1.0, 1.0)), 1e-9)
    begun = np.where(lost, image[~lost].mean(), image)
    flow = Masked(Biharmonic(), lost)
    rest = evolve(begun, flow, scheme=Implicit(tau=1e9), until=Steps(2)).u
    assert np.abs(plate[0] - rest).max() < 1e-3


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 2.0)])
def test_a_biharmonic_image_is_found_again(spacing) -> None:
    y, x = (h * axis for h, axis in zip(spacing, np.mgrid[:40, :40], strict=True))
    image = x**3 - 3 * x * y**2 + 5 * x * y  # harmonic to the grid, too
    lost = np.zeros(image.shape, bool)
    lost[10:20, 12:25] = True
    plate = thin_plate(np.where(lost, 0.0, image)[None], lost, Grid(spacing), 1e-7)[0]
    assert np.abs(plate - image).max() < 1e-5 * np.ptp(image)


def test_the_plate_is_the_same_to_the_bit_for_any_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    u = rng.random((1, 300, 300))
    lost = rng.random((300, 300)) < 0.6
    one, two = (thin_plate(u, lost, Grid((1.0, 1.0), Tiling(threads=n)), 1e-3) for n in (1, 2))
    assert np.array_equal(one, two)


def test_good_pixels_stay_to_the_bit_and_none_leaves_their_range() -> None:
    image, lost = scene()
    given = np.where(lost, np.nan, image)
    before = given.copy()
    made = inpaint(given, report=True)
    assert np.array_equal(given, before, equal_nan=True)
    assert np.array_equal(made.image[~lost], image[~lost])
    assert np.array_equal(made.mask, lost)
    assert made.image.min() >= image[~lost].min()
    assert made.image.max() <= image[~lost].max()
    assert np.sqrt(np.mean((made.image - image)[lost] ** 2)) < 8.0


def test_masks_in_every_form_say_the_same() -> None:
    image, lost = scene()
    image = np.rint(image).astype(np.uint8)
    red = np.stack([image, image // 2, image // 3], axis=-1)
    hit = np.where(lost[..., None], np.array([255, 0, 0], np.uint8), red)
    by_mask = inpaint(hit, lost, channel_axis=-1)
    assert np.array_equal(by_mask, inpaint(hit, (255, 0, 0), channel_axis=-1))
    assert np.array_equal(by_mask, inpaint(hit, 255 * lost.astype(np.uint8), channel_axis=-1))
    hidden = np.ma.array(hit, mask=np.repeat(lost[..., None], 3, axis=-1))
    assert np.array_equal(by_mask, inpaint(hidden, channel_axis=-1))
    kept = inpaint(hit, lost, channel_axis=-1, dtype="same")
    assert kept.dtype == np.uint8
    assert np.array_equal(kept[~lost], red[~lost])


def test_volumes_and_signals() -> None:
    z, y, x = np.mgrid[:10, :14, :14].astype(np.float32)
    volume = 10 + 2 * z + y - x
    lost = np.random.default_rng(0).random(volume.shape) < 0.5
    filled = inpaint(volume, lost, spacing=(2.0, 1.0, 1.0))
    assert np.abs(filled - volume).max() < 4.0
    assert np.abs(filled - volume).mean() < 0.2
    signal = np.where(np.arange(40) % 3 == 1, np.nan, np.arange(40.0))
    assert np.abs(inpaint(signal) - np.arange(40.0)).max() < 1.0


def test_a_flow_of_the_users_fills_too() -> None:
    image, lost = scene()
    y, x = np.mgrid[:48, :56].astype(float)
    saddle = x**2 - y**2
    hole = np.zeros(saddle.shape, bool)
    hole[10:20, 15:30] = True
    assert np.abs(inpaint(saddle, hole, using=Heat()) - saddle).max() < 1.0
    assert np.array_equal(inpaint(image, lost, using=Heat())[~lost], image[~lost])


def test_what_cannot_be_filled_is_refused() -> None:
    image, _ = scene()
    with pytest.raises(ImageError, match="every pixel is missing"):
        inpaint(image, np.ones(image.shape))
    with pytest.raises(ImageError, match="mask has the shape"):
        inpaint(image, np.ones((3, 4)))
    with pytest.raises(ParameterError, match="using must be a flow"):
        inpaint(image, using="heat")  # type: ignore[arg-type]
    assert np.array_equal(inpaint(image), image)


def test_the_command_fills_a_colour_and_draws_what_was_missing(tmp_path, capsys) -> None:
    image, lost = scene()
    image = np.rint(image).astype(np.uint8)
    write(tmp_path / "a.png", np.where(lost, 0, image).astype(np.uint8))
    write(tmp_path / "m.png", (255 * lost).astype(np.uint8))
    call = ["inpaint", str(tmp_path / "a.png"), "--overlay", str(tmp_path / "o.png"), "-f"]
    assert main([*call, "--mask", "0"]) == 0
    by_colour = read(tmp_path / "a_inpainted.png").array
    assert main([*call, "--mask", str(tmp_path / "m.png")]) == 0
    assert "pixels are filled" in capsys.readouterr().out
    assert np.array_equal(by_colour, read(tmp_path / "a_inpainted.png").array)
    assert np.array_equal(by_colour[~lost], image[~lost])
    drawn = read(tmp_path / "o.png").array
    assert (drawn[lost] != drawn[lost][:, :1]).any()


def test_few_holes_are_filled_alone_as_in_the_whole_image(monkeypatch) -> None:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:150, :140]
    image = (100 + 60 * np.sin(x / 9.0 + y / 15.0) + rng.normal(0, 3, x.shape)).astype(np.float32)
    lost = np.zeros(image.shape, bool)
    lost[40:44, 30:50] = lost[100:110, 90:95] = True
    border = np.zeros(image.shape, bool)
    border[-5:, 60:70] = border[70:80, :4] = True
    cut = patchwork(lost, 10.0)
    assert cut is not None
    assert np.prod(cut.shape) < 0.4 * image.size
    negative = cut.scatter(-cut.gather(image, 0.0), image)
    assert np.array_equal(negative, np.where(lost, -image, image))
    alone = inpaint(image, lost), inpaint(image, border)
    monkeypatch.setattr("divgrad.tasks.filling.patchwork", lambda *_: None)
    whole = inpaint(image, lost), inpaint(image, border)
    assert np.abs(alone[0] - whole[0]).max() < 0.1  # a thousandth of the range: where cycles end
    assert np.abs(alone[1] - whole[1]).mean(where=border) < 3.0
    assert np.array_equal(alone[0][~lost], image[~lost])
