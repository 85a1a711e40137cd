"""Schemes that solve systems, and those that reduce the image: steady states, tolerances, refusals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.fft import dctn, idctn

from divgrad import (
    AOS,
    FSI,
    LOD,
    CoarseToFine,
    Explicit,
    Fidelity,
    Grid,
    Heat,
    Implicit,
    Masked,
    PeronaMalik,
    SteadyState,
    Steps,
    Sum,
    Tiling,
    Time,
    evolve,
)
from divgrad.conductances import forward_and_backward
from divgrad.errors import ParameterError, SchemeError
from divgrad.kernels.halving import halving
from divgrad.kernels.krylov import bicgstab, conjugate_gradients
from divgrad.kernels.vcycle import Multigrid
from divgrad.operators import Arrange, Equation, Operator
from divgrad.parameters import declared, parameter
from divgrad.schemes.implicit import solve
from divgrad.testing import check_scheme, heat
from divgrad.testing.phantoms import noise, scene
from divgrad.testing.schemes import eigenvalues, waves

SADDLE = np.subtract.outer(np.arange(12.0) ** 2, np.arange(11.0) ** 2)
HOLE = np.zeros(SADDLE.shape, bool)
HOLE[3:9, 2:9] = True
HOLED = np.where(HOLE, 0.0, SADDLE)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 4.0)])
def test_one_huge_implicit_step_is_the_screened_poisson_equation(
    spacing: tuple[float, float],
) -> None:
    image = noise((9, 12))
    pull = 0.3 / (0.3 - eigenvalues(image.shape, spacing))
    wanted = idctn(dctn(image, norm="ortho") * pull, norm="ortho")
    flow, scheme = Fidelity(Heat(), weight=0.3), Implicit(tau=1e9)
    got = evolve(image, flow, scheme=scheme, until=Steps(1), spacing=spacing).u
    assert float(np.abs(got - wanted).max()) < 1e-8


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_huge_implicit_step_fills_a_hole(dtype: str) -> None:
    image, mask = HOLED.astype(dtype), HOLE
    got = evolve(image, Masked(Heat(), mask), scheme=Implicit(tau=1e8), until=Steps(1)).u
    assert np.array_equal(got[~mask], image[~mask])
    assert float(np.abs(got - SADDLE).max()) < (2e-4 if dtype == "float32" else 1e-5)


def test_implicit_steps_reach_the_steady_state_of_a_flow_that_is_not_symmetric() -> None:
    """A mask that slows by different amounts is solved by BiCGSTAB; what it slows ends where it would."""
    slow = np.where(HOLE, 0.2 + 0.8 * np.abs(noise(HOLE.shape, 3)).clip(0, 1), 0.0)
    got = evolve(HOLED, Masked(Heat(), slow), scheme=Implicit(tau=1e7), until=Steps(3)).u
    assert float(np.abs(got - SADDLE).max()) < 1e-5


def test_lod_keeps_what_a_fidelity_term_pulls_to() -> None:
    """What flows in is dealt out to the axes as the pull is: an image that is its own data stays."""
    flat = np.full((5, 6, 4), 7.0)
    got = evolve(flat, Fidelity(Heat(), weight=2.0), scheme=LOD(tau=3.0), until=Steps(4)).u
    assert float(np.abs(got - 7.0).max()) < 1e-13
    image = noise((9, 12))
    pull = 0.3 / (0.3 - eigenvalues(image.shape, (1.0, 1.0)))
    wanted = idctn(dctn(image, norm="ortho") * pull, norm="ortho")
    off = []
    for tau in (0.4, 0.2, 0.1):  # its steady state is off by the order of its step
        scheme, end = LOD(tau=tau), SteadyState(1e-10) | Time(200.0)
        u = evolve(image, Fidelity(Heat(), weight=0.3), scheme=scheme, until=end).u
        off.append(float(np.sqrt(np.mean((u - wanted) ** 2))))
    assert abs(math.log2(off[0] / off[1]) - 1.0) < 0.2
    assert abs(math.log2(off[1] / off[2]) - 1.0) < 0.2


def test_lod_errs_less_than_aos_at_the_same_step() -> None:
    image = waves((24, 20))
    wanted = heat(image, 20.0)
    lod, aos = (
        float(np.abs(evolve(image, Heat(), scheme=by, until=Time(20.0)).u - wanted).max())
        for by in (LOD(tau=2.0), AOS(tau=2.0))
    )
    assert lod < 0.5 * aos


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, None])
@pytest.mark.parametrize("tau", [5.0, 500.0])
def test_implicit_steps_keep_range_and_mean_to_their_tolerance(
    tau: float, tolerance: float | None
) -> None:
    """Measured against the solution to rounding; spots are the worst there is."""
    image = 100.0 * scene((23, 18))
    image[5, 5], image[6, 7] = 300.0, -200.0
    equation, until = PeronaMalik(contrast=20.0), Steps(1)
    got = evolve(image, equation, scheme=Implicit(tau, tolerance), until=until).u
    exact = evolve(image, equation, scheme=Implicit(tau, 1e-15), until=until).u
    allowed = 300.0 * (tolerance or 8 * np.finfo(float).eps)
    assert float(np.abs(got - exact).max()) <= 1.5 * allowed + 1e-12
    assert image.min() - allowed <= got.min() <= got.max() <= image.max() + allowed
    assert abs(float(got.mean() - image.mean())) < 1e-12


def test_a_huge_step_does_not_lose_the_mean_to_rounding() -> None:
    image = (100.0 * scene((33, 47))).astype(np.float32)
    got = evolve(image, Heat(), scheme=Implicit(tau=1e7), until=Steps(1)).u
    assert float(np.abs(got - image.mean(dtype=np.float64)).max()) < 1e-3
    assert abs(float(got.mean(dtype=np.float64) - image.mean(dtype=np.float64))) < 1e-5


@dataclass(frozen=True)
class Bare(Equation):
    """Heat flow without bands, and turned a little: two tensors' cross terms would be like that."""

    citation: ClassVar[str] = "nobody"
    lean: float = 0.0

    def operator(self, u: Any, t: float, grid: Grid) -> Operator:
        return BareOperator(Heat().operator(u, t, grid), self.lean)


class BareOperator(Operator):
    def __init__(self, inner: Operator, lean: float) -> None:
        self.inner, self.lean, self.symmetric = inner, lean, lean == 0.0

    def axpy(self, tau: float, v: Any) -> Any:
        drift = np.zeros_like(v)
        drift[..., 1:] += v[..., :-1]
        drift[..., :-1] -= v[..., :-1]
        return self.inner.axpy(tau, v) + tau * self.lean * drift

    def bound(self) -> float:
        return self.inner.bound() + 2.0 * abs(self.lean)


@pytest.mark.parametrize("lean", [0.0, 0.4])
def test_operators_without_bands_are_solved_by_their_products_alone(lean: float) -> None:
    image, equation = noise((9, 12)), Bare(lean=lean)
    got = evolve(image, equation, scheme=Implicit(tau=30.0), until=Steps(1)).u
    back = equation.operator(image[None], 0.0, Grid((1.0, 1.0))).axpy(-30.0, got[None])[0]
    assert float(np.abs(back - image).max()) < 1e-11
    assert np.isclose(got.mean(), image.mean(), atol=1e-14)


def test_solvers_find_what_a_dense_solver_finds() -> None:
    rng = np.random.default_rng(0)
    root = rng.normal(size=(20, 20))
    positive, any_one = root @ root.T + np.eye(20), root + 5.0 * np.eye(20)
    r, grid = rng.normal(size=(1, 20)), Grid((1.0,))
    for method, matrix in (
        (conjugate_gradients, positive), (bicgstab, positive), (bicgstab, any_one)
    ):  # fmt: skip
        found = method(lambda x, m=matrix: (m @ x[0])[None], np.copy, r, 1e-12, grid)
        assert found is not None
        assert np.allclose(found[0], np.linalg.solve(matrix, r[0]), rtol=0, atol=1e-9)
    assert conjugate_gradients(lambda x: -x, np.copy, r, 1e-12, grid) is None


def test_the_work_of_an_implicit_step_hardly_grows_with_its_length() -> None:
    counts = []
    u, grid = noise((96, 80))[None], Grid((1.0, 1.0))
    operator = Heat().operator(u, 0.0, grid)
    for tau in (25.0, 2500.0, 250000.0):
        r = operator.axpy(tau, u) - u
        bands = [operator.bands(axis) for axis in range(2)]
        grids, calls = Multigrid(bands, tau, None, grid), [0]

        def cycle(x: Any, grids: Any = grids, calls: Any = calls) -> Any:
            calls[0] += 1
            return grids.cycle(x)

        assert conjugate_gradients(grids.product, cycle, r, 1e-9, grid) is not None
        counts.append(calls[0])
    assert max(counts) <= 14, counts


@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 1, 3), (3, 5), (1, 1), (7,), (4, 6, 5)])
def test_the_matrix_of_the_grids_is_the_operator_s(shape: tuple[int, ...]) -> None:
    image, rng = 100.0 * noise(shape)[None], np.random.default_rng(0)
    grid = Grid((1.0, 2.0, 0.7)[: len(shape)])
    flow = Fidelity(PeronaMalik(50.0), weight=0.3, data=image)
    operator = flow.operator(image, 0.0, grid)
    bands = [operator.bands(axis) for axis in range(len(shape))]
    grids = Multigrid(bands, 3.0, None, grid)
    x = rng.normal(size=image.shape)
    wanted = 2.0 * x - operator.axpy(3.0, x) + 3.0 * operator.inflow
    assert grids.exact
    assert np.allclose(grids.product(x), wanted, rtol=0, atol=1e-12)


def test_implicit_solutions_do_not_depend_on_threads_where_there_are_several_blocks() -> None:
    u = noise((300, 400)).astype(np.float32)
    results = [
        evolve(u, PeronaMalik(0.5), scheme=Implicit(tau=50.0), until=Steps(1), tiling=tiling).u
        for tiling in (Tiling(threads=1), Tiling(threads=3), Tiling(block=(7, 1, 33)))
    ]
    assert all(np.array_equal(results[0], result) for result in results)


def test_a_sum_of_a_masked_and_a_free_flow_is_solved() -> None:
    flow = Sum([Masked(Heat(), HOLE), Heat(diffusivity=0.1)])
    got = evolve(SADDLE, flow, scheme=Implicit(tau=4.0), until=Time(20.0)).u
    fine = evolve(SADDLE, flow, scheme=Explicit(tau=0.1), until=Time(20.0)).u
    assert float(np.abs(got - fine).max()) < 0.1 * float(np.abs(fine - SADDLE).max())


def test_diffusion_backwards_that_cannot_be_solved_is_refused_in_one_line() -> None:
    equation = PeronaMalik(contrast=5.0, conductance=forward_and_backward())
    u = 1000.0 * scene((12, 12))
    said = "^Implicit cannot solve a step of 200: PeronaMalik may flow backwards here; [^\\n]*$"
    with pytest.raises(SchemeError, match=said):
        evolve(u, equation, scheme=Implicit(tau=200.0), until=Steps(2))
    nothing = np.zeros((1, 4, 4))
    operator = Heat().operator(nothing, 0.0, Grid((1.0, 1.0)))
    found = solve(operator, 1.0, nothing, 0.0, Grid((1.0, 1.0)))
    assert found is not None
    assert not found.any()


# Coarse to fine.


@pytest.mark.parametrize("shape", [(16, 9), (17, 8, 9), (23,), (4, 40), (10, 12)])
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_halved_images_keep_means_mirrors_and_slopes(shape: tuple[int, ...], kind: str) -> None:
    small = halving(Grid((1.0,) * len(shape)), shape)
    assert small is not None
    u = noise(shape).astype(kind)[None]
    eps = 40.0 * float(np.finfo(kind).eps)
    there = small.shrink(u)
    back = small.enlarge(there)
    assert there.shape[1:] == small.small
    assert (there.dtype, back.dtype, back.shape) == (u.dtype, u.dtype, u.shape)
    assert np.isclose(there.mean(), u.mean(), atol=eps)
    assert np.isclose(back.mean(), u.mean(), atol=eps)
    for axis in range(1, u.ndim):
        mirrored = small.shrink(np.ascontiguousarray(np.flip(u, axis)))
        assert np.allclose(mirrored, np.flip(there, axis), rtol=0, atol=eps)
        assert np.allclose(small.enlarge(mirrored), np.flip(back, axis), rtol=0, atol=eps)
    ramp = np.arange(shape[-1], dtype=kind) * np.ones((1, *shape), kind)
    edge = 2 if shape[-1] > small.small[-1] else 0  # beyond the last middles it is flat
    inner = (..., slice(edge, shape[-1] - edge))
    even = all(n % 2 == 0 for n in shape)  # a pixel that two share is not where either thinks it is
    off = np.abs(small.enlarge(small.shrink(ramp)) - ramp)[inner].max()
    assert off < (1e-4 if even else 0.03)


def test_images_are_halved_along_their_densest_axes_until_they_are_small() -> None:
    grid, shape, found = Grid((1.0, 3.0)), (64, 20), []
    while (small := halving(grid, shape)) is not None:
        grid, shape = small.grid, small.small
        found.append(shape)
    assert found == [(32, 20), (16, 10), (8, 5), (4, 5)]
    assert np.isclose(grid.spacing[0] * shape[0], 64.0)


@pytest.mark.parametrize("scheme", [CoarseToFine(), CoarseToFine(FSI(tau=3.0), levels=1)])
def test_coarse_to_fine_is_a_scheme(scheme: CoarseToFine) -> None:
    check_scheme(scheme, images=[100.0 * scene((17, 12))])


@pytest.mark.parametrize("spacing", [None, (0.5, 0.5)])
def test_coarse_to_fine_is_as_good_as_its_scheme_and_better_with_more_time_on_the_image(
    spacing: Any,
) -> None:
    image, time = 100.0 * scene((96, 80)) + noise((96, 80)), 300.0
    time *= 1.0 if spacing is None else 0.25
    wanted = heat(image, time, spacing)
    off = []
    for share in (10.0, 40.0, 160.0):
        share *= 1.0 if spacing is None else 0.25
        by = CoarseToFine(FSI(tau=time / 100), fine=share)
        got = evolve(image, Heat(), scheme=by, until=Time(time), spacing=spacing)
        assert (got.t, got.steps) == (time, 1)
        off.append(float((got.u - wanted).std() / (image - wanted).std()))
    assert off[0] > off[1] > off[2]
    assert off[1] < 0.01


def test_coarse_to_fine_fills_holes_without_a_touch_on_what_is_known() -> None:
    y, x = np.mgrid[:64, :57].astype(float)
    saddle = x**2 - y**2
    mask = np.zeros(saddle.shape, bool)
    mask[7:60, 9:50] = True
    holed = np.where(mask, 0.0, saddle)
    flow, until = Masked(Heat(), mask), Steps(3)
    got = evolve(holed, flow, scheme=CoarseToFine(), until=until).u
    plain = evolve(holed, flow, scheme=FSI(), until=until).u
    assert np.array_equal(got[~mask], holed[~mask])
    assert float(np.abs(got - saddle).max()) < 0.05 * float(np.abs(plain - saddle).max())
    end = SteadyState(1e-9)
    exact = evolve(holed, flow, scheme=CoarseToFine(FSI(tau=100.0)), until=end).u
    assert float(np.abs(exact - saddle).max()) < 1e-3


def test_coarse_to_fine_reduces_the_data_that_hold_an_image() -> None:
    image = noise((48, 40))
    pull = 0.01 / (0.01 - eigenvalues(image.shape, (1.0, 1.0)))
    wanted = idctn(dctn(image, norm="ortho") * pull, norm="ortho")
    flow = Sum([Fidelity(Heat(diffusivity=0.5), weight=0.01), Heat(diffusivity=0.5)])
    by = CoarseToFine(FSI(tau=10.0))
    got = evolve(image, flow, scheme=by, until=Time(1000.0)).u
    assert float(np.abs(got - wanted).max()) < 0.02 * float(np.abs(image - wanted).max())


@declared
class Steered(Equation):
    """Heat flow with an array that nobody knows how to reduce."""

    field: Any = parameter("A field", array=True)

    def begin(self, u: Any, grid: Grid, arrange: Arrange) -> Equation:
        return Steered(arrange(self.field, "field"))

    def operator(self, u: Any, t: float, grid: Grid) -> Operator:
        return Heat().operator(u, t, grid)


def test_what_cannot_be_reduced_is_refused_in_one_line() -> None:
    image = noise((32, 32))
    for flow in (Steered(image), Sum([Heat(), Steered(image)])):
        said = "^Steered holds an array, field, that cannot be reduced: use FSI$"
        with pytest.raises(SchemeError, match=said):
            evolve(image, flow, scheme=CoarseToFine(), until=Time(500.0))
    with pytest.raises(ParameterError, match=r"needs another scheme, such as FSI\(\); got 3"):
        CoarseToFine(3)
    with pytest.raises(ParameterError, match="needs another scheme"):
        CoarseToFine(CoarseToFine())
    with pytest.raises(SchemeError, match="AOS needs `bands`"):
        evolve(image, Bare(), scheme=CoarseToFine(AOS()), until=Time(500.0))


def test_frames_of_coarse_to_fine_show_the_same_evolution() -> None:
    from divgrad import march

    image, by = 100.0 * scene((40, 33)), CoarseToFine(fine=8.0)
    for until in (Time(90.0), Steps(4)):
        wanted = evolve(image, PeronaMalik(20.0), scheme=by, until=until)
        *_, last = march(image, PeronaMalik(20.0), scheme=by, until=until)
        assert (last.t, last.step) == (wanted.t, wanted.steps)
        assert np.array_equal(last.u, wanted.u)
