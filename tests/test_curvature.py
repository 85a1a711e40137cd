"""Total variation, p-Laplacian and curvature flows against what is known of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from divgrad import (
    AOS,
    FSI,
    AffineCurvature,
    Explicit,
    Geodesic,
    MeanCurvature,
    MinMaxCurvature,
    PLaplacian,
    Time,
    TotalVariation,
    evolve,
)
from divgrad.conductances import constant
from divgrad.errors import ParameterError
from divgrad.testing.phantoms import disc, positions, scene

Array = NDArray[Any]


def error_of_shrinking(
    equation: Any, n: int, flat: Sequence[float], power: float, rate: float, scheme: Any
) -> float:
    """Error of level lines of the distance to the middle: r^power falls by rate t, on a side of length 2."""
    spacing = tuple(2.0 * f / n for f in flat)
    shape = tuple(round(2.0 / h) for h in spacing)
    r = np.sqrt(sum(x * x for x in positions(shape, spacing)))
    t = 0.5 * 0.3**power / rate
    got = evolve(np.minimum(r, 0.95), equation, scheme=scheme, until=Time(t), spacing=spacing).u
    wanted = (r**power + rate * t) ** (1.0 / power)
    seen = (r > 0.35) & (r < 0.6)
    return float(np.abs(got - wanted)[seen].mean())


@pytest.mark.parametrize(
    ("equation", "axes", "power", "rate", "sizes", "worst"),
    [
        (MeanCurvature(), (1.0, 1.0), 2.0, 2.0, (32, 64), 4e-4),
        (MeanCurvature(), (1.0, 0.7), 2.0, 2.0, (32, 64), 4e-4),
        (MeanCurvature(), (1.0, 0.8, 1.0), 2.0, 4.0, (16, 32), 3e-3),
        (AffineCurvature(flattest=2.0), (1.0, 1.0), 4 / 3, 4 / 3, (32, 64), 1.5e-3),
    ],
    ids=["circle", "circle, oblong pixels", "sphere, oblong voxels", "affine circle"],
)
def test_circles_and_spheres_shrink_as_they_must(
    equation: Any, axes: Any, power: float, rate: float, sizes: Any, worst: float
) -> None:
    coarse, fine = (error_of_shrinking(equation, n, axes, power, rate, Explicit()) for n in sizes)
    assert fine < worst
    assert math.log2(coarse / fine) > 1.5


@pytest.mark.parametrize("scheme", [FSI(), AOS(tau=1e-3)], ids=["fsi", "aos"])
def test_circles_shrink_with_schemes_for_long_times_too(scheme: Any) -> None:
    error = error_of_shrinking(MeanCurvature(), 64, (1.0, 1.0), 2.0, 2.0, scheme)
    assert error < 3e-3


def test_an_ellipse_stays_one_under_affine_flow_and_grows_round_by_curvature() -> None:
    y, x = positions((96, 96), (0.03, 0.03))
    image = np.minimum(np.sqrt((x / 1.2) ** 2 + (y / 0.6) ** 2), 1.1)
    ratios = []
    for flow, t in ((AffineCurvature(flattest=3.0), 0.2), (MeanCurvature(), 0.1)):
        u = evolve(image, flow, scheme=FSI(), until=Time(t), spacing=0.03).u
        inside = u < 0.9
        ratios.append(math.sqrt(float((x * x * inside).sum() / (y * y * inside).sum())))
    assert abs(ratios[0] - 2.0) < 0.06
    assert ratios[1] > 2.1 or ratios[1] < 1.9


def test_a_disc_under_total_variation_flow_loses_height_2t_over_R() -> None:
    # Its edge is a ramp of 4 pixels: of one as sharp as a pixel this stencil
    # misjudges the length, and the rate stays off by 3 to 7 %.
    errors = []
    for n in (32, 64, 128):
        h, t = 4.0 / n, 0.2
        r = np.sqrt(sum(x * x for x in positions((n, n), (h, h))))
        image = np.clip(0.5 + (1.0 - r) / (4.0 * h), 0.0, 1.0)
        flow = TotalVariation(smoothing=0.02)
        u = evolve(image, flow, scheme=FSI(tau=0.005), until=Time(t), spacing=h).u
        assert abs(float(u.mean() - image.mean())) < 1e-12
        errors.append(abs(float(u[r < 0.6].mean()) - (1.0 - 2.0 * t)))
    assert errors[2] < 0.01
    assert errors[0] > 2.0 * errors[1] > 4.0 * errors[2]


def test_total_variation_takes_one_256th_of_the_range_for_a_flat_slope() -> None:
    image = 256.0 * scene((9, 8))
    slope = float(np.ptp(image)) / 256.0 / 0.5
    got = evolve(image, TotalVariation(), until=Time(0.3), spacing=(0.5, 0.7)).u
    wanted = evolve(image, TotalVariation(smoothing=slope), until=Time(0.3), spacing=(0.5, 0.7)).u
    assert np.array_equal(got, wanted)
    assert np.array_equal(
        evolve(np.ones((4, 4)), TotalVariation(), until=Time(1.0)).u, np.ones((4, 4))
    )


@pytest.mark.parametrize(("p", "order"), [(3.0, 2.0), (4.0, 1.5)])
def test_the_p_laplacian_follows_its_point_source(p: float, order: float) -> None:
    # The profile leaves zero like d^((p-1)/(p-2)): smooth enough for the full order at p = 3 only.
    alpha = 1.0 / (p - 2.0 + p / 2)
    q = (p - 2.0) / p * (alpha / 2) ** (1.0 / (p - 1.0))
    front = (1.0 / q) ** ((p - 1.0) / p) * 2.0 ** (alpha / 2)

    def exact(r: Array, t: float) -> Array:
        base = np.maximum(1.0 - q * (r * t ** (-alpha / 2)) ** (p / (p - 1.0)), 0.0)
        return np.asarray(t**-alpha * base ** ((p - 1.0) / (p - 2.0)))

    errors = []
    for n in (16, 32, 64):
        h = 1.15 * front / n
        y, x = np.meshgrid(*[(np.arange(n) + 0.5) * h] * 2)
        r = np.hypot(x, y)
        got = evolve(
            exact(r, 1.0), PLaplacian(p), scheme=AOS(tau=0.5 * h * h), until=Time(1.0), spacing=h
        ).u
        errors.append(float(np.abs(got - exact(r, 2.0)).mean() / exact(r, 2.0).mean()))
    assert errors[0] < 0.05
    assert abs(-np.polyfit(np.log([16, 32, 64]), np.log(errors), 1)[0] - order) < 0.5


def test_an_exponent_below_two_needs_smoothing() -> None:
    with pytest.raises(ParameterError, match=r"an exponent below 2 needs a smoothing > 0; got 1.5"):
        PLaplacian(1.5)


def test_geodesic_flow_without_edges_is_mean_curvature_flow() -> None:
    image = 100.0 * scene((14, 11))
    flows = (Geodesic(contrast=1.0, conductance=constant), MeanCurvature())
    got, wanted = (evolve(image, flow, until=Time(2.0), spacing=(1.0, 1.5)).u for flow in flows)
    assert float(np.abs(got - wanted).max()) < 1e-10


def test_geodesic_flow_sharpens_an_edge_where_it_is_steepest_and_makes_no_new_extremum() -> None:
    x = np.arange(-20.0, 20.0)
    image = np.repeat(100.0 / (1.0 + np.exp(-x / 2.0))[None], 8, axis=0)
    u = evolve(image, Geodesic(contrast=5.0), until=Time(30.0)).u
    assert np.diff(u[4]).max() > 3.0 * np.diff(image[4]).max()
    assert image.min() <= u.min() <= u.max() <= image.max()


@pytest.mark.parametrize("bright", [True, False])
def test_min_max_flow_removes_what_is_small_and_keeps_what_is_large(bright: bool) -> None:
    rng = np.random.default_rng(0)
    large = disc((64, 64), 20.0)
    specks = rng.random(large.shape) < 0.03
    image = 100.0 * np.where(specks, 1.0 - large, large)
    image = image if bright else 100.0 - image
    wanted = 100.0 * (large if bright else 1.0 - large)
    early, late = (evolve(image, MinMaxCurvature(3.0), until=Time(t)).u for t in (10.0, 40.0))
    assert float(np.abs((early > 50) != (wanted > 50)).sum()) <= 0.02 * large.sum()
    assert float(np.sqrt(np.mean((early - wanted) ** 2))) < 5.0
    assert float(np.abs(late - early).max()) < 0.1  # it has come to rest
    plain = evolve(image, MeanCurvature(), until=Time(40.0)).u
    assert abs((plain > 50).sum() - (wanted > 50).sum()) > 0.1 * large.sum()


@pytest.mark.parametrize("flow", [MeanCurvature(), AffineCurvature()], ids=["mean", "affine"])
def test_curvature_flows_do_not_know_contrast(flow: Any) -> None:
    image = scene((13, 12))
    once, more = (evolve(k * image, flow, until=Time(1.0)).u for k in (1.0, 64.0))
    assert np.array_equal(more, 64.0 * once)


def test_channels_share_one_slope_and_alike_they_flow_as_one() -> None:
    image = 100.0 * scene((12, 13))
    pair = np.stack([image, image])
    for flow, alone in ((MeanCurvature(), MeanCurvature()),):
        got = evolve(pair, flow, until=Time(2.0), channel_axis=0).u
        wanted = evolve(image, alone, until=Time(2.0)).u
        assert float(np.abs(got - wanted).max()) < 1e-9
