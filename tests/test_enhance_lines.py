"""Lines come out of noise and grow together; what has no line keeps none."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.filters import sato

from divgrad import enhance_lines
from divgrad.cli import main
from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.io import write
from divgrad.tasks.line_strength import across_of, hessian, joined


def broken(degrees=20.0, size=96, noise=8.0, sign=-1):
    """A line 4 wide with a gap of 12: image, line, gap."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    a = np.radians(degrees)
    across, along = np.cos(a) * y - np.sin(a) * x, np.sin(a) * y + np.cos(a) * x
    line, gap = np.abs(across) < 2, np.abs(along) < 6
    image = 120 + sign * 30 * (line & ~gap) + np.random.default_rng(0).normal(0, noise, x.shape)
    return image.astype(np.float32), line, gap & line


@pytest.mark.parametrize("degrees", [0, 20, 45])
def test_a_gap_is_closed_that_sato_leaves_open(degrees):
    image, line, gap = broken(degrees)
    made = enhance_lines(image, report=True)
    away = np.abs(np.indices(line.shape) - 47.5).max(axis=0) < 40
    ground = away & ~line
    ground[gap] = False
    weakest = np.quantile(made.strength[gap], 0.25)
    assert weakest > np.quantile(made.strength[ground], 0.95)
    ridge = sato(image / 255, sigmas=(2, 3), black_ridges=True)
    assert np.quantile(ridge[gap], 0.25) < np.quantile(ridge[ground], 0.95)
    assert made.image[gap].mean() < made.image[ground].mean() - 6


def test_lines_may_be_bright_and_that_is_found():
    dark, _, gap = broken()
    made = enhance_lines(dark, report=True)
    assert "darker" in made.report[0]
    bright = enhance_lines(240 - dark, report=True)
    assert "brighter" in bright.report[0]
    np.testing.assert_allclose(bright.strength, made.strength, atol=1e-3)
    said = enhance_lines(240 - dark, dark=True, report=True)
    assert said.strength[gap].mean() < 0.5 * made.strength[gap].mean()


def test_curvature_of_a_parabola_is_exact():
    y, _ = np.mgrid[:40, :40].astype(float)
    curved = hessian(0.5 * (y[None] - 20) ** 2, 2.0, Grid((1.0, 1.0)))
    middle = np.s_[0, 18:22, 18:22]
    np.testing.assert_allclose(across_of(np.array([0.0, 1.0]), curved)[middle], 4.0, rtol=1e-2)
    np.testing.assert_allclose(across_of(np.array([1.0, 0.0]), curved)[middle], 0.0, atol=1e-9)


def test_constant_images_shifts_and_dtypes():
    flat = enhance_lines(np.full((24, 24), 9.0), report=True)
    np.testing.assert_allclose(flat.image, 9.0, atol=1e-6)
    assert flat.strength.max() < 1e-6
    image, _, _ = broken()
    whole = np.clip(np.rint(image), 0, 255).astype(np.uint16)
    before = whole.copy()
    made = enhance_lines(whole, dtype="same", report=True)
    assert made.image.dtype == np.uint16
    np.testing.assert_array_equal(whole, before)
    lifted = enhance_lines(whole + 1000, report=True)
    np.testing.assert_allclose(lifted.strength, made.strength, atol=0.02)


def test_volumes():
    _z, y, x = np.mgrid[:16, :24, :24]
    volume = 100 + 60.0 * ((y - 12) ** 2 + (x - 12) ** 2 < 5)
    volume[6:10] = 100
    made = enhance_lines(volume, 4.0, gap=8.0, report=True)
    assert made.strength.shape == volume.shape
    assert made.strength[8, 12, 12] > 3 * made.strength[8, 4, 4]


def test_texture_is_sharpened():
    y, x = np.mgrid[:64, :64]
    ridges = 128 + 40 * np.sin(2 * np.pi * (0.8 * x + 0.6 * y) / 8)
    noisy = (ridges + np.random.default_rng(0).normal(0, 30, x.shape)).astype(np.float32)
    sharp = enhance_lines(noisy, 4.0, texture=True)[8:-8, 8:-8]
    near = ridges[8:-8, 8:-8]
    above = near > 128
    assert np.mean((sharp > 128) == above) > 0.95
    assert np.mean((noisy[8:-8, 8:-8] > 128) == above) < 0.9
    smooth = joined(noisy[None], 4.0, Grid((1.0, 1.0)))[0, 8:-8, 8:-8]
    contrast = [u[above].mean() - u[~above].mean() for u in (smooth, sharp)]
    assert contrast[1] > 1.1 * contrast[0]


def test_refused_and_the_command(tmp_path, capsys):
    with pytest.raises(ParameterError, match="width"):
        enhance_lines(np.ones((8, 8)), 0.0)
    with pytest.raises(ParameterError, match="signal"):
        enhance_lines(np.ones(8))
    path = tmp_path / "a.png"
    write(path, np.clip(np.rint(broken()[0]), 0, 255).astype(np.uint8))
    assert main(["enhance-lines", str(path), "--gap", "12", "--plot", str(tmp_path / "p.png")]) == 0
    assert "gaps up to 12" in capsys.readouterr().out
    assert (tmp_path / "a_lines.png").exists()


def test_the_command_can_be_told_that_lines_are_bright_or_dark(tmp_path, capsys) -> None:
    image = np.full((48, 48), 90, np.uint8)
    image[20:23] = 130
    write(tmp_path / "a.png", image)
    for words, said in (([], "found to be brighter"), (["--dark"], "said to be darker")):
        assert main(["enhance-lines", str(tmp_path / "a.png"), "-f", *words]) == 0
        assert said in capsys.readouterr().out
    assert main(["enhance-lines", str(tmp_path / "a.png"), "-f", "--no-dark"]) == 0
    assert "said to be brighter" in capsys.readouterr().out
    assert main(["enhance-lines", str(tmp_path / "a.png"), "--no-dark", "--recipe"]) == 0
    assert "dark: false" in capsys.readouterr().out
