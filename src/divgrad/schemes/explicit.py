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
    in_parts = True
    splits = True
    citation = "J. Weickert, Anisotropic Diffusion in Image Processing, Teubner, 1998"

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on by at most 80 steps. The bound is looked at after every 80, or each where it does not last."""
        lasts, changing = equation.bound_lasts, equation.varies()
        again = at.limit is None or not lasts or at.step % CHUNK == 0
        seen = at.u if again or at.seen is None else at.seen
        limit = stable(equation, seen, at.t, grid) if again or changing else at.limit
        assert limit is not None
        taus: list[float] = []
        t, step = at.t, at.step
        while True:
            longest = SAFETY * limit if self.tau is None else float(self.at("tau", t))
            if self.tau is None and math.isfinite(end):
                longest = (end - t) / math.ceil((end - t) / longest * (1.0 - 1e-9))
            tau, t = fit(longest, t, end)
            parts = max(1, math.ceil(tau / limit * (1.0 - 1e-9)))
            if parts > 1 and not self.split:
                raise StabilityError(
                    f"a step of {tau:g} is unstable: {type(equation).__name__} allows {limit:.4g} here; "
                    "take a smaller tau, split=True, or a scheme without limit such as FSI or AOS"
                )
            taus += [tau / parts] * parts
            step += 1
            pause = len(taus) >= CHUNK or step % CHUNK == 0 or not lasts or (changing and parts > 1)
            if pause or t >= end or step >= at.step + most:
                u = equation.explicit(at.u, at.t, taus, grid)
                return State(u, t, step, limit=limit, seen=seen if changing else None)
            if changing:
                limit = stable(equation, seen, t, grid)
