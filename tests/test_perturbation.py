"""Seeded noise: the same bits for the same seed, and the statistics that it promises."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from divgrad import (
    AOS,
    FSI,
    Explicit,
    Heat,
    PeronaMalik,
    Perturbation,
    Steps,
    Tiling,
    Time,
    evolve,
    march,
)
from divgrad.errors import ParameterError

STILL = Heat(1e-12)  # as good as no flow: what is left is the noise alone
SHAPE = (200, 220)  # 44,000 pixels: means to 1/210, standard deviations to 1/300 of sigma


def flat(dtype="float32"):
    return np.full(SHAPE, 50.0, dtype)


def run(perturbation, *, equation=STILL, image=None, until=None, **options):
    image = flat() if image is None else image
    until = Steps(1) if until is None else until
    options = {"scheme": Explicit(tau=0.1)} | options
    return evolve(image, equation, until=until, perturbation=perturbation, **options).u


# --- the same bits ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "perturbation",
    [
        Perturbation(initial=3.0, seed=7),
        Perturbation(rate=3.0, seed=7),
        Perturbation(initial=1.0, rate=lambda t: 1.0 + t, seed=7),
    ],
    ids=str,
)
@pytest.mark.parametrize("scheme", [Explicit(tau=0.2), FSI(tau=1.0), AOS(tau=1.0)], ids=str)
def test_the_seed_decides_and_threads_do_not(perturbation, scheme):
    options = {"equation": PeronaMalik(5.0), "scheme": scheme, "until": Steps(5)}
    wanted = run(perturbation, **options)
    for threads in (1, 2, 8):
        tiling = Tiling(block=(7, 1, 50), threads=threads)
        np.testing.assert_array_equal(run(perturbation, tiling=tiling, **options), wanted)
    (*_, last) = march(
        flat(), PeronaMalik(5.0), scheme=scheme, until=Steps(5), perturbation=perturbation
    )
    np.testing.assert_array_equal(last.u, wanted)
    other = Perturbation(perturbation.initial, perturbation.rate, seed=8)
    assert (run(other, **options) != wanted).mean() > 0.99


def test_the_stream_is_the_one_of_the_first_release():
    """Results that were published with a seed stay what they are."""
    perturbation = Perturbation(initial=1.0, seed=0)
    noise = next(march(np.zeros(4), STILL, until=Steps(1), perturbation=perturbation)).u
    generator = np.random.Generator(np.random.Philox(key=[0, 0]))
    np.testing.assert_array_equal(noise, generator.standard_normal(4))


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**62 + 1, 2**63])
def test_any_seed(seed):
    first = run(Perturbation(initial=1.0, rate=1.0, seed=seed), until=Steps(2))
    second = run(Perturbation(initial=1.0, rate=1.0, seed=np.uint64(seed)), until=Steps(2))
    np.testing.assert_array_equal(first, second)


def test_none_and_nothing():
    image = np.random.default_rng(0).normal(100.0, 5.0, (9, 10))
    wanted = run(None, image=image, equation=Heat(), until=Steps(3))
    for nothing in (Perturbation(), Perturbation(seed=9), Perturbation(0, 0)):
        got = run(nothing, image=image, equation=Heat(), until=Steps(3))
        np.testing.assert_array_equal(got, wanted)


def test_the_image_given_is_not_written_to():
    image = flat()
    run(Perturbation(initial=1.0, rate=1.0), image=image, until=Steps(3))
    np.testing.assert_array_equal(image, flat())


def test_frames_stay_as_they_are():
    kept = []
    perturbation = Perturbation(initial=1.0, rate=1.0)
    for frame in march(flat(), Heat(), until=Steps(3), perturbation=perturbation):
        kept.append((frame.u, frame.u.tobytes()))
    assert all(u.tobytes() == bits for u, bits in kept)
    np.testing.assert_allclose(kept[0][0].std(), 1.0, rtol=0.02)  # begins with its noise


# --- statistics -------------------------------------------------------------------------------


def assert_gaussian(noise, sigma):
    """Mean, standard deviation, symmetry, tails, and no correlation of neighbours; to five of their errors."""
    noise = noise.astype(float) / sigma
    n = noise.size
    assert abs(noise.mean()) < 5 / np.sqrt(n)
    assert abs(noise.std() - 1.0) < 5 / np.sqrt(2 * n)
    assert abs((noise**3).mean()) < 5 * np.sqrt(15 / n)
    assert abs((noise**4).mean() - 3.0) < 5 * np.sqrt(96 / n)
    for axis in (-1, -2):
        a = np.take(noise, range(noise.shape[axis] - 1), axis)
        b = np.take(noise, range(1, noise.shape[axis]), axis)
        assert abs((a * b).mean()) < 5 / np.sqrt(n)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
@pytest.mark.parametrize("sigma", [0.5, 12.0])
def test_noise_of_the_first_image(sigma, dtype):
    image = flat(dtype)
    noisy = next(march(image, STILL, until=Steps(1), perturbation=Perturbation(initial=sigma))).u
    assert noisy.dtype == (np.float64 if dtype == "float64" else np.float32)
    assert_gaussian(noisy - 50.0, sigma)


@pytest.mark.parametrize("tau", [0.05, 0.25])
def test_noise_grows_with_the_root_of_time(tau):
    """Its variance is rho^2 t, however long the steps."""
    perturbation = Perturbation(rate=3.0, seed=1)
    got = run(perturbation, scheme=Explicit(tau=tau), until=Time(4.0))
    assert_gaussian(got - 50.0, 6.0)


def test_the_rate_may_change_with_time():
    perturbation = Perturbation(rate=lambda t: 2.0 if t < 1.0 else 0.0)
    got = run(perturbation, scheme=Explicit(tau=0.25), until=Time(3.0))
    assert_gaussian(got - 50.0, 2.0)


def test_steps_are_disturbed_independently():
    perturbation = Perturbation(rate=1.0)
    frames = list(
        march(flat(), STILL, scheme=Explicit(tau=1.0), until=Steps(3), perturbation=perturbation)
    )
    first, second, third = (b.u.astype(float) - a.u for a, b in itertools.pairwise(frames))
    for a, b in ((first, second), (second, third), (first, third)):
        assert abs((a * b).mean()) < 5 / np.sqrt(a.size)


def test_channels_have_noise_of_their_own():
    image = np.stack([flat()] * 2)
    got = run(Perturbation(initial=1.0), image=image, channel_axis=0).astype(float) - 50.0
    assert abs((got[0] * got[1]).mean()) < 5 / np.sqrt(got[0].size)


def test_heat_and_noise_in_equilibrium():
    """Of pairs of pixels: their difference decays by 1 - 2 tau in every step and gains noise of 2 rho^2 tau."""
    image = np.zeros((20000, 2))  # as good as without flow along the first axis
    got = run(
        Perturbation(rate=1.0), image=image, equation=Heat(), scheme=Explicit(tau=0.1),
        until=Steps(60), spacing=(1e4, 1.0),
    )  # fmt: skip
    difference = got[:, 1] - got[:, 0]
    variance = 2 * 0.1 / (1 - (1 - 2 * 0.1) ** 2)
    assert difference.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / 20000))
    assert got.mean(axis=1).var() == pytest.approx(6.0 / 2, rel=5 * np.sqrt(2 / 20000))


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"initial": -1.0},
        {"initial": np.nan},
        {"initial": lambda t: 1.0},
        {"rate": -1.0},
        {"rate": "1"},
        {"seed": -1},
        {"seed": 1.5},
        {"seed": 2**64},
        {"seed": None},
    ],
)
def test_refused(given):
    with pytest.raises(
        ParameterError, match=f"^Perturbation: {next(iter(given))} must be "
    ) as error:
        Perturbation(**given)
    assert len(str(error.value).splitlines()) == 1


def test_a_rate_that_goes_wrong():
    perturbation = Perturbation(rate=lambda t: 1.0 - t)
    with pytest.raises(
        ParameterError, match=r"^Perturbation: rate at t = 1\.5 must be .* >= 0; got"
    ):
        run(perturbation, scheme=Explicit(tau=0.5), until=Time(3.0))
