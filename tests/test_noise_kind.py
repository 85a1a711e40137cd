"""The kind of noise and its level: on scenes made here, with noise that is known."""

from __future__ import annotations

import io
import json
from dataclasses import FrozenInstanceError, asdict

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage, stats

from divgrad.estimate import NoiseKind, noise_kind
from divgrad.estimate.brightness_law import brightness_law
from divgrad.estimate.jpeg import jpeg_quality
from divgrad.estimate.noise_models import _rice
from divgrad.estimate.patches import measure_patches
from divgrad.estimate.quantisation import quantisation_step
from divgrad.estimate.random_impulses import random_impulse_share
from test_estimate import COL, PHOTOGRAPHS, ROW, SCENES, noisy, salted, scenes

SMOOTH = {name: SCENES[name].clip(2, 255) for name in ("clouds", "waves", "discs")}
smooth = pytest.mark.parametrize("scene", SMOOTH.values(), ids=SMOOTH)


def rng(seed=0):
    return np.random.default_rng(seed)


def as_bytes(u):
    return u.round().clip(0, 255).astype(np.uint8)


def jpeg(u, quality):
    file = io.BytesIO()
    Image.fromarray(as_bytes(u)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def hit(u, density):
    return as_bytes(np.where(rng(1).random(u.shape) < density, rng(2).uniform(0, 255, u.shape), u))


@scenes
@pytest.mark.parametrize("sigma", [5, 25, 75])
@pytest.mark.parametrize("clipped", [False, True])
def test_gaussian(scene, sigma, clipped):
    found = noise_kind(noisy(scene, sigma, clipped=clipped))
    assert found.likely == "gaussian"
    assert found.level == pytest.approx(sigma, rel=0.06)
    assert found.parameters["sigma"] == found.level


@scenes
def test_clean_images(scene):
    assert noise_kind(scene).kind == "none"
    assert noise_kind(as_bytes(scene)).kind == "none"


@scenes
@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_salt_and_pepper(scene, share):
    found = noise_kind(salted(scene.clip(0, 255), share))
    assert found.kind == "salt-and-pepper"
    assert found.parameters["density"] == pytest.approx(share, rel=0.2)


@pytest.mark.parametrize("value", [0, 255])
def test_salt_or_pepper_alone(value):
    u = salted(SCENES["waves"], 0.1)
    u[u == 255 - value] = 120
    found = noise_kind(u)
    assert found.kind == "salt-and-pepper"
    assert found.parameters["density"] == pytest.approx(0.05, rel=0.2)


def test_salt_and_pepper_on_top_of_grain():
    u = salted(noisy(SCENES["clouds"], 10, clipped=True), 0.1)
    assert noise_kind(u).kind == "salt-and-pepper"


@smooth
@pytest.mark.parametrize("density", [0.08, 0.4])
def test_random_impulses(scene, density):
    found = noise_kind(hit(scene, density))
    assert found.kind == "random-impulse"
    assert found.parameters["density"] == pytest.approx(density, rel=0.3)


@smooth
@pytest.mark.parametrize("peak", [3, 30])
def test_photon_counts(scene, peak):
    counts = rng().poisson(scene * (peak / 255))
    for u, gain in (
        (counts, 1),
        (counts / peak, 1 / peak),
        (as_bytes(counts * (255 / peak)), 255 / peak),
    ):
        found = noise_kind(u)
        assert found.kind == "poisson"
        assert found.parameters["gain"] == pytest.approx(gain, rel=0.1)


@smooth
def test_photon_counts_of_a_camera(scene):
    u = 12.0 * rng().poisson(scene / 12.0) + rng(1).normal(0, 30, scene.shape)
    found = noise_kind(u)
    assert found.kind == "poisson-gaussian"
    assert found.parameters["gain"] == pytest.approx(12, rel=0.25)
    assert found.parameters["sigma"] == pytest.approx(30, rel=0.15)


@smooth
@pytest.mark.parametrize("looks", [1, 16])
def test_speckle(scene, looks):
    found = noise_kind(scene.clip(5) * rng().gamma(looks, 1 / looks, scene.shape))
    assert found.kind == "speckle"
    assert found.parameters["looks"] == pytest.approx(looks, rel=0.2)


@smooth
@pytest.mark.parametrize("sigma", [15, 30])
def test_rician(scene, sigma):
    dark = np.clip(1.4 * (scene - scene.min() - 20), 0, None)
    u = np.hypot(dark + rng(1).normal(0, sigma, dark.shape), rng(2).normal(0, sigma, dark.shape))
    found = noise_kind(u)
    assert found.kind == "rician"
    assert found.parameters["sigma"] == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize("scene", [SCENES["clouds"], SCENES["waves"]])
@pytest.mark.parametrize("levels", [5, 30])
def test_quantisation(scene, levels):
    step = 255 / (levels - 1)
    coarse = np.rint(scene.clip(0, 255) / step) * step
    for u in (coarse, coarse / 255, as_bytes(coarse)):
        found = noise_kind(u)
        unit = 1 / 255 if u.max() <= 1 else 1
        assert found.kind == "quantised"
        assert found.parameters["step"] == pytest.approx(step * unit, rel=0.01)


@scenes
@pytest.mark.parametrize("quality", [10, 80])
def test_jpeg(scene, quality):
    u = jpeg(scene, quality)
    crop = [u[3:, 5:]] if quality < 80 else []  # blocks that hardly jump are not found again
    for v in (u, u.astype(float), *crop):
        found = noise_kind(v)
        assert found.kind == "jpeg"
        assert found.parameters["quality"] == pytest.approx(quality, abs=1)


def test_jpeg_in_colour():
    grey = SCENES["clouds"]
    scene = as_bytes(np.stack([grey, 0.8 * grey + 20, 0.6 * grey + 40], -1))
    assert noise_kind(jpeg(scene, 40), channel_axis=-1).parameters == {"quality": 40}


def test_saturated_regions_and_drawings_are_no_impulses():
    ink = np.where(ndimage.gaussian_filter(noisy(0 * ROW, 1), 2) > 0.05, 255.0, 0.0)
    grey = np.where(ink > 0, 128.0, 0.0)
    blurred = ndimage.gaussian_filter(ink, 0.7)
    saturated = noisy(4 * (SCENES["clouds"] - 100), 10, clipped=True)
    for u in (ink, grey, blurred, saturated, ink > 0):
        assert noise_kind(u).likely in ("none", "gaussian", "quantised")


def test_few_counts_and_labels_are_what_they_are():
    assert noise_kind(rng().poisson(0.05, (128, 128))).likely != "salt-and-pepper"
    assert noise_kind(np.indices((128, 128)).sum(axis=0) // 32).likely != "jpeg"


def test_a_black_background_with_clipped_noise_is_gaussian():
    cells = np.where(SCENES["discs"] > 100, 180.0, 0.0)
    assert noise_kind(noisy(cells, 12, clipped=True)).likely == "gaussian"


def test_volumes():
    z, y, x = np.indices((40, 44, 48))
    scene = 110 + 80 * np.sin(z / 8) * np.cos(y / 8) * np.sin(x / 8)
    assert noise_kind(noisy(scene, 20)).kind == "gaussian"
    assert noise_kind(rng().poisson(scene / 10)).kind == "poisson"
    assert noise_kind(salted(scene, 0.2)).kind == "salt-and-pepper"


def test_colour():
    scene = np.stack([SCENES["waves"], SCENES["clouds"], SCENES["discs"]], -1).clip(0, 255)
    for u, kind in (
        (noisy(scene, 20), "gaussian"),
        (salted(scene, 0.1), "salt-and-pepper"),
        (rng().poisson(scene / 20), "poisson"),
    ):
        found = noise_kind(u, channel_axis=-1)
        assert found.kind == kind
        assert found.sentence.startswith("In ")


def test_is_a_value_with_a_sentence():
    found = noise_kind(noisy(SCENES["waves"], 20))
    assert isinstance(found, NoiseKind)
    assert found == noise_kind(noisy(SCENES["waves"], 20))
    assert found.sentence.endswith(".")
    assert 0.5 < found.confidence <= 1
    assert json.loads(json.dumps(asdict(found)))["kind"] == "gaussian"
    with pytest.raises(FrozenInstanceError):
        found.kind = "none"
    assert noise_kind(np.zeros((20, 20))).kind == "none"


def test_says_so_where_it_is_not_sure():
    """At one brightness alone counts, magnitudes and grain of like skewness look the same."""
    narrow = 200 + 5 * np.sin(ROW / 9)
    magnitude = np.hypot(narrow + rng(1).normal(0, 20, ROW.shape), rng(2).normal(0, 20, ROW.shape))
    found = noise_kind(magnitude)
    assert found.likely in ("gaussian", "rician", "poisson-gaussian")
    assert found.sure or found.sentence.startswith("Not sure")
    texture = (
        120 + 6 * ndimage.gaussian_filter(noisy(0 * ROW, 1), 0.6) + 50 * ((ROW // 3 + COL // 3) % 2)
    )
    assert noise_kind(texture).kind in ("not sure", "none")


@pytest.mark.parametrize("factor", [1e-6, 100.0])
def test_does_not_depend_on_the_scale(factor):
    for u in (
        noisy(SCENES["waves"], 20),
        salted(SCENES["waves"], 0.1),
        SMOOTH["waves"] * rng().gamma(4, 0.25, ROW.shape),
    ):
        found, scaled = noise_kind(u), noise_kind(factor * u)
        assert scaled.kind == found.kind
        for name, value in found.parameters.items():
            unit = factor if name in ("sigma", "gain", "step") else 1
            assert scaled.parameters[name] == pytest.approx(unit * value, rel=1e-3)


@pytest.mark.skipif(not PHOTOGRAPHS, reason="the photographs are not beside the checkout")
def test_photographs():
    for path in PHOTOGRAPHS[::3]:
        photograph = np.asarray(Image.open(path))[:600, :600]
        assert noise_kind(photograph).likely in ("none", "gaussian")
        found = noise_kind(noisy(photograph, 25, clipped=True))
        assert found.kind == "gaussian" or not found.sure  # one is black and clipped all over


def test_law_of_rice_agrees_with_scipys():
    mean, variance, skewness = _rice()
    for i, signal in ((0, 0.0), (20, 1.0), (60, 3.0)):
        expected = stats.rice(signal).stats("mvs")
        np.testing.assert_allclose(
            [mean[i], variance[i], skewness[i]], expected, rtol=1e-6, atol=1e-9
        )


def test_moments_of_flat_places():
    """Gamma noise of L looks has the variance m^2 / L and the skewness 2 / L^(1/2)."""
    ramp = np.linspace(50, 250, 512) * np.ones((512, 1))
    law = brightness_law(measure_patches(ramp * rng().gamma(9, 1 / 9, ramp.shape)))
    np.testing.assert_allclose(law.variance, law.brightness**2 / 9, rtol=0.15)
    # The flattest patches are less skew than most.
    assert 0.6 * 2 / 3 < np.median(law.skewness) < 2 / 3


def test_parts_find_nothing_where_there_is_nothing():
    u = noisy(SCENES["waves"], 10, clipped=True)
    assert jpeg_quality(u) == (0, 0.0)
    assert quantisation_step(u) == (0.0, 0.0)
    assert random_impulse_share(u) == 0.0
