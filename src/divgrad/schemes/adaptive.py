"""Steps whose length follows an estimate of their error."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.operators import Equation, Operator
from divgrad.parameters import declared, parameter
from divgrad.schemes.fsi import FSI
from divgrad.schemes.scheme import Scheme, State, fit, stable


@declared
class Adaptive(Scheme):
    r"""Take steps as long as the wanted accuracy allows: short at first, long when little happens.

    A step is made once whole and once as two halves. Their difference estimates the error per step,
    :math:`e = \|u_{2 \times \tau/2} - u_\tau\|_{rms} / (2^p - 1)`; a step with e above the tolerance is
    thrown away and repeated shorter, and the next one is :math:`0.9 \tau (tol / e)^{1/(p+1)}`. Of Explicit no
    step above the stable limit is tried.

    References
    ----------
    E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations I, Springer, 1993, II.4.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Adaptive, Heat, Time, evolve
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 1.0
    >>> evolve(spot, Heat(), scheme=Adaptive(tolerance=1e-2), until=Time(20.0)).t
    20.0
    """

    scheme: Any = parameter(
        "The scheme whose steps are controlled; it must have a tau", kind=object, default=FSI()
    )
    tolerance: float = parameter(
        "Error allowed in one step, root mean square, as a part of the image's standard deviation",
        above=0, most=1, default=1e-3, example="1e-3",
    )  # fmt: skip

    order = None
    citation = "E. Hairer, S. P. Norsett, G. Wanner, Solving ODEs I, Springer, 1993, II.4"

    def __post_init__(self) -> None:
        if not hasattr(self.scheme, "tau") or self.scheme.order is None:
            raise ParameterError(
                f"Adaptive needs a scheme with a tau, such as FSI() or AOS(); got {self.scheme!r}"
            )

    def refusal(self, equation: Equation, operator: Operator) -> str | None:
        """Return the sentence with which its scheme refuses an equation, or None."""
        sentence: str | None = self.scheme.refusal(equation, operator)
        return sentence

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on by one step, as long as its error allows."""
        at = replace(at, own=False)  # it begins from this image more than once
        u, t = at.u, at.t
        limit = stable(equation, u, t, grid)
        order = self.scheme.order
        # A flat image differs by its rounding alone: steps may not shrink to follow that.
        rounding = 8.0 * float(np.finfo(u.dtype).eps) * max(float(u.max()), -float(u.min()))
        allowed = max(self.tolerance * float(u.std(dtype=np.float64)), rounding, 1e-300)
        tau = limit if at.tau is None else at.tau
        while True:
            # Above the limit both ways would be made of the same small steps, and agree however wrong.
            tau = min(tau, limit) if self.scheme.splits else tau
            trial, later = fit(tau, t, end)
            whole = self._step(equation, at, grid, trial)
            half = self._step(equation, at, grid, 0.5 * trial)
            half = self._step(equation, half, grid, 0.5 * trial)
            difference = np.square(half.u - whole.u, dtype=np.float64)
            error = math.sqrt(float(difference.mean())) / (2**order - 1) / allowed
            growth = 0.9 * max(error, 1e-9) ** (-1.0 / (order + 1))
            if error <= 1.0 or trial <= 1e-3 * limit:
                following = trial * min(max(growth, 0.5), 4.0)
                if trial < tau:  # cut short by the end, not by its error
                    following = max(following, tau)
                return State(half.u, later, at.step + 1, following)
            tau = trial * min(max(growth, 0.1), 0.9)

    def _step(self, equation: Equation, at: State, grid: Grid, tau: float) -> State:
        """Go on by exactly tau with the scheme that is controlled."""
        scheme = replace(self.scheme, tau=tau)
        end = at.t + tau
        while at.t < end:
            at = scheme.advance(equation, at, grid, end, math.inf)
        return at
