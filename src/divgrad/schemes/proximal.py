"""Implicit steps of a flow that is not linearised."""

from __future__ import annotations

from divgrad.grid import Grid
from divgrad.operators import Equation, Operator
from divgrad.parameters import Varying, declared, parameter
from divgrad.schemes.scheme import Scheme, State, fit, outer_step, stable


@declared
class Proximal(Scheme):
    r"""Steps of any length of total variation flow, solved for the flow itself: one step denoises an image.

    .. math:: u^{k+1} = u^k + \tau F(u^{k+1})

    For :class:`TotalVariation` a step minimises Rudin, Osher and Fatemi's energy, :math:`k \, \mathrm{TV}(u) +
    \|u - u^k\|^2 / (2 \tau)`, and with :class:`Fidelity` a single huge step reaches the steady state. Other
    schemes take conductances of the image before the step, and need many steps where slopes change a lot. Solved by
    an accelerated iteration for the flux: 6 of them come within 6 % of the least energy, 20 within 1 %.
    What is left to do makes the result too close to the image before.

    References
    ----------
    A. Chambolle, J. Math. Imaging and Vision 20:89-97, 2004; Y. Nesterov, Soviet Mathematics Doklady 27:372-376, 1983.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Steps, TotalVariation, evolve
    >>> from divgrad.schemes import Proximal
    >>> step = np.array([0.0, 0.0, 0.0, 9.0, 9.0, 9.0])
    >>> evolve(step, TotalVariation(), scheme=Proximal(tau=3.0), until=Steps(1)).u.round(1)
    array([1., 1., 1., 8., 8., 8.])
    """

    tau: Varying | None = parameter(
        "Time step; None takes 20 stable explicit steps",
        unit="length squared", above=0, varies=True, optional=True, default=None, example="5",
    )  # fmt: skip
    iterations: int = parameter(
        "How often the flux is improved in a step", kind=int, least=1, default=100, example="20"
    )

    order = 1
    citation = "A. Chambolle, J. Math. Imaging and Vision 20:89-97, 2004"
    exemptions = {  # noqa: RUF012
        "range": "the flux of a step is not followed to its end: at single pixels what is left may pass the range",
    }

    def refusal(self, equation: Equation, operator: Operator) -> str | None:
        """Return the sentence with which it refuses an equation, or None."""
        if operator.has_resolvent:
            return None
        cls = type(equation).__name__
        return f"Proximal needs `resolvent`, which TotalVariation has; {cls} has none: use Implicit"

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on by one step."""
        limit = stable(equation, at.u, at.t, grid) if self.tau is None else 1.0
        tau, later = fit(outer_step(self, at.t, limit), at.t, end)
        operator = self.linearise(equation, at.u, at.t, grid)
        return State(operator.resolvent(tau, at.u, int(self.iterations)), later, at.step + 1)
