"""Explicit Euler steps."""

from __future__ import annotations

import math

from divgrad.errors import StabilityError
from divgrad.grid import Grid
from divgrad.operators import Equation
from divgrad.parameters import Varying, declared, parameter
from divgrad.schemes.scheme import Scheme, State, fit, stable

SAFETY = 0.8  # of the stable step: 0.2 for unit diffusion on a unit 2-D grid, the textbook's choice
CHUNK = 80  # steps between two looks at the bound and at Ctrl-C


@declared
class Explicit(Scheme):
    r"""Many small steps: simple, exact for short times, slow for long ones.

    .. math:: u^{k+1} = u^k + \tau A(u^k) u^k

    A step above the stable limit :math:`2 / \varrho(A)` is split into equal parts below it.

    Raises
    ------
    StabilityError
        If a step is too large and ``split`` is False.

    References
    ----------
    P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990; limits: J. Weickert, Anisotropic Diffusion in Image
    Processing, Teubner, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Explicit, Heat, Steps, evolve
    >>> evolve(np.array([0.0, 1.0, 0.0]), Heat(), scheme=Explicit(tau=0.25), until=Steps(1)).u
    array([0.25, 0.5 , 0.25])
    """

    tau: Varying | None = parameter(
        "Time step; None takes 0.8 of the largest stable one",
        unit="length squared", above=0, varies=True, optional=True, default=None, example="0.2",
    )  # fmt: skip
    split: bool = parameter(
        "Whether a step that would be unstable is split into stable ones, or else refused",
        kind=bool, default=True,
    )  # fmt: skip

    order = 1
    citation = "J. Weickert, Anisotropic Diffusion in Image Processing, Teubner, 1998"

    def advance(self, equation: Equation, at: State, grid: Grid, left: float, most: float) -> State:
        """Go on by at most 80 steps, or by one where the bound must be looked at again after it."""
        u, t = at.u, at.t
        limit = stable(equation, u, t, grid)
        taus: list[float] = []
        elapsed, steps = 0.0, 0
        changing = equation.varies()
        while steps < most and len(taus) < CHUNK and elapsed < left:
            if steps and not equation.bound_lasts:
                break
            if steps and changing:
                limit = stable(equation, u, t + elapsed, grid)
            rest = left - elapsed
            if self.tau is None:
                longest = SAFETY * limit
                tau = rest / math.ceil(rest / longest) if math.isfinite(rest) else longest
            else:
                tau = fit(float(self.at("tau", t + elapsed)), rest)
            parts = max(1, math.ceil(tau / limit * (1.0 - 1e-9)))
            if parts > 1 and not self.split:
                raise StabilityError(
                    f"a step of {tau:g} is unstable: {type(equation).__name__} allows {limit:.4g} here; "
                    "take a smaller tau, split=True, or a scheme without limit such as FSI or AOS"
                )
            taus += [tau / parts] * parts
            elapsed = left if tau == rest else elapsed + tau
            steps += 1
        return State(equation.explicit(u, t, taus, grid), t + elapsed, at.step + steps)
