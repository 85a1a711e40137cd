"""Denoising: better than the best total variation, without a parameter, and with every promise kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage import data
from skimage.restoration import denoise_tv_chambolle

import divgrad
from divgrad import Time
from divgrad.errors import ImageError, ParameterError
from divgrad.grid import Grid
from divgrad.tasks.denoise import PARAMETERS, Denoised, denoise
from divgrad.tasks.least_error import least_error, weights

SET12 = Path(__file__).parents[2] / "shared" / "data" / "set12"
SIGMA = 20.0


def scene(shape=(96, 96)):
    """Return discs, a bar and a ramp; float64, about 0 to 255."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    radius = np.sqrt(sum((axis - 0.2) ** 2 for axis in axes))
    image = 60 + 40 * axes[-1] + 90 * (radius < 0.5) + 50 * (radius < 0.25)
    return image - 40 * (np.abs(axes[0] + 0.75) < 0.1)


def noisy(clean, sigma=SIGMA, seed=0):
    noise = np.random.default_rng(seed).normal(0, sigma, clean.shape)
    return (clean + noise).astype(np.float32)


def rms(a):
    return float(np.sqrt(np.mean(np.square(a, dtype=float))))


def psnr(a, b):
    return 20 * np.log10(255 / rms(np.asarray(a, float) - b))


@pytest.fixture(scope="module")
def camera():
    return data.camera()[100:356, 100:356].astype(float)


@pytest.mark.parametrize("sigma", [10, 25, 50])
@pytest.mark.parametrize(("model", "gain"), [(None, 0.1), ("best", 1.0)])
def test_beats_total_variation_with_the_best_weight(camera, sigma, model, gain):
    image = noisy(camera, sigma)
    best = max(
        psnr(denoise_tv_chambolle(image, weight=w * sigma), camera) for w in np.geomspace(0.3, 2, 9)
    )
    known = psnr(denoise(image, sigma, model=model), camera)
    found = psnr(denoise(image, model=model), camera)
    assert known > best + gain
    assert found > known - 0.15


@pytest.mark.skipif(not SET12.exists(), reason="the validation images are not here")
@pytest.mark.parametrize("sigma", [15, 50])
def test_beats_total_variation_on_validation_images(sigma):
    from PIL import Image

    gains = []
    for name in ("02", "05", "07"):
        clean = np.asarray(Image.open(SET12 / f"{name}.png"), float)
        image = noisy(clean, sigma)
        best = max(
            psnr(denoise_tv_chambolle(image, weight=w * sigma), clean)
            for w in np.geomspace(0.3, 1.5, 8)
        )
        gains.append(psnr(denoise(image), clean) - best)
    assert np.mean(gains) > 0


def test_clipped_bytes_lose_little(camera):
    image = noisy(camera, 25)
    clipped = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    result = denoise(clipped, dtype="same")
    assert result.dtype == np.uint8
    assert psnr(result, camera) > psnr(denoise(image), camera) - 0.8


@pytest.mark.parametrize("factor", [1 / 255, 1 / 4, 257.0])
def test_scale_of_grey_values_does_not_matter(factor):
    image = noisy(scene())
    difference = denoise(factor * image) / factor - denoise(image)
    assert rms(difference) < 1e-3


def test_offset_of_grey_values_does_not_matter():
    image = noisy(scene())
    assert rms(denoise(image + 1000.0) - 1000.0 - denoise(image)) < 1e-3


@pytest.mark.parametrize(
    "dtype", ["uint8", "int16", "uint16", "int32", "float16", "float32", "float64"]
)
def test_any_dtype(dtype):
    image = np.clip(noisy(scene()), 0, 255).astype(dtype)
    wide = np.dtype(dtype).itemsize > (2 if np.dtype(dtype).kind in "ui" else 4)
    assert denoise(image).dtype == (np.float64 if wide else np.float32)
    assert denoise(image, dtype="same").dtype == dtype
    assert denoise(image, dtype="float32").dtype == np.float32


def test_input_is_untouched_and_results_repeat():
    image = noisy(scene())
    image.flags.writeable = False
    before = image.copy()
    first, second = denoise(image), denoise(image)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("model", ["best", None])
def test_range_and_mean_are_kept(dtype, model):
    image = noisy(scene()).astype(dtype)
    result = denoise(image, model=model)
    assert result.min() >= image.min()
    assert result.max() <= image.max()
    assert abs(result.mean(dtype=float) - image.mean(dtype=float)) < 1e-3


def test_colour_shares_its_edges():
    grey = scene()
    clean = np.stack([grey, 255 - grey, 0.5 * grey + 60], axis=-1)
    image = noisy(clean)
    last = denoise(image, model=None, channel_axis=-1)
    first = denoise(np.moveaxis(image, -1, 0), model=None, channel_axis=0)
    assert last.shape == image.shape
    np.testing.assert_array_equal(np.moveaxis(first, 0, -1), last)
    alone = np.stack([denoise(image[..., c], model=None) for c in range(3)], axis=-1)
    assert rms(last - clean) < rms(alone - clean)


def test_volumes():
    clean = scene((16, 36, 40))
    image = noisy(clean)
    best = min(
        rms(denoise_tv_chambolle(image, weight=w * SIGMA) - clean) for w in np.geomspace(0.3, 2, 6)
    )
    for result in (denoise(image), denoise(image, SIGMA)):
        assert result.shape == image.shape
        assert rms(result - clean) < 0.9 * best


def test_volumes_with_thick_slices():
    clean = scene((12, 64, 64))
    image = noisy(clean)
    thick = denoise(image, SIGMA, spacing=(4.0, 1.0, 1.0))
    assert rms(thick - clean) < 0.35 * SIGMA
    part, spacing = image[:8, :24, :24], (4.0, 1.0, 1.0)
    np.testing.assert_array_equal(
        denoise(part, SIGMA, spacing=spacing), divgrad.denoise_volume(part, SIGMA, spacing=spacing)
    )
    flows = denoise(image, SIGMA, spacing=(4.0, 1.0, 1.0), model=None, report=True)
    assert flows.flows
    assert rms(thick - clean) < rms(flows.image - clean)
    thin = denoise(image[:, :3, :4], SIGMA)  # neither planes nor structures are seen in so little
    assert rms(thin - clean[:, :3, :4]) < SIGMA


def test_unit_of_length_does_not_matter():
    image = noisy(scene())
    np.testing.assert_array_equal(denoise(image, spacing=0.5), denoise(image))
    assert rms(denoise(image, spacing=(0.1, 0.3)) - denoise(image, spacing=(1.0, 3.0))) < 1e-3


def test_signals():
    clean = np.repeat([20.0, 120.0, 70.0], 200)
    result = denoise(noisy(clean), SIGMA)
    assert rms(result - clean) < 0.5 * SIGMA


def test_large_images_are_weighed_by_a_sample(camera):
    tiled = np.tile(camera, (2, 3))
    image = noisy(tiled, 25)
    whole = psnr(np.hstack([denoise(part, 25) for part in np.hsplit(image, 3)]), tiled)
    assert psnr(denoise(image, 25), tiled) > whole - 0.1


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (3, 5), (1, 1, 1), (2, 2, 2), (5,)])
def test_tiny_images(shape):
    image = np.random.default_rng(0).normal(100, 5, shape).astype(np.float32)
    for sigma in (None, 5.0):
        result = denoise(image, sigma)
        assert result.shape == shape
        assert image.min() <= result.min() <= result.max() <= image.max()


def test_constant_and_clean_images_stay():
    constant = np.full((32, 32), 7, np.uint8)
    np.testing.assert_array_equal(denoise(constant), constant)
    np.testing.assert_array_equal(denoise(constant, sigma=3.0), constant)
    clean = scene().round()
    assert rms(denoise(clean) - clean) < 0.5
    np.testing.assert_array_equal(denoise(noisy(clean), sigma=0), noisy(clean))
    assert denoise(constant).base is not constant


def test_too_large_a_sigma_smooths_more():
    image = noisy(scene())
    assert denoise(image, 2 * SIGMA).std() < denoise(image, 0.5 * SIGMA).std()


def test_contrast_and_until_override():
    image = noisy(scene())
    soft = denoise(image, contrast=100.0, until=Time(4.0), report=True)
    hard = denoise(image, contrast=5.0, until=Time(4.0), report=True)
    assert soft.image.std() < hard.image.std()
    assert soft.flows[0].equation.contrast == 100.0
    assert "the time 4 was reached" in soft.report[1]
    assert soft.weights == (0.0, 0.5, 0.5)


def test_takes_the_method_for_the_kind_and_says_so():
    clean = scene((160, 160)).clip(5, 250)
    rng = np.random.default_rng(4)
    lost = rng.random(clean.shape) < 0.3
    cases = {
        "gaussian": (noisy(clean), "learned diffusion (best)"),
        "poisson": (10.0 * rng.poisson(clean / 10.0), "Anscombe"),
        "speckle": (clean * rng.gamma(4.0, 0.25, clean.shape), "Logarithm"),
        "salt-and-pepper": (np.where(lost, rng.choice([0, 255], clean.shape), clean), "filled"),
        "random-impulse": (np.where(lost, rng.uniform(0, 255, clean.shape), clean), "filled"),
        "quantised": ((clean / 20).round() * 20, "interval"),
        "none": (clean, "Nothing was changed."),
    }
    for kind, (image, method) in cases.items():
        result = denoise(image, report=True)
        assert result.noise.kind == kind
        assert result.report[0] == result.noise.sentence
        assert any(method in sentence for sentence in result.report), result.report
        error = rms(result.image - clean)
        assert error < 0.6 * rms(image - clean) or kind in ("none", "quantised")


def test_what_was_rounded_stays_within_its_rounding():
    clean = scene((128, 128)) + 10 * np.sin(np.arange(128) / 7)
    coarse = (clean / 24).round() * 24
    result = denoise(coarse)
    assert np.abs(result - coarse).max() <= 12.001
    assert rms(result - clean) < rms(coarse - clean)


def test_clean_bytes_come_out_the_same(camera):
    image = camera.astype(np.uint8)
    result = denoise(image, dtype="same", report=True)
    np.testing.assert_array_equal(result.image, image)
    assert result.report[-1] == "Nothing was changed."


def test_any_flow_instead():
    image = noisy(scene())
    result = denoise(image, using=divgrad.EdgeEnhancing(20.0), report=True)
    assert "EdgeEnhancing was taken" in result.report[1]
    assert rms(result.image - image) == pytest.approx(SIGMA, rel=0.15)
    until = divgrad.evolve(image, divgrad.Heat(), until=Time(1.0)).u
    np.testing.assert_array_equal(denoise(image, using=divgrad.Heat(), until=Time(1.0)), until)


def test_report():
    result = denoise(noisy(scene()), model=None, report=True)
    assert isinstance(result, Denoised)
    assert abs(result.sigma - SIGMA) < 1.5
    assert sum(result.weights) == pytest.approx(1.0)
    assert min(result.weights) >= 0.0
    assert len(result.weights) == 1 + sum(len(flow.steps) for flow in result.flows)
    assert len(result.report) >= 3
    for sentence in result.report:
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    np.testing.assert_array_equal(result.image, denoise(noisy(scene()), model=None))


def test_expected_error_is_near_the_true_one():
    clean = scene((160, 160))
    result = denoise(noisy(clean), SIGMA, model=None, report=True)
    said = float(
        next(s for s in result.report if "expected error" in s)
        .split("expected error ")[-1]
        .split(",")[0]
    )
    assert said == pytest.approx(rms(result.image - clean), rel=0.25)


def test_error_is_not_told_where_values_are_clipped():
    result = denoise(np.clip(noisy(scene()), 40, 180), SIGMA, model=None, report=True)
    assert any("clipped" in sentence for sentence in result.report)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma": -1.0}, "sigma must be"),
        ({"sigma": float("nan")}, "sigma must be"),
        ({"contrast": 0.0}, "contrast must be"),
        ({"until": 5}, "until must be"),
        ({"using": 5}, "using must be"),
        ({"model": "worst"}, "there is no model 'worst'"),
        ({"channel_axis": 4}, "channel_axis"),
        ({"spacing": (1, 2, 3)}, "spacing"),
    ],
)
def test_wrong_parameters_are_named(options, message):
    with pytest.raises(ParameterError, match=message):
        denoise(noisy(scene()), **options)


@pytest.mark.parametrize(
    "image", [np.zeros((0, 4)), np.ones((4, 4), complex), np.full((4, 4), np.nan)]
)
def test_images_that_cannot_be_treated(image):
    with pytest.raises(ImageError):
        denoise(image)


def test_every_parameter_is_documented():
    for name, fact in PARAMETERS.items():
        assert f"{name} : " in denoise.__doc__
        assert fact.sentence in denoise.__doc__
    assert divgrad.denoise is denoise


def test_weights_of_one_pure_noise_version():
    rng = np.random.default_rng(0)
    u = rng.normal(0, 3.0, (1, 64, 64)).astype(np.float32)
    parts, error = weights(u, lambda v: [np.zeros_like(v), v.copy()], 3.0, Grid((1.0, 1.0)))
    assert parts[1] > 0.95
    assert error < 0.7


def test_least_error_agrees_with_a_search():
    rng = np.random.default_rng(3)
    for _ in range(20):
        root = rng.normal(size=(2, 3))
        products, divergence = root @ root.T, rng.uniform(-1, 0, 2)
        found, error = least_error(products, divergence, 1.3)
        a, b = np.meshgrid(*[np.linspace(0, 1, 101)] * 2, indexing="ij")
        w = np.stack([a, b])[:, a + b <= 1]
        value = np.einsum("in,ij,jn->n", w, products, w) + 2 * 1.69 * divergence @ w + 1.69
        assert found.min() >= 0
        assert found.sum() == pytest.approx(1)
        assert error**2 <= max(value.min(), 0.0) + 1e-9
        assert error**2 >= value.min() - 0.01


@pytest.mark.parametrize(
    ("shape", "axis"), [((700, 90), None), ((500, 60, 3), -1), ((120, 20, 18), None)]
)
def test_large_images_go_slab_by_slab_to_the_same_bits(monkeypatch, shape, axis):
    ramp = np.linspace(0, 200, shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    image = (ramp + np.random.default_rng(0).normal(0, 14, shape)).astype(np.float32)
    whole = divgrad.denoise(image, sigma=14, model=None, channel_axis=axis)
    monkeypatch.setattr("divgrad.tasks.two_flows.SMALL", 1000)
    slabs = divgrad.denoise(image, sigma=14, model=None, channel_axis=axis)
    np.testing.assert_array_equal(slabs, whole)
