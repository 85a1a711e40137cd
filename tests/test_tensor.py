"""Tensor diffusion: decompositions, non-negative stencils, analytic solutions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from divgrad import (
    FED,
    FSI,
    Adaptive,
    CoherenceEnhancing,
    EdgeEnhancing,
    Explicit,
    Grid,
    Heat,
    Hybrid,
    Masked,
    Oriented,
    Steps,
    Time,
    evolve,
)
from divgrad.conductances import constant
from divgrad.errors import ImageError, ParameterError
from divgrad.kernels import selling, stencil
from divgrad.kernels.directions import PARTS, directions, offsets, roundest
from divgrad.kernels.specialise import specialise
from divgrad.kernels.tensor_diffusion import tensor_diffusion
from divgrad.operators import volume
from divgrad.testing import check_equation, check_operator
from divgrad.testing.phantoms import noise, positions, scene, spot


def turned(values: tuple[float, ...], seed: int = 0) -> np.ndarray:
    """A matrix with these eigenvalues in a random position."""
    n = len(values)
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]
    return (q * values) @ q.T


def random_field(shape: tuple[int, ...], thin: float, seed: int = 0) -> np.ndarray:
    """Tensors of random position at every pixel, eigenvalues from thin to 1."""
    n = len(shape)
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.standard_normal((*shape, n, n)))[0]
    values = thin ** rng.random((*shape, n))
    return np.einsum("...ik,...k,...jk->...ij", q, values, q)


@pytest.mark.parametrize("axes", [2, 3])
def test_the_decomposition_is_sellings(axes: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer: Any = pytest.importorskip("agd.Selling")
    matrices = random_field((40, 3) if axes == 2 else (40, 3, 1), 0.06)
    matrices = matrices.reshape(120, axes, axes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weights, vectors = peer.Decomposition(np.moveaxis(matrices, 0, -1))
    wanted = [
        {tuple(int(x) for x in e * (1 if tuple(e) > (0,) * axes else -1)): float(w)}
        for n in range(120)
        for w, e in zip(weights[:, n], vectors[:, :, n].T, strict=True)
    ]
    parts = np.stack([matrices[:, i, j] for i, j in ((0, 0), (1, 1), (0, 1))])
    if axes == 2:
        module = specialise(stencil, constant, "f8", CHANNELS=1, COMPACT=False)
        table, images, cones, factors, least, borders = directions(Grid((1.0, 1.0)), 6)
        # In the middle of 15 x 15 equal pixels both ends of a pair give it the same weight.
        field = np.repeat(np.repeat(parts[:, None, None, :], 15, axis=1), 15, axis=3)
        planes = np.zeros((len(table), 15 + 6, field.shape[3] + 12))
        active = np.zeros((len(table), 15, -(-field.shape[3] // stencil.RUN)), np.uint8)
        module.weigh(
            field, np.ones(3), 6, table, images, cones, factors, least, borders, planes, active, np.zeros(15),
            (0, 15, 0, 1, 0, field.shape[3]),
        )  # fmt: skip
        got = planes[:, 6 + 7, 6 + 7 + 15 * np.arange(120)].T
        keys = [tuple(int(x) for x in e) for e in table]
    else:
        module = specialise(selling, constant, "f8")
        table, index = offsets(6, True)
        field = np.stack([matrices[:, i, j] for i, j in PARTS[True]])[:, :, None, None]
        codes = np.zeros((6, 120, 1, 1), np.int16)
        found = np.zeros((6, 120, 1, 1))
        box = (0, 120, 0, 1, 0, 1)
        module.decompose(field, np.ones(6), 1.0, 1e-15, index, found, codes, box)
        got = np.zeros((120, len(table) // 2))
        for k in range(6):
            np.add.at(got, (np.arange(120), codes[k, :, 0, 0]), found[k, :, 0, 0])
        keys = [tuple(int(x) for x in e) for e in table[: len(table) // 2]]
    for n in range(120):
        mine = {key: w for key, w in zip(keys, got[n], strict=True) if w > 1e-12}
        theirs: dict[tuple[int, ...], float] = {}
        for pair in wanted[n * len(weights) : (n + 1) * len(weights)]:
            theirs |= {key: w for key, w in pair.items() if w > 1e-12}
        assert mine.keys() == theirs.keys()
        assert all(abs(mine[key] - theirs[key]) < 1e-12 for key in mine)


@pytest.mark.parametrize(
    ("values", "spacing"),
    [((1.0, 0.05), (1.0, 1.0)), ((1.0, 0.2), (0.7, 1.3)), ((1.0, 0.4, 0.15), (1.0, 0.8, 1.2))],
)
def test_a_spots_covariance_grows_by_2tD(values: Any, spacing: Any) -> None:
    # Exactly so, whatever the time step: the second moments of the stencil are those of D.
    n, time = len(spacing), 3.0 if len(spacing) == 2 else 0.6
    shape = (61, 61) if n == 2 else (25, 25, 25)
    for seed in range(3):
        d = turned(values, seed)
        u = evolve(
            spot(shape), Oriented(d, reach=5), scheme=Explicit(), until=Time(time), spacing=spacing
        ).u
        x = positions(shape, spacing)
        found = np.array([[(u * a * b).sum() for b in x] for a in x])
        assert np.abs(found - 2.0 * time * d).max() < 1e-6 * time
        assert u.min() >= 0.0


def test_a_gaussian_stays_a_gaussian_at_second_order() -> None:
    d, time, errors = turned((1.0, 0.1)), 1.0, []
    for h in (0.5, 0.25):
        shape = (int(14 / h), int(14 / h))
        x = np.stack(np.broadcast_arrays(*positions(shape, (h, h))), axis=-1)

        def gaussian(covariance: Any, x: Any = x) -> Any:
            inverse = np.linalg.inv(covariance)
            density = np.exp(-0.5 * np.einsum("...i,ij,...j", x, inverse, x))
            return density / np.sqrt(np.linalg.det(covariance))

        start, end = gaussian(np.eye(2)), gaussian(np.eye(2) + 2.0 * time * d)
        u = evolve(start, Oriented(d), scheme=Explicit(), until=Time(time), spacing=(h, h)).u
        errors.append(float(np.abs(u - end).max()))
    assert 1.8 < np.log2(errors[0] / errors[1]) < 2.2


@pytest.mark.parametrize("shape", [(24, 31), (7, 6, 9), (40,)])
def test_without_edges_it_is_the_heat_equation(shape: tuple[int, ...]) -> None:
    image = 100.0 * scene(shape)
    heat = evolve(image, Heat(), scheme=Explicit(0.1), until=Time(2.0)).u
    n = len(shape)
    for equation in (
        EdgeEnhancing(contrast=1e9),
        Oriented(np.eye(n)),
        CoherenceEnhancing(isotropic=1.0),
    ):
        u = evolve(image, equation, scheme=Explicit(0.1), until=Time(2.0)).u
        assert np.abs(u - heat).max() < 1e-10, equation


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((13, 17), {"reach": 9}),
        ((13, 17), {"reach": 3}),
        ((13, 17), {"compact": True}),
        ((7, 6, 8), {"reach": 2}),
    ],
)
def test_no_new_extrema_at_any_anisotropy(shape: tuple[int, ...], options: Any) -> None:
    n = len(shape)
    for seed in range(3):
        field = random_field(shape, 1e-6, seed)
        equation = Oriented(field, **options)
        check_equation(
            equation, schemes=[FSI(), Explicit()], images=[noise(shape, seed), spot(shape)],
            axioms=("range", "mean", "constant", "tiling"), spacing=(1.0, 0.6, 1.4)[:n],
        )  # fmt: skip


def test_the_stencils_keep_within_their_reach_and_are_symmetric() -> None:
    rng = np.random.default_rng(0)
    for grid in (Grid((1.0, 1.0)), Grid((1.0, 2.5))):
        for reach in (1, 2, 4):
            table = directions(grid, reach).table
            assert np.abs(table).max() <= reach
            thin = roundest(grid, reach)
            matrices = random_field((9, 8), thin)
            field = np.stack([matrices[..., i, j] for i, j in ((0, 0), (1, 1), (0, 1))])
            operator = tensor_diffusion(field, grid, reach=reach)
            check_operator(operator, rng.random((1, 9, 8)))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_the_decomposition_is_whole_where_two_of_its_parts_meet(dtype: str) -> None:
    # Axes, diagonals, no direction: there rounding may say either part, but not both and not none.
    grid, reach, tiny = Grid((1.0, 1.0)), 3, np.finfo(dtype).smallest_subnormal
    mixed = [0.0, tiny, -tiny, 1e-30, -1e-30, 1e-9, -1e-9, 0.5, -0.5, 0.5000001, -0.4999999, 0.9]
    for other in (1.0, 0.5, 0.9999999):
        for b in mixed[: 7 if other < 0.9 else None]:
            field = np.zeros((3, 7, 7), dtype)
            field[0], field[1], field[2] = 1.0, other, b
            y, x = np.mgrid[-3:4, -3:4].astype(dtype)
            a = tensor_diffusion(field, grid, reach=reach)
            got = [a.axpy(1.0, image[None])[0][3, 3] for image in (y * y, x * x, y * x)]
            assert np.allclose(got, [2.0, 2.0 * other, 2.0 * b], atol=2e-5, rtol=0.0), (other, b)


def test_the_limit_of_the_reach_is_sharp() -> None:
    # Tensors a little thinner than allowed lose some of their trace: no direction is left for it.
    grid, angles = Grid((1.0, 1.0)), np.linspace(0.0, np.pi, 721)
    c, s = np.cos(angles), np.sin(angles)
    for reach in (1, 2, 3, 5):
        for factor, fits in ((1.0001, True), (0.98, False)):
            thin = factor * roundest(grid, reach)
            parts = np.stack([c * c + thin * s * s, s * s + thin * c * c, (1 - thin) * c * s])
            field = np.repeat(parts[:, None, :], 2 * reach + 1, axis=1)
            off = 0.0
            for n in range(0, len(angles), 40):
                one = np.repeat(field[:, :, n : n + 1], 2 * reach + 1, axis=2)
                a = tensor_diffusion(np.ascontiguousarray(one), grid, reach=reach)
                y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
                moment = a.axpy(1.0, (y * y + x * x)[None])[0][reach, reach]
                off = max(off, abs(moment - 2.0 * (1.0 + thin)))
            assert (off < 1e-9) or not fits


@pytest.mark.parametrize("scheme", [Explicit(), FED(), FSI(), Adaptive()])
def test_a_gap_in_a_line_is_closed(scheme: Any) -> None:
    y, x = np.mgrid[:40, :60]
    line = 100.0 * (np.abs(0.5 * x - y + 5.0) < 1.5)
    gap = line.copy()
    gap[:, 27:33] = 0.0
    there = (np.abs(0.5 * x - y + 5.0) < 0.6) & (x >= 28) & (x < 32)
    u = evolve(gap, CoherenceEnhancing(), scheme=scheme, until=Time(20.0)).u
    heat = evolve(gap, Heat(), until=Time(20.0)).u
    assert u[there].mean() > 30.0
    assert u[there].mean() > 1.5 * heat[there].mean()


def test_noise_goes_and_edges_stay() -> None:
    truth = 100.0 * (np.add.outer(np.arange(48), 0.6 * np.arange(48)) > 38)
    noisy = truth + np.random.default_rng(0).normal(0.0, 10.0, truth.shape)
    equation = EdgeEnhancing(contrast=10.0)
    u = evolve(noisy, equation, scheme=FSI(), until=Time(8.0)).u
    heat = evolve(noisy, Heat(), until=Time(8.0)).u
    assert np.abs(u - truth).mean() < 0.6 * np.abs(heat - truth).mean()


@pytest.mark.parametrize(
    ("angle", "least"), [(0.0, 0.78), (45.0, 0.74), (22.5, 0.74), (15.0, 0.71)]
)
def test_a_straight_edge_stays_steep_and_steepest_along_an_offset(
    angle: float, least: float
) -> None:
    y, x = np.mgrid[-30:31, -30:31]
    turn = np.radians(angle)
    edge = 100.0 / (1.0 + np.exp(-(x * np.cos(turn) + y * np.sin(turn))))
    u = evolve(edge, EdgeEnhancing(2.0), scheme=FSI(), until=Time(80.0)).u
    before, after = (np.hypot(*np.gradient(image))[30, 30] for image in (edge, u))
    assert after > least * before


def test_averaged_directions_know_stripes_at_their_crests_too() -> None:
    y, x = np.mgrid[:40, :40]
    truth = 50.0 + 40.0 * np.sin(2 * np.pi * (x + 0.5 * y) / 6.0)
    noisy = truth + np.random.default_rng(0).normal(0.0, 15.0, truth.shape)
    errors = []
    for rho in (0.0, 2.0):
        flow = EdgeEnhancing(contrast=8.0, presmoothing=0.7, integration=rho)
        check_equation(flow, schemes=[FSI()], images=[noisy[:7, :6]])
        u = evolve(noisy, flow, scheme=FSI(), until=Time(1.5)).u
        errors.append(float(np.abs(u - truth)[5:-5, 5:-5].mean()))
    assert errors[1] < 0.85 * errors[0]


def test_fibres_in_a_volume_are_smoothed_along() -> None:
    rng = np.random.default_rng(0)
    z, y, x = np.mgrid[:12, :24, :24]
    truth = 100.0 * (np.abs(y - 12 - 0.5 * (x - 12)) + np.abs(z - 6) < 2.5)
    noisy = truth + rng.normal(0.0, 15.0, truth.shape)
    errors = [
        np.abs(evolve(noisy, equation, scheme=FSI(), until=Time(4.0)).u - truth).mean()
        for equation in (Heat(), Hybrid(contrast=15.0, switch=10.0))
    ]
    assert errors[1] < 0.9 * errors[0]


def test_channels_share_one_tensor() -> None:
    grey = 100.0 * scene((17, 21))
    colour = np.stack([grey, 2.0 * grey, 0.0 * grey], axis=-1)
    u = evolve(colour, EdgeEnhancing(np.sqrt(5.0) * 20.0), until=Steps(3), channel_axis=-1).u
    alone = evolve(grey, EdgeEnhancing(20.0), until=Steps(3)).u
    assert np.abs(u[..., 0] - alone).max() < 1e-10
    assert np.abs(u[..., 1] - 2.0 * alone).max() < 1e-10


def test_tensor_flows_can_be_masked() -> None:
    image, mask = 100.0 * scene((16, 18)), np.zeros((16, 18))
    mask[4:9, 5:12] = 1.0
    u = evolve(image, Masked(EdgeEnhancing(20.0), mask), scheme=FSI(), until=Time(5.0)).u
    assert np.array_equal(u[mask == 0], image[mask == 0])
    assert not np.array_equal(u[mask == 1], image[mask == 1])


def test_what_cannot_be_is_refused_in_one_line() -> None:
    image = noise((6, 7))
    with pytest.raises(ImageError, match=r"must be \(\*space, 2, 2\)"):
        evolve(image, Oriented(np.eye(3)), until=Steps(1))
    with pytest.raises(ImageError, match="tensors has the shape"):
        evolve(image, Oriented(np.ones((5, 5, 2, 2))), until=Steps(1))
    with pytest.raises(ImageError, match="must be symmetric"):
        evolve(image, Oriented(np.array([[1.0, 0.5], [0.0, 1.0]])), until=Steps(1))
    with pytest.raises(ImageError, match="negative eigenvalues, down to -1"):
        evolve(image, Oriented(np.diag([1.0, -1.0])), until=Steps(1))
    with pytest.raises(ParameterError, match="compact=True is for images"):
        evolve(noise((3, 4, 5)), EdgeEnhancing(1.0, compact=True), until=Steps(1))


def test_a_kept_operator_is_that_of_the_image() -> None:
    grid, image = Grid((1.0, 1.0)), 100.0 * scene((12, 13))[None]
    begun: Any = EdgeEnhancing(20.0).begin(image, grid, lambda array, name: array)
    first = begun.operator(image, 0.0, grid)
    assert begun.operator(image.copy(), 0.0, grid) is first
    image[0, 5, 5] += 1.0
    other = begun.operator(image, 0.0, grid)
    assert other is not first
    assert np.array_equal(
        other.axpy(0.1, image), EdgeEnhancing(20.0).operator(image, 0.0, grid).axpy(0.1, image)
    )
    assert volume(image).shape == (1, 12, 1, 13)
