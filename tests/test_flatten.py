"""Even light: the ground is found beneath what is on it, and hue stays."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from skimage import data
from skimage.filters import threshold_otsu

from divgrad import flatten
from divgrad.cli import main
from divgrad.errors import ImageError, ParameterError
from divgrad.io import write


@pytest.fixture(scope="module")
def page():
    """Text on paper in bad light: page, light, text."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:160, :192]
    light = 60 + 150 * np.exp(-((x - 150) ** 2 + (y - 30) ** 2) / 15000)
    text = (y % 16 < 4) & (rng.random((10, 48))[y // 16, x // 4] < 0.6)
    return light * np.where(text, 0.45, 1) + rng.normal(0, 2, light.shape), light, text


def error(found, text):
    return np.mean(found != text)


def test_one_threshold_fits_the_whole_page(page):
    image, light, text = page
    made = flatten(image, report=True)
    flat = made.image
    assert error(image < threshold_otsu(image), text) > 0.05
    assert error(flat < threshold_otsu(flat), text) < 0.002
    assert np.corrcoef(made.ground.ravel(), light.ravel())[0, 1] > 0.99
    assert flat.mean() == pytest.approx(image.mean(), rel=0.1)
    assert "darker" in made.report[0]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_any_dtype_scale_of_intensity_and_turn(page, dtype):
    image = np.rint(page[0]).astype(dtype)
    before = image.copy()
    flat = flatten(image, dtype="same")
    assert flat.dtype == dtype
    np.testing.assert_array_equal(image, before)
    turned = flatten(np.ascontiguousarray(image.T), dtype="same").T
    assert np.abs(turned.astype(float) - flat).max() <= 1.0
    if dtype == "float64":
        np.testing.assert_allclose(flatten(image * 40.0), flat * 40.0, rtol=1e-6, atol=1e-6)


def test_bright_things_on_a_dark_ground_are_subtracted():
    y, x = np.mgrid[:128, :128]
    ground = 300.0 + 2.0 * x
    cells = 400.0 * ((x % 32 - 16) ** 2 + (y % 32 - 16) ** 2 < 25)
    made = flatten(ground + cells, report=True)
    assert "brighter" in made.report[0]
    outside = cells == 0
    assert made.image[outside].std() < 0.15 * ground.std()
    assert (made.image - made.image[outside].mean())[~outside].mean() == pytest.approx(400, rel=0.1)


def test_hue_stays(page):
    _, light, text = page
    colour = np.where(text[..., None], [90.0, 30, 60], [230.0, 220, 190]) * (light / 255)[..., None]
    flat = flatten(colour[::4, ::4], channel_axis=-1)
    for a, b in zip(colour[::4, ::4].reshape(-1, 3), flat.reshape(-1, 3), strict=True):
        np.testing.assert_allclose(
            colorsys.rgb_to_hsv(*b)[:2], colorsys.rgb_to_hsv(*a)[:2], atol=1e-3
        )


def test_volumes_with_spacing():
    z, y, x = np.mgrid[:12, :40, :40]
    light = 100.0 + 2 * x + 5 * z
    volume = light * np.where((y % 10 < 3) & (x % 10 < 3), 0.4, 1)
    made = flatten(volume, spacing=(2.0, 1, 1), report=True)
    ground = made.image[volume == light]
    assert ground.std() / ground.mean() < 0.4 * light.std() / light.mean()


def test_a_marked_shadow_goes_and_what_is_in_the_light_stays():
    scene = data.brick()[:128, :128].astype(float) + 20
    y, x = np.mgrid[:128, :128]
    r = np.hypot(y - 60, x - 66)
    shadowed = np.where(r < 35, 0.4, 1.0) * scene
    border = np.abs(r - 35) < 2
    lit = flatten(shadowed, border=border)
    assert np.abs(lit - scene)[~border].mean() < 4.0
    assert np.abs(shadowed - scene)[~border].mean() > 15.0
    nothing = flatten(scene, border=np.zeros_like(border))
    np.testing.assert_allclose(nothing, scene, rtol=1e-5)
    with pytest.raises(ImageError, match="black level"):
        flatten(scene - 200, border=border)
    with pytest.raises(ImageError, match="shape"):
        flatten(scene, border=border[1:])


def test_flat_and_tiny_images_stay_and_bad_scales_are_refused():
    for image in (np.full((9, 9), 7.0), np.zeros((1, 5)), np.array([[3.0]])):
        np.testing.assert_allclose(flatten(image), image, atol=1e-5)
    with pytest.raises(ParameterError, match="scale"):
        flatten(np.ones((4, 4)), -1.0)


def test_the_command(page, tmp_path):
    path = tmp_path / "page.png"
    write(path, np.clip(np.rint(page[0]), 0, 255).astype(np.uint8))
    write(tmp_path / "none.png", np.zeros(page[0].shape, np.uint8))
    assert main(["flatten", str(path), "--plot", str(tmp_path / "look.png")]) == 0
    assert (tmp_path / "page_flat.png").exists()
    assert (tmp_path / "look.png").exists()
    assert main(["flatten", str(path), "-f", "--border", str(tmp_path / "none.png")]) == 0
