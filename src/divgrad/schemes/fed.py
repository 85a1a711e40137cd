"""Fast explicit diffusion: cycles of steps of which many are unstable, but not their whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from divgrad.grid import Grid
from divgrad.operators import Equation
from divgrad.parameters import Varying, declared, parameter
from divgrad.schemes.scheme import Scheme, State, fit, outer_step, stable


@declared
class FED(Scheme):
    r"""Long times by cycles of explicit steps of very different lengths.

    .. math:: \tau_i = \frac{\tau_{\max}}{2 \cos^2 \bigl(\pi (2i+1) / (4n+2)\bigr)}, \quad
        \sum_i \tau_i = \tau_{\max} \frac{n^2+n}{3}

    n steps reach as far as n^2 / 3 explicit ones. The equation is linearised once per cycle. The steps are
    taken in Leja's order, which keeps rounding errors small; intermediate images of a cycle may leave the
    range of the image, so frames show whole cycles, and points and corners may overshoot after them too;
    :class:`~divgrad.schemes.fsi.FSI` keeps the range.

    References
    ----------
    S. Grewenig, J. Weickert, A. Bruhn, DAGM 2010, LNCS 6376:533-542.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import FED, Heat, Time, evolve
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 1.0
    >>> evolve(spot, Heat(), scheme=FED(), until=Time(8.0)).steps
    2
    """

    tau: Varying | None = parameter(
        "Time of one cycle; None takes 20 stable explicit steps",
        unit="length squared", above=0, varies=True, optional=True, default=None, example="5",
    )  # fmt: skip

    order = 1
    in_parts = True
    needs = ("linear", "real")
    citation = "S. Grewenig, J. Weickert, A. Bruhn, DAGM 2010, LNCS 6376:533-542"
    exemptions = {  # noqa: RUF012
        "range": "a cycle's polynomial has negative weights in 2-D and 3-D: points and corners overshoot",
    }

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on by one cycle."""
        u, t = at.u, at.t
        limit = stable(equation, u, t, grid)
        tau, later = fit(outer_step(self, t, limit), t, end)
        operator = self.linearise(equation, u, t, grid)
        return State(
            operator.polynomial(u, fed_cycle(tau, limit), spoil=at.own), later, at.step + 1
        )


def cycle_length(tau: float, limit: float) -> int:
    """Return the least n with limit (n^2 + n) / 3 >= tau: the inner steps of a cycle of the time tau.

    >>> cycle_length(0.25, 0.25), cycle_length(5.0, 0.25)
    (2, 8)
    """
    return max(1, math.ceil(math.sqrt(3.0 * tau / limit * (1.0 - 1e-9) + 0.25) - 0.5))


def fed_cycle(tau: float, limit: float) -> list[float]:
    """Return the steps of the shortest cycle of the time tau, for a largest stable step ``limit``.

    >>> [round(step, 3) for step in fed_cycle(1.0, 0.25)]
    [0.132, 0.664, 0.204]
    """
    steps = fed_steps(cycle_length(tau, limit))
    scale = tau / math.fsum(steps)
    return [scale * step for step in steps]


@lru_cache(maxsize=256)
def fed_steps(n: int) -> tuple[float, ...]:
    """Return the n steps of a cycle for tau_max = 1, in Leja's order.

    >>> round(sum(fed_steps(5)), 9)
    10.0
    """
    steps = [0.5 / math.cos(math.pi * (2 * i + 1) / (4 * n + 2)) ** 2 for i in range(n)]
    return leja(steps)


def leja(steps: Sequence[float]) -> tuple[float, ...]:
    """Order steps so that no partial product of the chain grows: each root 1 / tau far from those before.

    >>> leja([1.0, 2.0, 4.0])
    (1.0, 4.0, 2.0)
    """
    n = len(steps)
    roots = [1.0 / step for step in steps]
    order = [max(range(n), key=lambda i: roots[i])]
    spread = [0.0] * n
    for _ in range(n - 1):
        last = roots[order[-1]]
        spread[order[-1]] = -math.inf
        for i in range(n):
            if spread[i] > -math.inf:
                spread[i] += math.log(max(abs(roots[i] - last), 1e-300))
        order.append(max(range(n), key=lambda i: spread[i]))
    return tuple(steps[i] for i in order)
