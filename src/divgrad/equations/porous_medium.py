"""Diffusion that grows with the grey value."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.conductances import constant
from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.kernels.diffusion import ScalarDiffusion
from divgrad.kernels.nodal import following
from divgrad.kernels.reductions import extent, of_mean
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter


def diffusivity(u: float, exponent: float) -> float:
    """Return m u^(m-1); what is below zero, as schemes that overshoot may make it, does not flow."""
    u = max(u, 0.0)
    return 2.0 * u if exponent == 2.0 else exponent * u ** (exponent - 1.0)  # pow takes 5 x as long


@declared
class PorousMedium(Equation):
    r"""Spread bright regions with a sharp front into the dark, as gas through a porous medium.

    .. math:: \partial_t u = \Delta(u^m) = \mathrm{div}\bigl(m \, u^{m-1} \, \nabla u\bigr), \quad u \ge 0

    Bright pixels diffuse faster than dark ones; what is zero stays zero until the front arrives. One
    diffusivity for all channels, from their mean.

    Raises
    ------
    ImageError
        If the image has negative values.

    References
    ----------
    G. I. Barenblatt, Prikladnaya Matematika i Mekhanika 16:67-78, 1952; J. L. Vazquez, The Porous Medium
    Equation, Oxford University Press, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import PorousMedium, Time, evolve
    >>> spot = np.zeros(9)
    >>> spot[4] = 1.0
    >>> evolve(spot, PorousMedium(exponent=2.0), until=Time(1.0)).u.round(2).tolist()
    [0.0, 0.0, 0.05, 0.27, 0.35, 0.27, 0.05, 0.0, 0.0]
    """

    exponent: float = parameter("Exponent m; 1 is the heat equation", least=1, default=2.0)

    citation = "G. I. Barenblatt, Prikladnaya Matematika i Mekhanika 16:67-78, 1952"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "shift": "grey value drives the flow: adding a constant is another problem",
        "negative": "defined for images >= 0 only",
    }

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it, if the image is >= 0."""
        low, high = extent(u, grid)
        if low < -1e-6 * high:  # less is rounding
            raise ImageError(
                f"PorousMedium needs an image >= 0, got a minimum of {low:g}: add an offset"
            )
        return self

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return div(m u^(m-1) grad .)."""
        g = of_mean(u, diffusivity, self.exponent, grid)
        return ScalarDiffusion(g, constant, 1.0, grid, peak=extent(g, grid)[1], nodes=True)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, some per visit."""
        return following(u, taus, diffusivity, self.exponent, grid)
