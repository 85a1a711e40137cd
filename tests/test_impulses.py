"""Impulses: only the pixels that are lost change, and they come back better than by any median."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import median_filter
from skimage import data
from skimage.restoration import inpaint_biharmonic

from divgrad import Heat, Implicit, Masked, Steps, evolve, remove_impulses
from divgrad.errors import ImageError
from divgrad.estimate.impulse_pixels import extreme_pixels, unlike_neighbours
from divgrad.grid import Grid
from divgrad.kernels.pyramid import from_coarser
from divgrad.tasks.filling import fill
from test_denoise import psnr, rms, scene


def salted(clean, density, seed=0):
    rng = np.random.default_rng(seed)
    hit = rng.random(clean.shape) < density
    return np.where(hit, rng.choice([0.0, 255.0], clean.shape), clean), hit


@pytest.fixture(scope="module")
def camera():
    return data.camera()[100:292, 150:342].astype(float)


@pytest.mark.parametrize(("density", "gain"), [(0.3, 0.8), (0.5, 0.5), (0.9, 0.0)])
def test_beats_biharmonic_filling(camera, density, gain):
    image, hit = salted(camera, density)
    biharmonic = 255 * inpaint_biharmonic(image / 255, hit)
    assert psnr(remove_impulses(image, hit), camera) > psnr(biharmonic, camera) + gain


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_good_pixels_stay_to_the_bit(camera, dtype):
    image = salted(camera, 0.4)[0].astype(dtype)
    found = remove_impulses(image, dtype="same", report=True)
    np.testing.assert_array_equal(found.image[~found.mask], image[~found.mask])
    assert found.image.dtype == dtype
    good = image[~found.mask]
    assert good.min() <= found.image.min()
    assert found.image.max() <= good.max()
    assert not (found.image[found.mask] == image[found.mask]).all()


@pytest.mark.parametrize("density", [0.1, 0.4])
def test_random_values(camera, density):
    rng = np.random.default_rng(3)
    hit = rng.random(camera.shape) < density
    image = np.where(hit, rng.integers(0, 256, camera.shape), camera)
    best = max(psnr(median_filter(image, size), camera) for size in (3, 5))
    found = remove_impulses(image, report=True)
    assert psnr(found.image, camera) > best + 1.0
    assert (found.mask & ~hit).mean() < 0.05


def test_harmonic_where_nothing_else_is_told():
    """A plane is filled exactly by every step that there is, but for the last, which is learned."""
    plane = np.add.outer(2.0 * np.arange(40), np.arange(50.0))
    lost = np.random.default_rng(0).random(plane.shape) < 0.5
    image = np.where(lost, 0.0, plane)
    assert rms(fill(image[None], lost[None], Grid((1.0, 1.0)), None)[0] - plane) < 0.7


def test_volumes_signals_and_colour():
    clean = scene((24, 40, 48))
    image, hit = salted(clean, 0.5)
    assert rms(remove_impulses(image, hit) - clean) < 8.0
    ramp = np.linspace(20, 220, 300)
    image, hit = salted(ramp, 0.5)
    assert rms(remove_impulses(image, hit) - ramp) < 2.0
    grey = scene()
    colour = np.stack([grey, 255 - grey, 0.5 * grey + 60], -1).clip(1, 254)
    image, hit = salted(colour, 0.3)
    found = remove_impulses(image, channel_axis=-1, report=True)
    assert found.mask.shape == colour.shape
    np.testing.assert_array_equal(found.mask, hit)
    assert rms(found.image - colour) < 4.0
    first = remove_impulses(np.moveaxis(image, -1, 0), channel_axis=0)
    np.testing.assert_array_equal(np.moveaxis(first, 0, -1), found.image)


def test_solid_black_and_white_are_no_impulses():
    clean = scene((128, 128)).clip(1, 254)
    clean[20:60, 20:60] = 0.0
    clean[:, 0] = 255.0
    image, hit = salted(clean, 0.2)
    mask = extreme_pixels(image, 0.2)
    inside = np.zeros_like(hit)
    inside[24:56, 24:56] = True
    far = np.ones_like(hit)
    far[10:70, 10:70] = False
    far[:, 0] = False
    # Within black, pepper is neither seen nor harmful.
    assert mask[inside & (image == 0)].mean() < 0.05
    assert mask[far & hit].mean() > 0.999
    assert mask[:, 0][image[:, 0] == 255].mean() < 0.1


def test_nothing_to_do():
    clean = scene().round()
    found = remove_impulses(clean, report=True)
    np.testing.assert_array_equal(found.image, clean)
    assert not found.mask.any()
    with pytest.raises(ImageError, match="every pixel is lost"):
        remove_impulses(clean, np.ones(clean.shape, bool))
    with pytest.raises(ImageError, match="shape"):
        remove_impulses(clean, np.ones((3, 3)))


def test_rank_ordered_difference_agrees_with_a_loop():
    u = np.random.default_rng(0).normal(size=(70, 9))
    wide = np.pad(u.astype(np.float32), 1, mode="symmetric")
    found = unlike_neighbours(u)
    for i, j in ((0, 0), (5, 3), (63, 8), (64, 0), (69, 8)):
        around = np.delete(wide[i : i + 3, j : j + 3].ravel(), 4)
        expected = np.sort(np.abs(around - np.float32(u[i, j])))[:4].mean()
        assert found[i, j] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("side", "gain"), [(4, 0.8), (12, 0.2)])
def test_wider_holes_are_filled_too(camera, side, gain):
    squares = np.random.default_rng(0).random((192 // side, 192 // side)) < 0.3
    lost = np.kron(squares, np.ones((side, side))) > 0
    holed = np.where(lost, 0.0, camera)
    harmonic = evolve(
        holed, Masked(Heat(), lost), scheme=Implicit(tau=1e5, tolerance=1e-4), until=Steps(1)
    ).u
    assert psnr(remove_impulses(holed, lost), camera) > psnr(harmonic, camera) + gain


def test_a_learned_model_may_polish(camera):
    image, hit = salted(camera, 0.3)
    flow = remove_impulses(image, hit, report=True)
    polished = remove_impulses(image, hit, model="fast", report=True)
    assert psnr(polished.image, camera) > psnr(flow.image, camera) + 0.1
    np.testing.assert_array_equal(polished.image[~hit], image[~hit])
    assert "learned" not in flow.report[-1]
    assert "learned" in polished.report[-1]


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 1.6)])
def test_coarser_grids_know_means_and_let_the_known_be(spacing):
    rng = np.random.default_rng(0)
    known = (rng.random((1, 21, 34)) < 0.05).astype(float)
    image = rng.uniform(10, 20, known.shape)
    filled = from_coarser(np.where(known > 0, image, 1e6), known, Grid(spacing))
    np.testing.assert_array_equal(filled[known > 0], image[known > 0])
    assert image[known > 0].min() - 1.0 < filled.min()
    assert filled.max() < image[known > 0].max() + 1.0
    flat = from_coarser(np.where(known > 0, 7.0, -3.0), known, Grid(spacing))
    assert np.abs(flat - 7.0).max() < 1e-9
