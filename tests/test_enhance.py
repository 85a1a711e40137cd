"""Detail is amplified; edges, noise and hue are not."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from skimage import data

from divgrad import enhance
from divgrad.cli import main
from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.io import read, write
from divgrad.tasks.detail import passed


def step(height, degrees, size=96):
    """An edge of 40 and more within a range of 0 to 255, as sharp as pixels are."""
    y, x = np.mgrid[:size, :size] - size / 2
    across = np.cos(np.radians(degrees)) * x + np.sin(np.radians(degrees)) * y
    u = 40 + height * np.clip(across + 0.5, 0, 1)
    u[0, 0], u[-1, -1] = 0, 255
    return u.astype(np.float32)


@pytest.mark.parametrize("degrees", [0, 20, 45])
@pytest.mark.parametrize("height", [41, 80, 200])
@pytest.mark.parametrize("factor", [2.0, 4.0])
def test_no_halo_beyond_one_percent(height, degrees, factor):
    inner = enhance(step(height, degrees), factor, light=0.0)[6:-6, 6:-6]
    assert inner.max() < 40 + 1.01 * height
    assert inner.min() > 40 - 0.01 * height


def test_light_makes_no_halo_either():
    u = step(120, 20)
    inner = enhance(u, light=1.0)[6:-6, 6:-6]
    flat = np.sort(inner[u[6:-6, 6:-6] == 40.0])
    assert np.ptp(flat) < 1.2
    assert 1.9 * 40 < np.median(flat) < 2.1 * 40


def test_texture_is_amplified_and_one_leaves_all_as_it_is():
    texture = 100 + 5 * np.sin(np.indices((96, 96)).sum(axis=0) * 1.3)
    texture[0, 0], texture[-1, -1] = 0, 255
    inside = np.s_[8:-8, 8:-8]
    assert enhance(texture, sigma=0, light=0)[inside].std() > 1.7 * texture[inside].std()
    assert enhance(texture, 0.0, sigma=0, light=0)[inside].std() < 0.2 * texture[inside].std()
    np.testing.assert_allclose(enhance(texture, 1.0, light=0.0), texture, atol=1e-9)


def test_noise_is_not_amplified():
    noisy = np.random.default_rng(0).normal(128, 8, (128, 128))
    noisy[0, 0], noisy[-1, -1] = 0, 255
    made = enhance(noisy, light=0.0, report=True)
    assert made.image[4:-4, 4:-4].std() < 1.15 * 8
    assert "found" in made.report[0]
    assert enhance(noisy, light=0.0, sigma=0.0)[4:-4, 4:-4].std() > 1.5 * 8


def test_noise_between_two_times_is_what_linear_diffusion_leaves():
    from scipy.ndimage import gaussian_filter

    white = np.random.default_rng(0).normal(0, 1, (512, 512))
    a, b = (gaussian_filter(white, np.sqrt(2 * t), mode="wrap") for t in (4.0, 16.0))
    assert passed(4.0, 16.0, Grid((1.0, 1.0))) == pytest.approx((a - b).std(), rel=0.05)
    assert passed(4.0, 16.0, Grid((0.5, 0.5))) < passed(4.0, 16.0, Grid((1.0, 1.0)))


def test_hue_stays():
    colour = data.astronaut()[0:64, 180:244]
    made = enhance(colour / 255.0, 3.0, channel_axis=-1)
    assert made.min() >= 0
    assert made.max() <= 1 + 1e-6
    for a, b in zip(
        colour[::6, ::6].reshape(-1, 3) / 255, made[::6, ::6].reshape(-1, 3), strict=True
    ):
        if np.ptp(a) > 0.02:
            turn = abs(colorsys.rgb_to_hsv(*a)[0] - colorsys.rgb_to_hsv(*b)[0])
            assert min(turn, 1 - turn) < 1e-3


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_any_dtype_and_scale_of_intensity(dtype):
    image = data.camera()[100:164, 100:164].astype(dtype)
    before = image.copy()
    made = enhance(image, dtype="same")
    assert made.dtype == dtype
    np.testing.assert_array_equal(image, before)
    bright = enhance(image.astype(float) * 200)
    np.testing.assert_allclose(bright, 200 * enhance(image.astype(float)), rtol=1e-4, atol=1.0)


def test_volumes_signals_and_what_is_empty_of_detail():
    volume = np.random.default_rng(0).normal(100, 5, (6, 16, 16))
    assert enhance(volume, spacing=(3.0, 1, 1)).shape == volume.shape
    assert enhance(np.arange(20.0)).shape == (20,)
    np.testing.assert_array_equal(enhance(np.full((5, 5), 3.0), light=0.0), np.full((5, 5), 3.0))
    with pytest.raises(ParameterError, match="detail"):
        enhance(volume, -1.0)


def test_the_command(tmp_path, capsys):
    path = tmp_path / "a.png"
    write(path, data.camera()[100:180, 100:180])
    assert main(["enhance", str(path), "--detail", "3", "--plot", str(tmp_path / "p.png")]) == 0
    assert "amplified 3 times" in capsys.readouterr().out
    assert read(tmp_path / "a_enhanced.png").array.std() > 0
