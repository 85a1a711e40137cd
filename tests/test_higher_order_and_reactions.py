"""Flows of fourth order, osmosis, reactions and equalised histograms: closed forms, steady states, energies."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from scipy.fft import dctn, idctn
from scipy.special import eval_gegenbauer

from divgrad import (
    AOS,
    FED,
    FSI,
    AllenCahn,
    AmbrosioTortorelli,
    Biharmonic,
    Explicit,
    FourthOrder,
    GrayScott,
    Grid,
    Heat,
    HistogramModification,
    Masked,
    Osmosis,
    SteadyState,
    Steps,
    Sum,
    Time,
    evolve,
)
from divgrad.conductances import constant
from divgrad.errors import ImageError, ParameterError, SchemeError
from divgrad.schemes.fed import fed_cycle
from divgrad.schemes.fsi import inner_steps
from divgrad.testing import check_equation
from divgrad.testing.phantoms import disc, noise, scene
from divgrad.testing.schemes import eigenvalues

GRIDS = [((17,), (0.6,)), ((9, 14), (0.5, 1.7)), ((7, 6, 9), (2.0, 0.8, 1.1))]


# Fourth order.


@pytest.mark.parametrize("part", [0.7, 30.0])
@pytest.mark.parametrize("scheme", ["explicit", "fed", "fsi"])
@pytest.mark.parametrize(("shape", "spacing"), GRIDS)
def test_biharmonic_flow_equals_its_closed_form(
    shape: tuple[int, ...], spacing: tuple[float, ...], scheme: str, part: float
) -> None:
    flow, image = Biharmonic(scale=0.7), noise(shape)
    a = -(0.7**2) * eigenvalues(shape, spacing) ** 2
    limit = 2.0 / flow.bound(image[None], 0.0, Grid(spacing))
    tau = part * limit
    if scheme == "explicit":  # what is too long is split
        by: Any = Explicit(tau=tau)
        n = math.ceil(part)
        factor = (1.0 + tau / n * a) ** n
    elif scheme == "fed":
        by = FED(tau=tau)
        factor = np.prod([1.0 + step * a for step in fed_cycle(tau, limit)], axis=0)
    else:
        by, n, half = FSI(tau=tau), inner_steps(tau, limit, len(shape)), len(shape) + 0.5
        x = 1.0 + tau * (2 * half + 1) / (n * (n + 2 * half)) * a
        factor = eval_gegenbauer(n, half, x) / eval_gegenbauer(n, half, 1.0)
    got = evolve(image, flow, scheme=by, until=Steps(3), spacing=spacing).u
    wanted = idctn(factor**3 * dctn(image, norm="ortho"), norm="ortho")
    assert float(np.abs(got - wanted).max()) < 1e-12


def test_fourth_order_without_contrast_is_biharmonic_and_couples_channels() -> None:
    image = 100.0 * noise((2, 8, 9))
    plain = evolve(image[0], Biharmonic(), until=Steps(5)).u
    same = evolve(image[0], FourthOrder(5.0, constant), until=Steps(5)).u
    assert np.array_equal(plain, same)
    one, grey = FourthOrder(20.0), image[0]
    twice = evolve(
        np.stack([grey, grey]), FourthOrder(20.0 * math.sqrt(2)), until=Steps(9), channel_axis=0
    )
    assert np.allclose(twice.u[0], evolve(grey, one, until=Steps(9)).u, rtol=0, atol=1e-10)


@pytest.mark.parametrize("scheme", [Explicit(), FSI(), FED()], ids=["explicit", "fsi", "fed"])
def test_fourth_order_smooths_a_noisy_roof_to_planes_and_keeps_its_ridge(scheme: Any) -> None:
    x = np.arange(64.0)
    roof = np.tile(10.0 * np.minimum(x, 63.0 - x), (32, 1))
    noisy = roof + noise(roof.shape) - 0.5
    u = evolve(noisy, FourthOrder(contrast=3.0), scheme=scheme, until=Time(20.0)).u
    rough = [float(np.diff(image, 2, axis=1)[:, 8:24].std()) for image in (u, noisy)]
    assert rough[0] < 0.05 * rough[1]
    assert u[:, 31:33].mean() > 308.0


def test_biharmonic_filling_continues_a_ramp() -> None:
    y, x = np.mgrid[:16, :16].astype(float)
    hole = disc((16, 16), 4.0) > 0
    ramp = 2.0 * x + y
    holed = np.where(hole, 0.0, ramp)
    filled = evolve(holed, Masked(Biharmonic(), hole), scheme=FSI(tau=20.0), until=Time(2000.0)).u
    assert float(np.abs(filled - ramp).max()) < 1e-6


# Osmosis.


@pytest.mark.parametrize("scheme", [Explicit(), FSI(tau=40.0), FED(tau=40.0), AOS(tau=3.0)])
@pytest.mark.parametrize(("shape", "spacing"), GRIDS)
def test_osmosis_ends_in_its_guidance_at_the_mean_of_the_image(
    shape: tuple[int, ...], spacing: tuple[float, ...], scheme: Any
) -> None:
    image, v = 40.0 + 60.0 * scene(shape), 1.0 + 9.0 * noise(shape)
    got = evolve(image, Osmosis(v), scheme=scheme, until=Time(3000.0), spacing=spacing).u
    assert math.isclose(got.mean(), image.mean(), rel_tol=1e-12)
    near = 2e-2 if isinstance(scheme, AOS) and len(shape) > 1 else 1e-9  # AOS ends off by O(tau)
    assert float(np.abs(got / (v * image.mean() / v.mean()) - 1.0).max()) < near


def test_what_is_compatible_stays_fixed() -> None:
    v = 1.0 + 9.0 * noise((3, 9, 8))
    for scheme in (Explicit(), FSI(tau=50.0)):
        for guidance in (v, None):
            u = evolve(v, Osmosis(guidance), scheme=scheme, until=Time(500.0), channel_axis=0).u
            assert float(np.abs(u - v).max()) < 1e-12


@pytest.mark.parametrize("scheme", [Explicit(), AOS(tau=50.0)], ids=["explicit", "aos"])
def test_osmosis_keeps_what_is_positive_so(scheme: Any) -> None:
    rng = np.random.default_rng(0)
    v = 10.0 ** rng.uniform(-6.0, 3.0, (12, 13))  # contrasts of a billion
    v[3:5, 4:7] = 0.0
    image = np.zeros((12, 13))
    image[4, 5] = 1000.0
    u = evolve(image, Osmosis(v), scheme=scheme, until=Steps(40)).u
    assert u.min() >= 0.0
    assert math.isclose(u.sum(), 1000.0, rel_tol=1e-12)


def test_an_erased_edge_fades_and_texture_stays() -> None:
    x = np.arange(64)
    texture = np.tile(100.0 + 10.0 * np.cos(x - 31.5), (8, 1))
    shadowed = np.where(x < 32, 0.4, 1.0) * texture
    border = np.tile((x == 31) | (x == 32), (8, 1))
    flow = Osmosis(erase=border)
    u = evolve(shadowed, flow, scheme=AOS(tau=20.0), until=Time(20000.0)).u
    ratio = (u / texture)[:, (x < 30) | (x > 33)]
    assert float(np.ptp(shadowed / texture)) > 0.59
    assert float(np.ptp(ratio)) < 1e-3
    with pytest.raises(SchemeError, match="real eigenvalues; those of Osmosis are complex"):
        evolve(shadowed, flow, scheme=FSI(), until=Steps(1))


def test_osmosis_refuses_what_it_cannot_use() -> None:
    image = noise((4, 5))
    with pytest.raises(ImageError, match="needs a guidance >= 0, got a minimum of -1"):
        evolve(image, Osmosis(image - image.min() - 1.0), until=Steps(1))
    with pytest.raises(ImageError, match="erase has values from 0 to 1; got 0 to 255"):
        evolve(image, Osmosis(erase=255.0 * np.eye(4, 5)), until=Steps(1))


# Allen and Cahn.


def test_the_profile_between_two_phases_is_stationary() -> None:
    h, width = 0.05, 1.0
    x = (np.arange(400) - 199.5) * h
    profile = 50.0 + 50.0 * np.tanh(x / (math.sqrt(2.0) * width))
    flow = AllenCahn(width, low=0.0, high=100.0)
    for scheme in (Explicit(), FSI(tau=0.1), AOS(tau=0.1)):
        u = evolve(profile, flow, scheme=scheme, until=Time(2.0), spacing=h).u
        assert float(np.abs(u - profile).max()) < 0.05


@pytest.mark.parametrize(("scheme", "worst"), [(Explicit(), 0.02), (AOS(tau=0.02), 0.03)])
def test_a_circle_of_a_phase_shrinks_with_its_curvature(scheme: Any, worst: float) -> None:
    n, h, r0 = 48, 0.5, 15.0  # a quarter of it, in the corner
    y, x = (np.mgrid[:n, :n] + 0.5) * h
    width = 1.0
    u0 = np.tanh((r0 - np.hypot(x, y)) / (math.sqrt(2.0) * width))
    for t in (10.0, 20.0):
        u = evolve(u0, AllenCahn(width), scheme=scheme, until=Time(t), spacing=h).u
        area = float((u + 1.0).sum()) * 0.5 * h * h
        assert math.isclose(4.0 * area / math.pi, r0**2 - 2.0 * t, rel_tol=worst)


@pytest.mark.parametrize("scheme", [Explicit(), AOS(tau=100.0)], ids=["explicit", "aos"])
def test_phases_stay_within_the_range_of_image_and_wells(scheme: Any) -> None:
    for high in (1.0, 3.0, 30.0):
        image = high * (2.0 * noise((12, 11)) - 1.0)
        u = evolve(image, AllenCahn(width=0.5), scheme=scheme, until=Steps(10)).u
        most = max(1.0, float(np.abs(image).max()))
        assert float(np.abs(u).max()) <= most * (1.0 + 1e-12)
    with pytest.raises(ParameterError, match="low must be < high; got 3 and 1"):
        AllenCahn(1.0, low=3.0, high=1.0)


# Gray and Scott.


def by_numpy(u: Any, steps: int, tau: float, flow: GrayScott) -> Any:
    p, q = u
    for _ in range(steps):
        laps = []
        for a in (p, q):
            b = np.pad(a, 1, mode="edge")
            laps.append(b[2:, 1:-1] + b[:-2, 1:-1] + b[1:-1, 2:] + b[1:-1, :-2] - 4.0 * a)
        new = p + tau * (flow.substrate_diffusivity * laps[0] + flow.feed)
        new = new / (1.0 + tau * (flow.feed + q * q))
        q = q + tau * (flow.activator_diffusivity * laps[1] + q * q * new)
        p, q = new, q / (1.0 + tau * (flow.feed + flow.kill))
    return np.stack([p, q])


def seeds(shape: tuple[int, ...]) -> Any:
    v = 0.25 * (noise(shape, 3) > 0.9)
    return np.stack([1.0 - 2.0 * v, v])


def test_the_reaction_equals_an_independent_program_for_100_steps() -> None:
    u, flow = seeds((21, 34)), GrayScott()
    got = evolve(u, flow, scheme=Explicit(tau=1.0), until=Steps(100), channel_axis=0)
    wanted = by_numpy(u, 100, 1.0, flow)
    assert (got.t, got.steps) == (100.0, 100)
    assert float(np.abs(got.u - wanted).max()) < 1e-13


def test_the_reaction_converges_to_explicit_steps_of_the_equation() -> None:
    u, flow = seeds((12, 13)), GrayScott()

    def rates(u: Any) -> Any:
        p, q = u
        b = np.pad(u, ((0, 0), (1, 1), (1, 1)), mode="edge")
        lap = b[:, 2:, 1:-1] + b[:, :-2, 1:-1] + b[:, 1:-1, 2:] + b[:, 1:-1, :-2] - 4.0 * u
        made = p * q * q
        return np.stack([
            0.16 * lap[0] - made + 0.037 * (1.0 - p), 0.08 * lap[1] + made - 0.097 * q
        ])  # fmt: skip

    wanted = u
    for _ in range(4000):  # the classical method of fourth order: exact for what is compared here
        a = rates(wanted)
        b = rates(wanted + 0.0025 * a)
        c = rates(wanted + 0.0025 * b)
        d = rates(wanted + 0.005 * c)
        wanted = wanted + 0.005 / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    errors = []
    for tau in (0.2, 0.1, 0.05):
        scheme = Explicit(tau=tau)
        got = evolve(u, flow, scheme=scheme, until=Time(20.0), channel_axis=0).u
        errors.append(float(np.abs(got - wanted).max()))
    assert errors[-1] < 0.01
    assert 0.85 < math.log2(errors[0] / errors[2]) / 2.0 < 1.15


def test_where_nothing_was_sown_nothing_grows() -> None:
    empty = np.stack([np.ones((9, 8)), np.zeros((9, 8))])
    u = evolve(empty, GrayScott(), until=Steps(50), channel_axis=0).u
    assert float(np.abs(u - empty).max()) < 1e-14


def test_substances_stay_positive_and_bounded_whatever_they_begin_with() -> None:
    for high in (1.0, 1e3, 1e6):
        u = evolve(high * noise((2, 9, 8)), GrayScott(), until=Steps(200), channel_axis=0).u
        assert 0.0 <= u.min() <= u.max() <= 2.0 * high
    with pytest.raises(ImageError, match="two channels, substrate and activator"):
        evolve(noise((9, 8)), GrayScott(), until=Steps(1))
    with pytest.raises(SchemeError, match="FSI needs a linear operator; GrayScott is none"):
        evolve(noise((2, 9, 8)), GrayScott(), scheme=FSI(), until=Steps(1), channel_axis=0)


# Ambrosio and Tortorelli.


def energy(pair: Any, data: Any, flow: AmbrosioTortorelli) -> float:
    u, v = pair
    a = 4.0 * flow.width * flow.contrast**2
    total = flow.weight * ((u - data) ** 2).sum() + a / (4.0 * flow.width) * ((1.0 - v) ** 2).sum()
    for axis in range(2):
        w = 0.5 * (np.delete(v, -1, axis) ** 2 + np.delete(v, 0, axis) ** 2)
        total += (w * np.diff(u, axis=axis) ** 2).sum()
        total += a * flow.width * (np.diff(v, axis=axis) ** 2).sum()
    return float(total)


@pytest.mark.parametrize("begin", [0.0, 1.0])
def test_the_energy_falls_and_the_indicator_is_small_at_edges_only(begin: float) -> None:
    truth = 100.0 * disc((32, 30), 9.0)
    image = truth + 10.0 * (noise(truth.shape) - 0.5)
    flow = AmbrosioTortorelli(contrast=12.0)
    pair = np.stack([image, np.full_like(image, begin)])
    found = [energy(pair, image, flow)]
    state = pair
    for _ in range(12):
        fixed = AmbrosioTortorelli(12.0, data=pair)
        state = evolve(state, fixed, until=Steps(5), channel_axis=0).u
        found.append(energy(state, image, flow))
    assert all(b < a for a, b in itertools.pairwise(found))
    u, v = state
    steep = np.hypot(*np.gradient(truth)) > 0
    assert v[steep].max() < 0.25
    far = np.hypot(*np.gradient(v)) < 0.05
    assert v[far & ~steep].mean() > 0.7
    if begin == 0.0:  # nothing leaks before the edges are found
        assert (u - truth)[~steep].std() < 0.5 * (image - truth).std()
    assert 0.0 <= v.min() <= v.max() <= 1.0
    assert image.min() <= u.min() <= u.max() <= image.max()


def test_the_image_of_the_pair_keeps_the_laws_that_its_indicator_does_not() -> None:
    image = 100.0 * scene((9, 8))
    flow = AmbrosioTortorelli(contrast=15.0)

    def run(u: Any) -> Any:
        pair = np.stack([u, np.zeros_like(u)])
        return evolve(pair, flow, until=Steps(20), channel_axis=0).u

    u, v = run(image)
    assert np.allclose(run(image + 300.0)[0], u + 300.0, rtol=0, atol=1e-10)
    assert np.array_equal(run(-image), np.stack([-u, v]))
    assert math.isclose(u.mean(), image.mean(), rel_tol=1e-12)
    colours = np.stack([image, image, np.zeros_like(image)])
    data = AmbrosioTortorelli(contrast=15.0 * math.sqrt(2.0), data=image)
    both = evolve(colours, data, until=Steps(20), channel_axis=0).u
    assert np.allclose(both, np.stack([u, u, v]), rtol=0, atol=1e-10)
    with pytest.raises(ImageError, match="needs the edge indicator as last channel"):
        evolve(image, flow, until=Steps(1))


# Histograms.


def distance_from_flat(u: Any, low: float, high: float) -> float:
    """Kolmogorov and Smirnov's."""
    x = np.sort(u.ravel())
    place = (x - low) / (high - low)
    n = x.size
    return float(np.maximum(np.arange(1, n + 1) / n - place, place - np.arange(n) / n).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_grey_values_become_equally_frequent_and_keep_their_order(dtype: str) -> None:
    image = (100.0 * noise((60, 50)) ** 4).astype(dtype)
    distances, u, order = [], image, np.argsort(image.ravel())
    for time in (0.0, 1.0, 3.0, 12.0):
        u = evolve(image, HistogramModification(), until=Time(time)).u
        distances.append(distance_from_flat(u, 0.0, 100.0))
        assert bool((np.diff(u.ravel()[order]) >= 0.0).all())
    assert all(b < a for a, b in itertools.pairwise(distances))
    assert distances[0] > 0.4
    assert distances[-1] < 0.002


def test_equal_grey_values_share_the_middle_of_their_ranks() -> None:
    image = np.array([[5.0, 5.0, 5.0, 7.0], [7.0, 8.0, 90.0, 90.0]])
    u = evolve(image, HistogramModification(low=0.0, high=80.0), until=Time(40.0)).u
    assert np.allclose(u, [[15.0, 15.0, 15.0, 40.0], [40.0, 55.0, 70.0, 70.0]])
    flow = HistogramModification(rate=2.0, low=0.0, high=80.0)
    early = evolve(image, flow, scheme=Explicit(tau=0.01), until=Time(0.5)).u
    assert np.allclose(early, u + (image - u) * math.exp(-1.0), atol=0.5)


def test_contrast_is_raised_while_noise_is_removed() -> None:
    image = 100.0 + 4.0 * scene((24, 24)) + 0.5 * noise((24, 24))
    both = Sum([HistogramModification(low=0.0, high=200.0), Heat()])
    for scheme in (Explicit(), FSI(tau=0.5), AOS(tau=0.5)):
        u = evolve(image, both, scheme=scheme, until=Time(5.0) | SteadyState(1e-6)).u
        assert np.ptp(u) > 20.0 * np.ptp(image)
    laws = ("mean", "flip", "untouched", "repeat", "tiling")
    check_equation(
        Osmosis(1.0 + scene((7, 9))), images=[100.0 * noise((7, 9))], axioms=(laws[0], *laws[2:])
    )
