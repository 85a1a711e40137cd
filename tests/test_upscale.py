"""More pixels: agreement with the given image, every dtype and dimension, and better than interpolation."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from divgrad import upscale
from divgrad.cli import main
from divgrad.errors import ParameterError
from divgrad.io import Picture, read, write
from divgrad.kernels.resampling import Reduction


def discs(n: int = 96) -> np.ndarray:
    """Return discs and a slanted edge, anti-aliased."""
    y, x = np.mgrid[: 4 * n, : 4 * n] / 4.0
    image = np.where(0.4 * x + y > 1.1 * n, 180.0, 40.0)
    for cy, cx, r in ((30, 30, 12), (40, 70, 7)):
        image[np.hypot(y - cy, x - cx) < r] = 220.0
    return image.reshape(n, 4, n, 4).mean(axis=(1, 3))


def test_reduction_is_that_of_pillow() -> None:
    image = np.random.default_rng(0).uniform(0, 255, (60, 48)).astype(np.float32)
    for factor in (2, 3, 4):
        mine = Reduction((60 // factor, 48 // factor), factor).shrink(image[None])[0]
        size = (48 // factor, 60 // factor)
        theirs = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
        inner = (
            slice(2, -2),
            slice(2, -2),
        )  # at the border Pillow cuts the kernel, here it is mirrored
        assert np.abs(mine - theirs)[inner].max() < 1e-3


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_made_as_small_again_it_is_the_given_image(factor) -> None:
    low = np.random.default_rng(1).uniform(0, 255, (20, 26)).astype(np.float32)
    made = upscale(low, factor, report=True, spacing=0.5)
    assert made.image.shape == (20 * factor, 26 * factor)
    assert made.spacing == (0.5 / factor,) * 2
    again = Reduction(low.shape, factor).shrink(made.image[None])[0]
    assert np.abs(again - low).max() < 1e-3 * np.ptp(low)


def test_it_is_nearer_to_the_truth_than_interpolation_and_edges_have_no_steps() -> None:
    truth = discs()
    reduction = Reduction((48, 48), 2)
    low = reduction.shrink(truth[None])
    cubic = reduction.enlarge(low)[0]
    made = upscale(low[0])
    learned = upscale(low[0], model="fast")
    error = [np.sqrt(np.mean((u - truth) ** 2)) for u in (cubic, made, learned)]
    assert max(error[1:]) < 0.75 * error[0]


def test_flat_stays_flat_and_turned_images_give_turned_results() -> None:
    assert np.abs(upscale(np.full((12, 9), 7.0)) - 7.0).max() < 1e-12
    low = discs()[:24, :24]
    assert np.allclose(upscale(np.rot90(low)), np.rot90(upscale(low)), atol=1e-6)


def test_colours_sixteen_bits_volumes_and_signals() -> None:
    image = (200 * discs(32)[..., None] * np.array([1.0, 0.7, 0.4])).astype(np.uint16)
    before = image.copy()
    big = upscale(image, channel_axis=-1, dtype="same")
    assert np.array_equal(image, before)
    assert big.shape == (64, 64, 3)
    assert big.dtype == np.uint16
    assert abs(float(big.mean()) / float(image.mean()) - 1) < 0.01
    assert upscale(np.arange(60.0).reshape(3, 4, 5)).shape == (6, 8, 10)
    assert np.abs(np.diff(upscale(np.arange(20.0)))[6:-6] - 0.5).max() < 0.05
    assert upscale(np.ones((1, 6))).shape == (2, 12)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ParameterError, match="factor"):
        upscale(np.ones((4, 4)), 1)
    with pytest.raises(ParameterError, match="factor"):
        upscale(np.ones((4, 4)), 1.5)  # type: ignore[arg-type]


def test_the_command_keeps_opacity_and_writes_the_new_spacing(tmp_path) -> None:
    image = np.full((10, 12, 4), 90, np.uint8)
    image[:5, :, 3] = 10
    source = Picture(image, -1, alpha=True, spacing=(0.4, 0.4), unit="um")
    write(tmp_path / "a.tif", image, like=source)
    plot = tmp_path / "p.png"
    assert main(["upscale", str(tmp_path / "a.tif"), "--factor", "3", "--plot", str(plot)]) == 0
    big = read(tmp_path / "a_upscaled.tif")
    assert big.array.shape == (30, 36, 4)
    assert set(np.unique(big.array[:15, :, 3])) == {10}
    assert read(plot).array.shape[2] == 3
