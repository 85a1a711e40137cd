"""Additive operator splitting: implicit along each axis, then averaged."""

from __future__ import annotations

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.lines import solve_axis
from divgrad.operators import Equation
from divgrad.parameters import Varying, declared, parameter
from divgrad.schemes.scheme import Scheme, State, fit, outer_step, stable


@declared
class AOS(Scheme):
    r"""Steps of any length, each solved line by line.

    .. math:: u^{k+1} = \frac1N \sum_{l=1}^N \bigl(I - N \tau A_l(u^k)\bigr)^{-1} (u^k + \tau b)

    Stable and without new extrema for every step; accurate for steps up to about 20 explicit ones.

    Raises
    ------
    SchemeError
        If the equation couples pixels across axes.

    References
    ----------
    J. Weickert, B. M. ter Haar Romeny, M. A. Viergever, IEEE TIP 7:398-410, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import AOS, Heat, Time, evolve
    >>> evolve(np.array([0.0, 1.0, 0.0]), Heat(), scheme=AOS(tau=1.0), until=Time(1.0)).u
    array([0.25, 0.5 , 0.25])
    """

    tau: Varying | None = parameter(
        "Time step; None takes 20 stable explicit steps",
        unit="length squared", above=0, varies=True, optional=True, default=None, example="5",
    )  # fmt: skip

    order = 1
    needs = ("linear", "bands")
    citation = "J. Weickert, B. M. ter Haar Romeny, M. A. Viergever, IEEE TIP 7:398-410, 1998"

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on by one step."""
        u, t = at.u, at.t
        limit = stable(equation, u, t, grid) if self.tau is None else 1.0
        tau, later = fit(outer_step(self, t, limit), t, end)
        operator = self.linearise(equation, u, t, grid)
        if operator.inflow is not None:
            u = u + u.dtype.type(tau) * operator.inflow
        out = np.empty_like(u)
        n = grid.ndim
        for axis in range(n):
            bands = operator.bands(axis)
            solve_axis(bands, axis, u, out, n * tau, 1.0 / n, axis > 0, grid)
            del bands  # before the next ones are made
        return State(out, later, at.step + 1)
