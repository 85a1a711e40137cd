"""Schemes that solve systems, and those that reduce the image: steady states, tolerances, refusals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy.fft import dctn, idctn

from divgrad import (
    LOD,
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
from divgrad.errors import SchemeError
from divgrad.kernels.krylov import bicgstab, conjugate_gradients
from divgrad.operators import Equation, Operator
from divgrad.schemes.implicit import solve
from divgrad.testing.phantoms import noise, scene
from divgrad.testing.schemes import eigenvalues

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
    from divgrad import AOS
    from divgrad.testing import heat
    from divgrad.testing.schemes import waves

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
    from divgrad.kernels import vcycle

    for tau in (25.0, 2500.0, 250000.0):
        r = operator.axpy(tau, u) - u
        bands = [operator.bands(axis) for axis in range(2)]
        grids, calls = vcycle.Multigrid(bands, tau, None, grid), [0]

        def cycle(x: Any, grids: Any = grids, calls: Any = calls) -> Any:
            calls[0] += 1
            return grids.cycle(x)

        assert conjugate_gradients(grids.product, cycle, r, 1e-9, grid) is not None
        counts.append(calls[0])
    assert max(counts) <= 14, counts


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
    try:
        out = evolve(u, equation, scheme=Implicit(tau=3.7), until=Steps(2)).u
    except SchemeError as error:
        assert "\n" not in str(error)
        assert "Implicit cannot solve a step of 3.7: PeronaMalik flows backwards here" in str(error)
    else:
        assert np.isfinite(out).all()
    nothing = np.zeros((1, 4, 4))
    operator = Heat().operator(nothing, 0.0, Grid((1.0, 1.0)))
    found = solve(operator, 1.0, nothing, 0.0, Grid((1.0, 1.0)))
    assert found is not None
    assert not found.any()
