"""Fast semi-iterative diffusion: the cycle of FED as a recurrence, stable at every step."""

from __future__ import annotations

from divgrad.grid import Grid
from divgrad.operators import Equation
from divgrad.parameters import Varying, declared, parameter
from divgrad.schemes.fed import fed_cycle
from divgrad.schemes.scheme import Scheme, State, cycle_length, fit, outer_step, stable


@declared
class FSI(Scheme):
    r"""Long times in few steps: explicit steps that are pushed on by the step before.

    .. math:: u^{k+1} = a_k (I + \tau A) u^k + (1 - a_k) u^{k-1}, \quad a_k = \frac{4k+2}{2k+3}, \quad
        u^{-1} = u^0

    n steps reach as far as n^2 / 3 explicit ones. The equation is linearised once per cycle of n steps. The
    default for long times. (Volumes, and cycles of more than 96 steps, take the factors of the same
    polynomial one after the other, as FED does: that needs less memory.)

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
    citation = (
        "D. Hafner, P. Ochs, J. Weickert, M. Reissel, S. Grewenig, GCPR 2016, LNCS 9796:348-360"
    )
    exemptions = {  # noqa: RUF012
        "range": "a cycle's polynomial has negative weights in 2-D and 3-D: points and corners overshoot",
    }

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on by one cycle."""
        u, t = at.u, at.t
        limit = stable(equation, u, t, grid)
        tau, later = fit(outer_step(self, t, limit), t, end)
        n = cycle_length(tau, limit)
        step = 3.0 * tau / (n * (n + 1))
        fresh = [(4 * k + 2) / (2 * k + 3) for k in range(n)]
        chain = fed_cycle(tau, limit)
        operator = equation.operator(u, t, grid)
        return State(
            operator.polynomial(u, [step] * n, fresh, chain, spoil=at.own), later, at.step + 1
        )
