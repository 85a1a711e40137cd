"""Semi-implicit steps: one large linear system for each."""

from __future__ import annotations

import numpy as np

from divgrad.errors import SchemeError
from divgrad.grid import Grid
from divgrad.kernels.krylov import Linear, bicgstab, conjugate_gradients
from divgrad.kernels.vcycle import Multigrid
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import Varying, declared, parameter
from divgrad.schemes.scheme import Scheme, State, fit, outer_step, stable

ROUNDING = 1.0  # units of the last place: what is as good as exact


@declared
class Implicit(Scheme):
    r"""Steps of any length, whole images solved at once: for steady states and very long times.

    .. math:: (I - \tau A(u^k)) \, u^{k+1} = u^k + \tau b

    Stable for every step. Where the exact step makes no new extremum and keeps the mean, this one leaves them by
    no more than its tolerance. Solved by conjugate gradients (BiCGSTAB where the flow is not symmetric),
    preconditioned by a multigrid cycle where the operator has bands: then the work of a step hardly grows
    with its length, and one step of a huge length fills a hole.

    Raises
    ------
    SchemeError
        If the flow is no linear operator, or the system cannot be solved: diffusion backwards.

    References
    ----------
    Semi-implicit diffusion: F. Catte, P.-L. Lions, J.-M. Morel, T. Coll, SIAM J. Numerical Analysis 29:182-193, 1992.
    Conjugate gradients with multigrid: O. Tatebe, Copper Mountain Conference on Multigrid Methods, 1993, 621-634.
    Reduced cells: D. Braess, Computing 55:379-393, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Heat, Implicit, Time, evolve
    >>> evolve(np.array([0.0, 1.0, 0.0]), Heat(), scheme=Implicit(tau=1.0), until=Time(1.0)).u
    array([0.25, 0.5 , 0.25])
    """

    tau: Varying | None = parameter(
        "Time step; None takes 20 stable explicit steps",
        unit="length squared", above=0, varies=True, optional=True, default=None, example="100",
    )  # fmt: skip
    tolerance: float | None = parameter(
        "Error allowed in the solution of a step, as a part of the largest grey value; None: rounding only",
        above=0, most=1, optional=True, default=None, example="1e-4",
    )  # fmt: skip

    order = 1
    needs = ("linear",)
    citation = (
        "F. Catte, P.-L. Lions, J.-M. Morel, T. Coll, SIAM J. Numerical Analysis 29:182-193, 1992"
    )

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on by one step."""
        u, t = at.u, at.t
        limit = stable(equation, u, t, grid) if self.tau is None else 1.0
        tau, later = fit(outer_step(self, t, limit), t, end)
        operator = self.linearise(equation, u, t, grid)
        part = ROUNDING * float(np.finfo(u.dtype).eps) if self.tolerance is None else self.tolerance
        allowed = part * max(float(u.max()), -float(u.min()))
        change = operator.axpy(tau, u)
        change -= u
        closed = operator.symmetric and operator.inflow is None and _is_balanced(change)
        found = solve(operator, tau, change, allowed, grid)
        if found is None:
            raise SchemeError(
                f"Implicit cannot solve a step of {tau:g}: {type(equation).__name__} may flow backwards here; "
                "take a smaller tau, or Explicit"
            )
        if closed:  # nothing damps the mean: what tolerance and rounding added to it would stay
            found -= _mean(found).astype(u.dtype)
        return State(np.add(u, found, out=found), later, at.step + 1)


def _mean(u: Image) -> Image:
    return np.asarray(u.mean(axis=tuple(range(1, u.ndim)), keepdims=True, dtype=np.float64))


def _is_balanced(change: Image) -> bool:
    """Whether what flows is zero in the mean, but for its rounding."""
    largest = max(float(change.max()), -float(change.min()))
    allowed = 64.0 * float(np.finfo(change.dtype).eps) * largest
    return float(np.abs(_mean(change)).max()) <= allowed


def solve(operator: Operator, tau: float, r: Image, allowed: float, grid: Grid) -> Image | None:
    """Return x with (I - tau A) x = r, to what is allowed; None if that fails.

    The unknown is the change of the image: where nothing flows it is zero to the bit, and rounding is a part of
    it, not of the image.
    """
    inflow = operator.inflow

    def matrix(x: Image) -> Image:
        product = x + x
        product -= operator.axpy(tau, x)
        if inflow is not None:
            product += x.dtype.type(tau) * inflow
        return product

    product: Linear = matrix
    cycle: Linear = np.copy
    symmetric = operator.symmetric
    if operator.has_bands:
        still = (r == 0).all(axis=0, keepdims=True)
        grids = Multigrid([operator.bands(axis) for axis in range(grid.ndim)], tau, still, grid)
        cycle, symmetric = grids.cycle, grids.exact
        product = grids.product if symmetric else matrix
    found = conjugate_gradients(product, cycle, r, allowed, grid) if symmetric else None
    if found is not None:
        return found
    found = bicgstab(matrix, cycle, r, allowed, grid)
    if found is not None:  # its rounding adds up; once more for what is left
        rest = bicgstab(matrix, cycle, r - matrix(found), allowed, grid)
        found = found if rest is None else found + rest
    return found
