"""Fast semi-iterative diffusion: the cycle of FED as a recurrence, stable at every step."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from divgrad.grid import Grid
from divgrad.operators import Equation
from divgrad.parameters import Varying, declared, parameter
from divgrad.schemes.fed import leja
from divgrad.schemes.scheme import Scheme, State, fit, outer_step, stable


@declared
class FSI(Scheme):
    r"""Long times in few steps: explicit steps that are pushed on by the step before.

    .. math:: u^{k+1} = f_k (I + \tau A) u^k + (1 - f_k) u^{k-1}, \quad f_k = \frac{2k + 2a}{k + 2a}, \quad
        u^{-1} = u^0, \quad a = d + \tfrac12

    n steps in d dimensions reach as far as n (n + 2a) / (2a + 1) - 1 explicit ones. The equation is linearised
    once per cycle of n steps. The default for long times. The cycle is the Gegenbauer polynomial
    :math:`C_n^a`; the published factors, f = (4k + 2) / (2k + 3), reach farther but make new extrema at
    points and corners in 2-D and 3-D, these make none. (Volumes, and cycles of more than 96 steps, take the
    factors of the same polynomial one after the other, as FED does: that needs less memory.)

    References
    ----------
    D. Hafner, P. Ochs, J. Weickert, M. Reissel, S. Grewenig, GCPR 2016, LNCS 9796:348-360.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import FSI, Heat, Time, evolve
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 1.0
    >>> evolve(spot, Heat(), scheme=FSI(), until=Time(8.0)).steps
    2
    """

    tau: Varying | None = parameter(
        "Time of one cycle; None takes 20 stable explicit steps",
        unit="length squared", above=0, varies=True, optional=True, default=None, example="5",
    )  # fmt: skip

    order = 1
    in_parts = True
    needs = ("linear", "real")
    citation = (
        "D. Hafner, P. Ochs, J. Weickert, M. Reissel, S. Grewenig, GCPR 2016, LNCS 9796:348-360"
    )

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on by one cycle."""
        u, t = at.u, at.t
        limit = stable(equation, u, t, grid)
        tau, later = fit(outer_step(self, t, limit), t, end)
        n = inner_steps(tau, limit, grid.ndim)
        fresh, lengths = gegenbauer(n, grid.ndim + 0.5)
        step = tau / reach(n, grid.ndim)
        chain = [step * length for length in lengths]
        operator = self.linearise(equation, u, t, grid)
        return State(
            operator.polynomial(u, [step] * n, fresh, chain, spoil=at.own), later, at.step + 1
        )


def reach(n: int, ndim: int) -> float:
    """Return how many stable explicit steps a cycle of n steps replaces.

    >>> reach(1, 2), reach(9, 2), reach(90, 2)
    (1.0, 21.0, 1425.0)
    """
    return n * (n + 2 * ndim + 1) / (2 * ndim + 2)


def inner_steps(tau: float, limit: float, ndim: int) -> int:
    """Return the least n with limit * (reach(n) - 1) >= tau: the steps of a cycle of the time tau.

    At full length, limit * reach(n), the fastest mode would only change its sign: checks of single pixels would
    stay. One stable step less damps them to exp(-2).

    >>> inner_steps(0.25, 0.25, 2), inner_steps(5.0, 0.25, 2), inner_steps(5.25, 0.25, 2)
    (2, 9, 10)
    """
    half = ndim + 0.5
    wanted = (2 * ndim + 2) * (tau / limit * (1.0 - 1e-9) + 1.0)
    return max(1, math.ceil(math.sqrt(wanted + half**2) - half))


@lru_cache(maxsize=256)
def gegenbauer(n: int, a: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the factors f of the recurrence and the lengths 1 / (1 - x_i) of the same polynomial's chain.

    x_i are the roots of C_n^a, by Newton's method from the eigenvalues of its Jacobi matrix, which alone could
    differ from one machine to another; in Leja's order.

    >>> fresh, lengths = gegenbauer(9, 2.5)
    >>> fresh[0], round(fresh[8], 3), round(sum(lengths), 9)
    (1.0, 1.615, 21.0)
    """
    fresh = tuple((2 * k + 2 * a) / (k + 2 * a) for k in range(n))
    k = np.arange(1, n)
    side = np.sqrt(k * (k + 2 * a - 1) / (4 * (k + a) * (k + a - 1)))
    x = np.linalg.eigvalsh(np.diag(side, 1) + np.diag(side, -1))
    for _ in range(3):
        old, new = np.ones_like(x), np.ones_like(x)
        slope_old, slope_new = np.zeros_like(x), np.zeros_like(x)
        for f in fresh:
            following = f * x * new + (1.0 - f) * old
            slope = f * (new + x * slope_new) + (1.0 - f) * slope_old
            old, new, slope_old, slope_new = new, following, slope_new, slope
        x = x - new / slope_new
    x = 0.5 * (x - x[::-1])  # they come in pairs
    return fresh, leja([1.0 / (1.0 - root) for root in x.tolist()])
