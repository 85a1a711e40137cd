"""Locally one-dimensional steps: implicit along one axis after the other."""

from __future__ import annotations

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.lines import solve_axis
from divgrad.operators import Equation
from divgrad.parameters import Varying, declared, parameter
from divgrad.schemes.scheme import Scheme, State, fit, outer_step, stable


@declared
class LOD(Scheme):
    r"""Steps of any length, solved line by line, each axis on what the one before has made.

    .. math:: u^{k+1} = \prod_{l=N}^{1} \bigl(I - \tau A_l(u^k)\bigr)^{-1} u^k

    What flows in from outside is dealt out evenly: each axis solves for :math:`u + \tau b / N`. Stable and without
    new extrema for every step, like :class:`~divgrad.AOS`, at the same cost; the error of a step is smaller,
    :math:`\tfrac12 \tau^2 \sum_l A_l^2 u` where the axes commute. In return, which axis comes first matters.

    Raises
    ------
    SchemeError
        If the equation couples pixels across axes.

    References
    ----------
    E. G. D'yakonov, USSR Computational Mathematics and Mathematical Physics 2:581-607, 1962. G. I. Marchuk, Handbook
    of Numerical Analysis 1:197-462, North-Holland, 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import LOD, Heat, Time, evolve
    >>> evolve(np.array([0.0, 1.0, 0.0]), Heat(), scheme=LOD(tau=1.0), until=Time(1.0)).u
    array([0.25, 0.5 , 0.25])
    """

    tau: Varying | None = parameter(
        "Time step; None takes 20 stable explicit steps",
        unit="length squared", above=0, varies=True, optional=True, default=None, example="5",
    )  # fmt: skip

    order = 1
    needs = ("linear", "bands")
    citation = "G. I. Marchuk, Handbook of Numerical Analysis 1:197-462, 1990"
    exemptions = {  # noqa: RUF012
        "turn": "the axes are taken one after the other, and which one is the first makes a difference",
    }

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on by one step."""
        u, t = at.u, at.t
        limit = stable(equation, u, t, grid) if self.tau is None else 1.0
        tau, later = fit(outer_step(self, t, limit), t, end)
        operator = self.linearise(equation, u, t, grid)
        out = np.empty_like(u)
        share = None if operator.inflow is None else u.dtype.type(tau / grid.ndim) * operator.inflow
        for axis in range(grid.ndim):
            source = u if axis == 0 else out
            if share is not None:
                source = source + share
            solve_axis(operator.bands(axis), axis, source, out, tau, 1.0, False, grid)
        return State(out, later, at.step + 1)
