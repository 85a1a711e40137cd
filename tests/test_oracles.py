"""Closed forms and exact solutions, in 1-D to 3-D and in physical units."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.fft import dctn, idctn
from scipy.special import eval_gegenbauer

from divgrad import (
    AOS,
    FED,
    FSI,
    LOD,
    Adaptive,
    Explicit,
    Heat,
    Implicit,
    PeronaMalik,
    PorousMedium,
    Steps,
    Time,
    evolve,
)
from divgrad.conductances import p_laplacian
from divgrad.schemes import Scheme
from divgrad.schemes.fed import cycle_length
from divgrad.schemes.fsi import inner_steps
from divgrad.testing import heat
from divgrad.testing.phantoms import blob, noise, positions, scene, spot
from divgrad.testing.schemes import waves

Array = NDArray[Any]

# The heat equation on a grid: cosines are its eigenvectors, so every scheme is a function of eigenvalues.

GRIDS = [
    ((17,), (0.6,)),
    ((12, 9), (1.0, 1.0)),
    ((9, 14), (0.5, 1.7)),
    ((7, 6, 9), (2.0, 0.8, 1.1)),
]


def along(shape: Sequence[int], spacing: Sequence[float]) -> list[Array]:
    """The eigenvalues of the second difference along each axis."""
    indices = np.indices(tuple(shape))
    parts = zip(indices, shape, spacing, strict=True)
    return [-4.0 / h**2 * np.sin(0.5 * math.pi * k / n) ** 2 for k, n, h in parts]


def by_cosines(image: Array, factor: Array) -> Array:
    return np.asarray(idctn(factor * dctn(image.astype(np.float64), norm="ortho"), norm="ortho"))


def fed_polynomial(eigenvalue: Array, tau: float, n: int) -> Array:
    """The polynomial of a FED cycle: the Dirichlet kernel of n steps."""
    half = 0.5 * np.arccos(np.clip(1.0 + 3.0 * tau / (n * (n + 1)) * eigenvalue, -1.0, 1.0))
    flat = half < 1e-9
    half[flat] = 1.0
    return np.where(flat, 1.0, np.sin((2 * n + 1) * half) / ((2 * n + 1) * np.sin(half)))


def closed_form(scheme: str, tau: float, shape: Sequence[int], h: Sequence[float]) -> Array:
    """What one step of the scheme multiplies every cosine with."""
    axes = along(shape, h)
    total = np.asarray(sum(axes))
    if scheme == "explicit":
        return 1.0 + tau * total
    if scheme == "aos":
        n = len(axes)
        return np.asarray(sum(1.0 / (1.0 - n * tau * axis) for axis in axes) / n)
    if scheme == "lod":
        return np.asarray(math.prod(1.0 / (1.0 - tau * axis) for axis in axes))
    if scheme == "implicit":
        return np.asarray(1.0 / (1.0 - tau * total))
    limit = 0.5 / sum(1.0 / d**2 for d in h)
    if scheme == "fed":
        return fed_polynomial(total, tau, cycle_length(tau, limit))
    n, a = inner_steps(tau, limit, len(axes)), len(axes) + 0.5
    x = 1.0 + tau * (2 * a + 1) / (n * (n + 2 * a)) * total
    return np.asarray(eval_gegenbauer(n, a, x) / eval_gegenbauer(n, a, 1.0))


BY_NAME: dict[str, Any] = {
    "explicit": Explicit,
    "fed": FED,
    "fsi": FSI,
    "aos": AOS,
    "lod": LOD,
    "implicit": Implicit,
}


@pytest.mark.parametrize("part", [0.3, 1.0, 37.0])
@pytest.mark.parametrize("scheme", BY_NAME)
@pytest.mark.parametrize(
    ("shape", "spacing", "dtype"),
    [(*grid, "float64") for grid in GRIDS] + [(*grid, "float32") for grid in GRIDS[:3]],
)
def test_heat_equals_its_closed_form(
    shape: tuple[int, ...], spacing: tuple[float, ...], dtype: str, scheme: str, part: float
) -> None:
    limit = 0.5 / sum(1.0 / h**2 for h in spacing)
    tau = part * limit
    steps = 1 if scheme != "explicit" else math.ceil(part)  # what is too long, Explicit splits
    by = BY_NAME[scheme](tau=tau)
    image = noise(shape).astype(dtype)
    got = evolve(image, Heat(diffusivity=1.0), scheme=by, until=Steps(3), spacing=spacing).u
    wanted = by_cosines(image, closed_form(scheme, tau / steps, shape, spacing) ** (3 * steps))
    assert got.dtype == dtype
    assert float(np.abs(got - wanted).max()) < (1e-12 if dtype == "float64" else 1e-5)


@pytest.mark.parametrize("scheme", ["explicit", "fsi", "aos", "lod", "implicit"])
def test_volumes_of_channels_equal_the_closed_form_without_edges(scheme: str) -> None:
    shape, spacing, tau = (7, 6, 9), (2.0, 0.8, 1.1), 0.15
    by = BY_NAME[scheme](tau=tau)
    image = np.stack([noise(shape, 1), noise(shape, 2)], axis=-1).astype(np.float32)
    flat = PeronaMalik(contrast=1e15)  # no slope is an edge to it: in float32 g = 1, to the bit
    got = evolve(image, flat, scheme=by, until=Steps(3), spacing=spacing, channel_axis=-1).u
    for c in range(2):
        wanted = by_cosines(image[..., c], closed_form(scheme, tau, shape, spacing) ** 3)
        assert float(np.abs(got[..., c] - wanted).max()) < 1e-5


def test_diffusivity_is_a_factor_of_time() -> None:
    image = noise((8, 9))
    fast = evolve(image, Heat(diffusivity=4.0), scheme=FSI(tau=0.75), until=Time(1.5)).u
    slow = evolve(image, Heat(), scheme=FSI(tau=3.0), until=Time(6.0)).u
    assert np.allclose(fast, slow, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    "inner", [Explicit(), FSI(), FED(), AOS(), LOD(), Implicit()], ids=lambda s: type(s).__name__
)
def test_adaptive_steps_are_as_accurate_as_they_are_told(inner: Any) -> None:
    image = waves((24, 20))
    errors = []
    finest = 1e-6 if isinstance(inner, Explicit) else 1e-4  # above its limit it makes no step
    for tolerance in (100.0 * finest, 10.0 * finest, finest):
        scheme = Adaptive(scheme=inner, tolerance=tolerance)
        solution = evolve(image, Heat(), scheme=scheme, until=Time(20.0))
        errors.append(float((solution.u - heat(image, 20.0)).std() / image.std()))
        assert errors[-1] < solution.steps * tolerance  # each step may err as much
    assert errors[0] > errors[1] > errors[2]


# Physical units.


@pytest.mark.parametrize(
    ("scheme", "shape", "spacing"),
    [
        (Explicit(), (17, 15, 19), (0.5, 1.3, 2.0)),
        (FED(tau=0.6), (17, 15, 19), (0.5, 1.3, 2.0)),
        (FSI(tau=0.6), (17, 15, 19), (0.5, 1.3, 2.0)),
        (AOS(tau=0.5), (101, 151), (1.3, 0.7)),
        (LOD(tau=0.5), (101, 151), (1.3, 0.7)),
        (Implicit(tau=0.5), (101, 151), (1.3, 0.7)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Scheme) else "",
)
def test_the_covariance_of_a_spot_grows_by_2tD(
    scheme: Any, shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    diffusivity = 0.4
    solution = evolve(
        spot(shape), Heat(diffusivity=diffusivity), scheme=scheme, until=Steps(2), spacing=spacing
    )
    where = [x + 0.5 * h * (n % 2 == 0) for x, n, h in zip(
        positions(shape, spacing), shape, spacing, strict=True
    )]  # fmt: skip
    for i, x in enumerate(where):
        for j, y in enumerate(where):
            wanted = 2.0 * solution.t * diffusivity if i == j else 0.0
            assert math.isclose(float((solution.u * x * y).sum()), wanted, abs_tol=1e-10)


def test_a_gaussian_stays_one_and_its_variances_grow_by_2t() -> None:
    shape, spacing, sigmas, t = (49, 90), (1.0, 0.5), (5.0, 4.0), 6.0
    got = evolve(blob(shape, sigmas, spacing), Heat(), until=Time(t), spacing=spacing).u
    later = [math.sqrt(sigma**2 + 2.0 * t) for sigma in sigmas]
    wanted = math.prod(sigmas) / math.prod(later) * blob(shape, later, spacing)
    assert float(np.abs(got - wanted).max()) < 2e-3


@pytest.mark.parametrize(
    "scheme", [Explicit(tau=0.2), FSI(tau=3.0), FED(tau=3.0), AOS(tau=0.5), Implicit(tau=0.5)]
)
def test_a_saddle_is_a_steady_state(scheme: Any) -> None:
    y, x = np.mgrid[-40:41, -40:41].astype(float)
    got = evolve(x * x - y * y, Heat(), scheme=scheme, until=Steps(3)).u
    middle = slice(31, 50)
    exact = 0.0 if isinstance(scheme, Explicit) else 1e-9
    assert float(np.abs(got - (x * x - y * y))[middle, middle].max()) <= exact


def test_a_profile_evolves_alike_in_one_two_and_three_dimensions() -> None:
    profile = (100.0 * scene((13,))).astype(np.float32)
    equation, scheme = PeronaMalik(contrast=20.0), Explicit(tau=0.1)
    wanted = evolve(profile, equation, scheme=scheme, until=Steps(30)).u
    for axis in range(2):
        image = np.moveaxis(np.repeat(profile[None], 4, axis=0), 1, axis)
        got = evolve(image, equation, scheme=scheme, until=Steps(30)).u
        assert np.array_equal(np.moveaxis(got, axis, 1), np.repeat(wanted[None], 4, axis=0))
    for axis in range(3):
        pixels = np.broadcast_to(profile, (3, 4, 13))
        volume = np.moveaxis(np.stack([pixels, np.zeros_like(pixels)]), 3, axis + 1)
        got = evolve(volume, equation, scheme=scheme, until=Steps(30), channel_axis=0).u
        assert np.array_equal(np.moveaxis(got[0], axis, 2), np.broadcast_to(wanted, (3, 4, 13)))
        assert not got[1].any()


def test_like_channels_act_as_one_of_a_higher_contrast() -> None:
    image = (100.0 * scene((5, 6, 7))).astype(np.float32)
    twice = np.stack([image, image])
    half = np.stack([image, np.zeros_like(image)])
    got = evolve(
        twice, PeronaMalik(contrast=math.sqrt(2.0) * 20.0), until=Steps(10), channel_axis=0
    ).u
    wanted = evolve(half, PeronaMalik(contrast=20.0), until=Steps(10), channel_axis=0).u[0]
    assert np.array_equal(got[0], got[1])
    assert float(np.abs(got[0] - wanted).max()) < 1e-4


# Self-similar solutions of the nonlinear equations, on one orthant: its sides are planes of symmetry.


def barenblatt(r2: Array, t: float, axes: int, m: float) -> Array:
    """The solution of u_t = Laplacian u^m that begins as a point."""
    alpha = axes / (axes * (m - 1.0) + 2.0)
    k = alpha * (m - 1.0) / (2.0 * m * axes)
    return np.asarray(
        t**-alpha * np.maximum(1.0 - k * r2 * t ** (-2 * alpha / axes), 0.0) ** (1 / (m - 1))
    )


def point_p_laplacian(r2: Array, t: float, axes: int, p: float) -> Array:
    """The solution of u_t = div(|grad u|^(p-2) grad u) that begins as a point."""
    alpha = 1.0 / (p - 2.0 + p / axes)
    q = (p - 2.0) / p * (alpha / axes) ** (1.0 / (p - 1.0))
    xi = np.sqrt(r2) * t ** (-alpha / axes)
    base = np.maximum(1.0 - q * xi ** (p / (p - 1.0)), 0.0)
    return np.asarray(t**-alpha * base ** ((p - 1.0) / (p - 2.0)))


def errors_and_order(
    equation: Any,
    exact: Callable[[Array, float], Array],
    axes: int,
    sizes: Sequence[int],
    width: float,
    scheme: Callable[[float], Any],
) -> tuple[list[float], float]:
    """Relative errors from time 1 to time 2, in the mean (L1), and the order at which they fall with h."""
    errors = []
    for n in sizes:
        h = width / n
        coordinates = (np.arange(n) + 0.5) * h
        r2 = np.asarray(sum(x * x for x in np.meshgrid(*[coordinates] * axes, indexing="ij")))
        solution = evolve(exact(r2, 1.0), equation, scheme=scheme(h), until=Time(1.0), spacing=h)
        wanted = exact(r2, 2.0)
        errors.append(float(np.abs(solution.u - wanted).mean() / wanted.mean()))
    return errors, float(-np.polyfit(np.log(sizes), np.log(errors), 1)[0])


SIZES = {1: (32, 64, 128), 2: (16, 32, 64), 3: (8, 16, 32)}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(("m", "worst"), [(2.0, 0.02), (3.0, 0.05)])
def test_porous_medium_follows_barenblatt(axes: int, m: float, worst: float) -> None:
    # Near its front the profile rises like d^(1/(m-1)) from the distance d, and a pixel there is wrong by as
    # much for d = h: in the mean the error falls like h^(1 + 1/(m-1)), with scatter, for the front lies
    # anywhere between two pixels.
    alpha = axes / (axes * (m - 1.0) + 2.0)
    front = math.sqrt(2.0 * m * axes / (alpha * (m - 1.0))) * 2.0 ** (alpha / axes)
    errors, order = errors_and_order(
        PorousMedium(exponent=m), lambda r2, t: barenblatt(r2, t, axes, m), axes, SIZES[axes],
        1.15 * front, lambda h: Explicit(),
    )  # fmt: skip
    assert errors[0] < worst
    assert abs(order - (1.0 + 1.0 / (m - 1.0))) < 0.6


@pytest.mark.parametrize(("axes", "presmoothing"), [(1, None), (1, 0.0), (2, 0.0), (3, 0.0)])
def test_the_p_laplacian_follows_its_point_source(axes: int, presmoothing: float | None) -> None:
    # For p = 3 the profile leaves zero like d^2, smooth enough for the full order 2 in the mean.
    p = 3.0
    alpha = 1.0 / (p - 2.0 + p / axes)
    q = (p - 2.0) / p * (alpha / axes) ** (1.0 / (p - 1.0))
    front = (1.0 / q) ** ((p - 1.0) / p) * 2.0 ** (alpha / axes)
    errors, order = errors_and_order(
        PeronaMalik(contrast=1.0, conductance=p_laplacian(p), presmoothing=presmoothing),
        lambda r2, t: point_p_laplacian(r2, t, axes, p), axes, SIZES[axes], 1.15 * front,
        lambda h: AOS(tau=0.5 * h * h),
    )  # fmt: skip
    assert errors[0] < 0.04
    assert abs(order - 2.0) < 0.15
