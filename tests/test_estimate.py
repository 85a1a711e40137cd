"""What the estimates promise: on scenes made here, with noise that is known."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from divgrad.errors import ImageError, ParameterError
from divgrad.estimate import contrast, noise_kind, noise_level, robust_contrast

DATA = Path(__file__).parents[2] / "shared" / "data"
PHOTOGRAPHS = sorted((DATA / "imagecompression_gray8").glob("*.png"))
ROW, COL = np.mgrid[:256, :256]


def fractal(seed, power=1.8):
    """Clouds: energy falls with frequency as in photographs, texture at every scale."""
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.rfftfreq(256), indexing="ij"))
    f[0, 0] = np.inf
    white = np.fft.rfft2(np.random.default_rng(seed).standard_normal((256, 256)))
    u = np.fft.irfft2(white * f**-power)
    return 128 + 45 * (u - u.mean()) / u.std()


def cloth():
    """Stripes as fine as 4 pixels over half of the image, as in Barbara's scarf."""
    stripes = 50 * np.sin(2 * np.pi * (ROW + 0.7 * COL) / 5)
    return np.where(ROW + COL < 256, 120 + stripes, 60 + COL / 4)


def discs():
    """Flat regions and sharp edges."""
    u = np.full((256, 256), 60.0)
    for i in range(12):
        u[(ROW - 37 * i % 256) ** 2 + (COL - 83 * i % 256) ** 2 < 900] = 40 + 15 * i
    return u


SCENES = {
    "clouds": fractal(1),
    "cloth": cloth(),
    "discs": discs(),
    "waves": 120 + 90 * np.sin(ROW / 20) * np.cos(COL / 17),
}
scenes = pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)


def noisy(scene, sigma, seed=0, clipped=False):
    u = scene + sigma * np.random.default_rng(seed).standard_normal(scene.shape)
    return u.round().clip(0, 255).astype(np.uint8) if clipped else u


def salted(scene, share, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(scene.shape) < share, rng.choice([0, 255], scene.shape), scene)


class TestNoiseLevel:
    @scenes
    @pytest.mark.parametrize("sigma", [5, 15, 25, 50, 75])
    def test_is_exact(self, scene, sigma):
        assert noise_level(noisy(scene, sigma)) == pytest.approx(sigma, rel=0.05)

    @scenes
    @pytest.mark.parametrize("sigma", [5, 25, 75])
    def test_is_exact_where_clipped_to_bytes(self, scene, sigma):
        assert noise_level(noisy(scene, sigma, clipped=True)) == pytest.approx(sigma, rel=0.06)

    def test_choosing_flat_patches_does_not_bias_it(self):
        flat = np.full((64, 64), 100.0)
        estimates = [noise_level(noisy(flat, 10, seed)) for seed in range(40)]
        assert np.mean(estimates) == pytest.approx(10, rel=0.01)
        assert np.std(estimates) < 0.3

    def test_clipping_at_black_does_not_bias_it(self):
        black = np.where(ROW < 200, 0.0, 120.0)
        assert noise_level(noisy(black, 20, clipped=True)) == pytest.approx(20, rel=0.05)

    @pytest.mark.parametrize("factor", [1e-300, 1e-6, 0.3, 255.0, 1e9, 1e290])
    def test_scales_with_the_image(self, factor):
        u = noisy(SCENES["clouds"], 12)
        assert noise_level(factor * u) == pytest.approx(factor * noise_level(u), rel=1e-4)

    @pytest.mark.parametrize("offset", [-1e3, 1e6])
    def test_does_not_depend_on_the_offset(self, offset):
        u = noisy(SCENES["clouds"], 12)
        assert noise_level(u + offset) == pytest.approx(noise_level(u), rel=1e-4)

    @pytest.mark.parametrize("turn", [np.transpose, np.flipud, np.rot90, np.asfortranarray])
    def test_does_not_depend_on_the_orientation(self, turn):
        u = noisy(SCENES["clouds"], 12)
        assert noise_level(turn(u)) == pytest.approx(noise_level(u), rel=1e-3)

    @pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "u8", "f2", "f4", ">f8", ">u2"])
    def test_takes_any_dtype(self, dtype):
        u = noisy(SCENES["waves"], 10).clip(0, 255)
        assert noise_level(u.astype(dtype)) == pytest.approx(10, rel=0.05)

    def test_a_constant_image_has_none(self):
        assert noise_level(np.full((30, 40), 7, np.uint8)) == 0.0

    @scenes
    def test_a_clean_image_has_next_to_none(self, scene):
        assert 0.0 <= noise_level(scene) < 1.5

    def test_a_drawing_has_none(self):
        assert noise_level(np.where(discs() > 100, 255, 0)) == 0.0
        assert noise_level(discs() > 100) == 0.0

    @pytest.mark.parametrize("padding", [0.0, 77.0, 255.0])
    def test_padding_does_not_hide_it(self, padding):
        padded = np.full((256, 256), padding)
        padded[50:-50, 50:-50] = noisy(SCENES["waves"], 10)[50:-50, 50:-50].clip(0, 255)
        assert noise_level(padded) == pytest.approx(10, rel=0.05)

    def test_hot_pixels_do_not_matter(self):
        u = noisy(SCENES["waves"], 10)
        u[::50, ::50] = 1e8
        assert noise_level(u) == pytest.approx(10, rel=0.05)

    @pytest.mark.parametrize("side", [8, 12, 16, 24, 32])
    def test_small_images(self, side):
        estimates = [noise_level(noisy(np.full((side, side), 9.0), 3, s)) for s in range(50)]
        assert np.mean(estimates) == pytest.approx(3, rel=0.05)
        assert np.std(estimates) < 3 * 1.7 / side

    @pytest.mark.parametrize("shape", [(2, 2), (2, 50), (3, 7), (2, 3, 4), (1, 20, 20)])
    def test_tiny_images_get_a_number(self, shape):
        assert noise_level(np.random.default_rng(0).normal(size=shape)) > 0

    @pytest.mark.parametrize("shape", [(40, 40, 40), (5, 90, 100), (90, 5, 100), (90, 100, 5)])
    def test_volumes(self, shape):
        z, y, x = np.indices(shape)
        scene = 100 + 50 * np.sin(z / 9) * np.cos(y / 8) * np.sin(x / 7)
        assert noise_level(noisy(scene, 6)) == pytest.approx(6, rel=0.05)

    @pytest.mark.parametrize("axis", [0, 1, -1])
    def test_channels_are_joined_by_the_mean_square(self, axis):
        channels = [noisy(SCENES["waves"], sigma, sigma) for sigma in (5, 10, 20)]
        together = noise_level(np.stack(channels, axis), channel_axis=axis)
        levels = np.array([noise_level(c) for c in channels])
        assert together == pytest.approx(np.sqrt((levels**2).mean()))

    def test_a_large_image_is_sampled(self):
        u = np.tile(noisy(SCENES["waves"], 10).astype(np.float32), (10, 10))
        assert noise_level(u) == pytest.approx(10, rel=0.03)


class TestContrast:
    def test_is_the_percentile_of_the_slopes(self):
        u = np.random.default_rng(0).normal(size=(50, 60))
        steps = np.concatenate([np.abs(np.diff(u, axis=a)).ravel() for a in (0, 1)])
        assert contrast(u) == pytest.approx(np.percentile(steps, 90))
        assert contrast(u, percentile=50) == pytest.approx(np.median(steps))

    def test_robust_rule_is_the_median_deviation(self):
        u = np.random.default_rng(0).normal(size=(50, 60))
        steps = np.concatenate([np.abs(np.diff(u, axis=a)).ravel() for a in (0, 1)])
        deviation = np.median(np.abs(steps - np.median(steps)))
        assert robust_contrast(u) == pytest.approx(1.4826 * deviation)

    @pytest.mark.parametrize("spacing", [None, (0.5, 2.0), 3.0])
    @pytest.mark.parametrize("presmoothing", [0, 0.8, 2.5])
    def test_presmoothing_is_gaussian_with_a_mirrored_border(self, presmoothing, spacing):
        u = np.random.default_rng(0).normal(size=(40, 50))
        steps = np.broadcast_to(1.0 if spacing is None else spacing, 2)
        sigma = presmoothing / steps
        reach = [int(n) for n in np.ceil(4 * sigma)]
        smooth = ndimage.gaussian_filter(u, sigma, radius=reach) if presmoothing else u
        p = np.pad(smooth, 1, "symmetric")
        slope = np.hypot(
            (p[2:, 1:-1] - p[:-2, 1:-1]) / (2 * steps[0]),
            (p[1:-1, 2:] - p[1:-1, :-2]) / (2 * steps[1]),
        )
        measured = contrast(u, presmoothing=presmoothing, spacing=spacing)
        assert measured == pytest.approx(np.percentile(slope, 90), rel=1e-9)

    @pytest.mark.parametrize("rule", [contrast, robust_contrast])
    def test_scales_with_the_image_and_against_the_spacing(self, rule):
        u = fractal(2)
        assert rule(3 * u) == pytest.approx(3 * rule(u))
        assert rule(u, spacing=4.0) == pytest.approx(rule(u) / 4)
        assert rule(u, presmoothing=2.0, spacing=2.0) == pytest.approx(rule(u, presmoothing=1) / 2)

    def test_channels_add_their_squares(self):
        u = fractal(2)
        assert contrast(np.stack([3 * u, 4 * u]), channel_axis=0) == pytest.approx(5 * contrast(u))

    @pytest.mark.parametrize("shape", [(300,), (30, 40), (10, 12, 14)])
    def test_any_dimension(self, shape):
        u = np.random.default_rng(0).normal(size=shape)
        assert 0 < robust_contrast(u) < contrast(u)

    def test_flats_are_not_counted(self):
        u = np.zeros((100, 100))
        u[40:, :] = 8.0
        assert contrast(u) == 8.0
        assert contrast(np.zeros((5, 5))) == robust_contrast(np.zeros((5, 5))) == 0.0

    def test_a_large_image_is_sampled(self):
        u = np.tile(fractal(2).astype(np.float32), (12, 9))
        assert contrast(u, presmoothing=1) == pytest.approx(
            contrast(fractal(2), presmoothing=1), 0.05
        )

    @pytest.mark.parametrize(
        "wrong",
        [
            {"percentile": 0},
            {"percentile": 101},
            {"percentile": np.nan},
            {"spacing": 0},
            {"spacing": (1, 2, 3)},
            {"spacing": np.inf},
            {"presmoothing": -1},
            {"presmoothing": np.nan},
        ],
    )
    def test_refuses_parameters_out_of_range(self, wrong):
        with pytest.raises(ParameterError, match=next(iter(wrong))):
            contrast(np.eye(8), **wrong)


ALL = pytest.mark.parametrize("estimate", [noise_level, noise_kind, contrast, robust_contrast])


@ALL
@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 5)),
        np.zeros((3, 3, 3, 3)),
        np.full((9, 9), np.nan),
        np.where(np.eye(9) > 0, np.inf, 0.0),
        np.zeros((9, 9), complex),
        np.array([["a", "b"]]),
        np.float64(3.0),
    ],
    ids=["empty", "4-D", "NaN", "Inf", "complex", "text", "number"],
)
def test_refuses_what_is_no_image(estimate, image):
    with pytest.raises(ImageError) as caught:
        estimate(image)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("image", [np.zeros(50), np.zeros((1, 50)), np.zeros((1, 1, 9))])
def test_refuses_to_see_noise_in_a_line(image):
    with pytest.raises(ImageError, match="too small"):
        noise_level(image)


def test_refuses_a_range_beyond_floats():
    with pytest.raises(ImageError, match="scale it down"):
        noise_level(np.where(np.eye(9) > 0, 1.7e308, -1.7e308))


@ALL
def test_refuses_an_axis_that_is_not_there(estimate):
    with pytest.raises(ParameterError, match="channel_axis"):
        estimate(np.eye(9), channel_axis=2)


@ALL
def test_leaves_the_image_as_it_was(estimate):
    u = noisy(SCENES["waves"], 10, clipped=True)
    before = u.copy()
    u.flags.writeable = False
    assert estimate(u) == estimate(u)  # and gives the same answer again
    np.testing.assert_array_equal(u, before)


def test_needs_numpy_alone():
    code = "import sys, divgrad.estimate; sys.exit(any(m in sys.modules for m in sys.argv[1:]))"
    heavy = ["numba", "scipy", "skimage", "torch"]
    assert subprocess.run([sys.executable, "-c", code, *heavy], check=False).returncode == 0
