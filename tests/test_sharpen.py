"""Sharpening: edges get steeper, nothing overshoots, noise does not grow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.filters import unsharp_mask

from divgrad import sharpen
from divgrad.cli import main
from divgrad.errors import ParameterError
from divgrad.estimate.edge_blur import edge_blur
from divgrad.io import write
from test_denoise import psnr


def step(blur, degrees=20.0, size=72):
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    a = np.radians(degrees)
    edge = 60 + 100 * np.clip(np.cos(a) * x + np.sin(a) * y + 0.5, 0, 1)
    return gaussian_filter(edge, blur, mode="nearest").astype(np.float32)


@pytest.mark.parametrize("blur", [1.0, 2.0, 4.0])
def test_the_blur_of_an_edge_is_measured(blur):
    assert edge_blur(step(blur)) == pytest.approx(blur, rel=0.1)
    assert edge_blur(step(blur), spacing=0.5) == pytest.approx(0.5 * blur, rel=0.1)


def test_of_nothing_no_blur_is_measured():
    assert edge_blur(np.zeros((9, 9))) == 1.0


@pytest.mark.parametrize("degrees", [0, 20, 45])
def test_an_edge_gets_steeper_and_does_not_overshoot(degrees):
    blurred = step(2.0, degrees)
    sharp = sharpen(blurred, 2.0, sigma=0.0)
    steepest = [np.hypot(*np.gradient(u)).max() for u in (blurred, sharp)]
    assert steepest[1] > 1.8 * steepest[0]
    assert sharp.max() < blurred.max() + 0.1
    assert sharp.min() > blurred.min() - 0.1


def test_nearer_to_the_sharp_image_than_unsharp_masking():
    clean = data.camera()[80:240, 130:290].astype(np.float32)
    for noise in (2.0, 8.0):
        rng = np.random.default_rng(0)
        image = (gaussian_filter(clean, 1.5) + rng.normal(0, noise, clean.shape)).astype("f4")
        masked = max(psnr(255 * unsharp_mask(image / 255, 1.5, a), clean) for a in (0.5, 1, 2))
        made = sharpen(image, report=True)
        assert 1.1 < made.blur < 2.2
        assert psnr(made.image, clean) > psnr(image, clean) + 0.7
        assert psnr(made.image, clean) > masked


def test_colours_dtypes_volumes_and_nothing_to_do():
    colour = data.astronaut()[0:64, 180:244]
    made = sharpen(colour, channel_axis=-1, dtype="same")
    assert made.dtype == np.uint8
    differences = np.diff(sharpen(colour, channel_axis=-1), axis=-1) - np.diff(
        colour.astype(float), axis=-1
    )
    assert np.abs(differences).max() < 1e-3  # grey was added: hue stays
    assert sharpen(np.full((8, 12, 12), 3.0), spacing=(2.0, 1, 1)).std() < 1e-6
    np.testing.assert_allclose(sharpen(colour[..., 0], strength=0.0, sigma=0.0), colour[..., 0])
    with pytest.raises(ParameterError, match="blur"):
        sharpen(colour[..., 0], -1.0)
    with pytest.raises(ParameterError, match="signal"):
        sharpen(np.ones(9))


def test_the_command(tmp_path, capsys):
    path = tmp_path / "a.png"
    write(path, np.rint(step(2.0)).astype(np.uint8))
    assert main(["sharpen", str(path), "--plot", str(tmp_path / "p.png")]) == 0
    said = capsys.readouterr().out
    assert float(said.partition("blurred by ")[2].split()[0]) == pytest.approx(2.0, rel=0.1)
    assert (tmp_path / "a_sharpened.png").exists()
