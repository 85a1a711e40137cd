"""Transforms of noise and their inverses: against sums over the laws of noise; the tasks around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, special, stats

import divgrad
from divgrad.errors import ImageError, ParameterError
from divgrad.grid import Grid
from divgrad.tasks import volume_mixture
from divgrad.tasks.stabilised import denoise_stabilised
from divgrad.tasks.volume_mixture import plane_axis, tensor_slabs
from divgrad.transforms import TRANSFORMS, Anscombe, Logarithm, Rician, Stabiliser

# --- The mean after the transform, by sums and quadratures of our own, leads back to the clean value ------


def counts_moments(transform: Anscombe, x: float) -> tuple[float, float]:
    """Mean and standard deviation of the transformed mixture of a clean value, Poisson counts by Gauss."""
    photons = (x - transform.offset) / transform.gain
    k = np.arange(int(photons + 12 * np.sqrt(photons) + 30))
    # Dense sums, not Gauss-Hermite: the transform has a kink.
    n, weight = np.linspace(-9, 9, 2001), 1.0
    if transform.sigma == 0:
        n = np.zeros(1)
    else:
        weight = stats.norm.pdf(n) / stats.norm.pdf(n).sum()
    y = transform.offset + transform.gain * k[:, None] + transform.sigma * n
    z = transform.forward((1 - transform.share) * x + transform.share * y)
    chance = stats.poisson.pmf(k, photons)[:, None] * weight
    mean = float((chance * z).sum())
    return mean, float(np.sqrt((chance * (z - mean) ** 2).sum()))


@pytest.mark.parametrize("share", [1.0, 0.7, 0.25])
@pytest.mark.parametrize("sigma", [0.0, 0.5, 3.0, 40.0])
def test_counts_come_back_whatever_the_light(sigma: float, share: float) -> None:
    transform = Anscombe(gain=2.0, offset=10.0, sigma=2.0 * sigma, share=share)
    for photons in (0.05, 0.7, 3.0, 20.0, 119.0, 121.0, 700.0):
        mean, _ = counts_moments(transform, 10.0 + 2.0 * photons)
        found = (float(transform.inverse(np.array([mean]))[0]) - 10.0) / 2.0
        noise = np.sqrt(photons + sigma**2) * share
        assert abs(found - photons) < 0.004 * photons + 0.002 * noise, photons


@pytest.mark.parametrize("sigma", [0.0, 1.0, 5.0])
def test_counts_have_the_noise_that_is_said(sigma: float) -> None:
    for photons in (4.0, 30.0, 400.0):
        assert counts_moments(Anscombe(sigma=sigma), photons)[1] == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("looks", [1.0, 4.0, 10.0])
def test_the_bias_of_logarithms_is_taken_back(looks: float, share: float) -> None:
    transform = Logarithm(looks, share=share)

    def moment(power: int, about: float) -> float:
        def part(q: float) -> float:
            value = np.log(1 - share + share * q) - about
            return float(value**power * stats.gamma.pdf(q, looks, scale=1 / looks))

        return float(integrate.quad(part, 0, 1)[0] + integrate.quad(part, 1, 40)[0])

    mean = moment(1, 0.0)
    assert float(transform.inverse(np.array([np.log(50.0) + mean]))[0]) == pytest.approx(
        50.0, rel=1e-3
    )
    assert transform.deviation == pytest.approx(np.sqrt(moment(2, mean)), rel=3e-3)


def test_magnitudes_come_back_and_air_is_dark() -> None:
    transform = Rician(10.0)
    for x in (0.0, 5.0, 12.0, 40.0, 139.0, 141.0, 215.0, 400.0):
        y = np.linspace(max(0.0, x - 90.0), x + 90.0, 6001)
        a = y * x / 100.0
        chance = y * np.exp(-0.5 * ((y - x) / 10.0) ** 2) * special.ive(0, a)
        chance /= chance.sum()
        z = transform.forward(y)
        mean = float(chance @ z)
        assert float(transform.inverse(np.array([mean]))[0]) == pytest.approx(
            x, abs=0.3 if x < 5 else 0.05
        )
        assert np.sqrt(chance @ (z - mean) ** 2) == pytest.approx(1.0, abs=0.045)


@pytest.mark.parametrize(
    "transform", [Anscombe(2.0, 5.0, 3.0), Logarithm(3.0), Rician(4.0)], ids=str
)
def test_inverses_rise_and_keep_the_type(transform: Stabiliser) -> None:
    for kind in (np.float32, np.float64):
        z = transform.forward(np.linspace(5.0, 900.0, 4000).astype(kind))
        x = transform.inverse(z)
        assert z.dtype == x.dtype == kind
        assert np.diff(z).min() > 0
        assert np.diff(x).min() >= 0
        assert transform.inverse(z.reshape(2, 40, 50)).shape == (2, 40, 50)


def test_mixtures_and_means_that_have_no_law_are_refused() -> None:
    assert set(TRANSFORMS) == {"poisson", "speckle", "rician"}
    with pytest.raises(ParameterError, match="Rician"):
        Rician(3.0).averaged(4)
    with pytest.raises(ParameterError, match="Rician"):
        Rician(3.0).mixed(0.5)


# --- The way from coarse to fine -------------------------------------------------------------------------


def no_change(z: Any, sigma: float, grid: Grid) -> Any:
    return z


def flattened(z: Any, sigma: float, grid: Grid) -> Any:
    return np.full_like(z, z.mean(dtype=np.float64))


@pytest.mark.parametrize("shape", [(64, 49), (80,), (12, 33, 20)])
@pytest.mark.parametrize("noise", ["photons 0.3", "photons 5", "one look", "magnitudes"])
def test_even_images_keep_their_mean_on_every_grid(noise: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    clean = np.full((4, *shape), 30.0)
    transform: Stabiliser
    if noise == "one look":
        y, transform = clean * rng.gamma(1.0, 1.0, clean.shape), Logarithm(1.0)
    elif noise == "magnitudes":
        n = rng.normal(0, 20.0, (2, *clean.shape))
        y, transform = np.hypot(clean + n[0], n[1]), Rician(20.0)
    else:
        gain = 30.0 / float(noise.split()[1])
        y, transform = gain * rng.poisson(clean / gain), Anscombe(gain)
    halve = noise != "magnitudes"
    grid = Grid((1.0,) * len(shape))
    found = denoise_stabilised(y, grid, transform, flattened, halve=halve)
    error = 4 * 30.0 / np.sqrt(clean.size * (0.3 if noise == "photons 0.3" else 1.0))
    assert abs(found.mean() - 30.0) < error
    assert np.ptp(found) < 0.2 * 30.0


def test_nothing_is_lost_where_nothing_is_denoised() -> None:
    image = np.random.default_rng(0).uniform(20.0, 200.0, (1, 32, 32))
    found = denoise_stabilised(image, Grid((1.0, 1.0)), Logarithm(1e6), no_change, halve=False)
    np.testing.assert_allclose(found, image, rtol=1e-6)


# --- The tasks -------------------------------------------------------------------------------------------


def scene(n: int = 64) -> Any:
    y, x = np.indices((n, n)) / n
    return 20.0 + 60.0 * (x > 0.5) + 40.0 * (np.hypot(x - 0.4, y - 0.5) < 0.25)


TASKS = {
    "poisson": (
        lambda u, **k: divgrad.denoise_poisson(u, 5.0, **k),
        lambda c, r: 5.0 * r.poisson(c / 5.0),
    ),
    "camera": (
        lambda u, **k: divgrad.denoise_poisson(u, 5.0, offset=7.0, sigma=8.0, **k),
        lambda c, r: (
            7.0 + 5.0 * r.poisson(np.maximum(c - 7.0, 0) / 5.0) + r.normal(0, 8.0, c.shape)
        ),
    ),
    "speckle": (
        lambda u, **k: divgrad.denoise_speckle(u, 4.0, **k),
        lambda c, r: c * r.gamma(4.0, 0.25, c.shape),
    ),
    "rician": (
        lambda u, **k: divgrad.denoise_rician(u, 15.0, **k),
        lambda c, r: np.hypot(c + r.normal(0, 15.0, c.shape), r.normal(0, 15.0, c.shape)),
    ),
}


@pytest.mark.parametrize("name", TASKS)
def test_tasks_remove_most_of_the_noise_and_keep_the_brightness(name: str) -> None:
    task, make = TASKS[name]
    clean = scene()
    noisy = make(clean, np.random.default_rng(2)).astype(np.float32)
    found = task(noisy, model="fast", report=True)
    assert found.image.dtype == np.float32
    assert np.mean((found.image - clean) ** 2) < 0.3 * np.mean((noisy - clean) ** 2)
    assert found.image.mean() == pytest.approx(clean.mean(), rel=0.02)
    assert all(sentence.endswith(".") for sentence in found.report)
    coloured = task(np.stack([noisy, noisy[::-1]], axis=-1), model="fast", channel_axis=-1)
    assert coloured.shape == (64, 64, 2)


@pytest.mark.parametrize("name", ["poisson", "speckle", "rician"])
def test_negative_values_are_refused(name: str) -> None:
    with pytest.raises(ImageError, match="-1"):
        TASKS[name][0](np.array([[3.0, -1.0], [2.0, 2.0]]))


def test_camera_noise_may_go_below_the_offset() -> None:
    noisy = np.random.default_rng(0).normal(0.0, 5.0, (32, 32))
    assert abs(divgrad.denoise_poisson(noisy, sigma=5.0, model="fast").mean()) < 1.0


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 40), (5,)])
@pytest.mark.parametrize("name", TASKS)
def test_tiny_and_dark_images_pass(name: str, shape: tuple[int, ...]) -> None:
    for image in (np.zeros(shape), np.full(shape, 40, np.uint8)):
        found = TASKS[name][0](image, model="fast", dtype="same")
        assert found.shape == shape
        assert found.dtype == image.dtype
        assert np.isfinite(found).all()


# --- Volumes ---------------------------------------------------------------------------------------------


def test_planes_are_those_of_square_pixels() -> None:
    assert [plane_axis(Grid(h)) for h in ((1.0, 1.0, 1.0), (1.0, 1.0, 4.0), (1.0, 2.0, 3.0))] == [
        0,
        2,
        None,
    ]


@pytest.mark.parametrize("spacing", [(2.0, 1.0, 1.0), (1.0, 2.0, 3.0)])
def test_volumes_are_better_than_their_planes(spacing: tuple[float, ...]) -> None:
    clean = np.broadcast_to(scene(40), (10, 40, 40)).astype(np.float32)
    noisy = clean + np.random.default_rng(1).normal(0, 20.0, clean.shape).astype(np.float32)
    found = divgrad.denoise_volume(noisy, 20.0, spacing=spacing, report=True)
    planes = np.array([divgrad.denoise(plane, 20.0) for plane in noisy])
    assert np.mean((found.image - clean) ** 2) < 0.8 * np.mean((planes - clean) ** 2)
    assert noisy.min() <= found.image.min() <= found.image.max() <= noisy.max()
    assert "Mixed" in found.report[1]
    with pytest.raises(ImageError, match="volumes"):
        divgrad.denoise_volume(noisy[0])
    magnitudes = divgrad.denoise_rician(np.abs(noisy), 20.0, spacing=spacing)
    assert magnitudes.shape == clean.shape


def test_large_volumes_go_slab_by_slab(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = np.broadcast_to(scene(24), (40, 24, 24))
    noisy = (clean + np.random.default_rng(1).normal(0, 20.0, clean.shape)).astype(np.float32)[None]

    def frames() -> list[Any]:
        out = [np.full_like(noisy, np.nan) for _ in range(volume_mixture.CYCLES)]
        for cycle, where, slab in tensor_slabs(noisy, 20.0, Grid((2.0, 1.0, 1.0))):
            out[cycle][where] = slab
        return out

    whole = frames()
    monkeypatch.setattr(volume_mixture, "LARGE", 1)
    for a, b in zip(frames(), whole, strict=True):
        assert np.abs(a - b).max() < 0.05
