"""Diffusion of fourth order that edges slow down."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.conductances import Conductance, rational
from divgrad.grid import Grid
from divgrad.kernels.diffusion import peak
from divgrad.kernels.fourth_order import FourthOrderDiffusion, explicit
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import Varying, declared, parameter
from divgrad.reach import Reach


@declared
class FourthOrder(Equation):
    r"""Smooth an image into ramps instead of steps: no staircases on what is shaded, edges kept.

    .. math:: \partial_t u = -s^2 \, \Delta \bigl( c(|\Delta u|) \, \Delta u \bigr)

    Where second-order diffusion ends in flat regions with steps between them, this ends in planes. Curvatures
    below the contrast are smoothed away, those above are kept; so are isolated bright or dark pixels,
    which a median of 3 pixels removes beforehand. This is You and Kaveh's form of the idea behind
    low-curvature image simplifiers (LCIS, Tumblin and Turk), which are used to compress contrast. Channels
    are coupled: one c, from the summed squared Laplacians of all.

    References
    ----------
    Y.-L. You, M. Kaveh, IEEE TIP 9:1723-1730, 2000. LCIS: J. Tumblin, G. Turk, SIGGRAPH 1999, 83-90.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import FourthOrder, Time, evolve
    >>> noisy_roof = 10.0 * np.minimum(np.arange(21.0), np.arange(20.0, -1, -1)) + (-1.0) ** np.arange(21)
    >>> evolve(noisy_roof, FourthOrder(contrast=5.0), until=Time(4.0)).u[8:13].round().tolist()
    [81.0, 90.0, 97.0, 90.0, 81.0]
    """

    contrast: Varying = parameter(
        "Laplacian above which a curve is kept and below which it is smoothed away",
        unit="image units per length squared", above=0, varies=True, example="20",
    )  # fmt: skip
    conductance: Conductance = parameter(
        "How flow falls with the Laplacian: one of divgrad.conductances, or your own g(s2, contrast)",
        kind=object, default=rational,
    )  # fmt: skip
    scale: float = parameter(
        "Length s at which it smooths as fast as heat flow: a wave's length / 2 pi",
        unit="length units", above=0, default=1.0,
    )  # fmt: skip

    citation = "Y.-L. You, M. Kaveh, IEEE TIP 9:1723-1730, 2000"
    bound_lasts = True
    exemptions = {"range": "flows of fourth order have no maximum principle"}  # noqa: RUF012

    def sees(self, t: float, grid: Grid) -> Reach:
        """Return that of a Laplacian of a Laplacian."""
        two = (2,) * grid.ndim
        return Reach((1,) * grid.ndim, two, two, copies=6)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return -s^2 lap(c lap .) with c made from u."""
        contrast = float(self.at("contrast", t))
        top = peak(self.conductance, contrast)
        return FourthOrderDiffusion(
            u, self.conductance, contrast, grid, peak=top, scale=self.scale**2
        )

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        r"""Return s^2 max \|c\| (4 sum 1 / h^2)^2: curvatures may grow, so all that c can be counts."""
        top = peak(self.conductance, float(self.at("contrast", t)))
        return float(top * self.scale**2 * grid.laplacian_bound**2)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps."""
        contrasts = []
        for tau in taus:
            contrasts.append(float(self.at("contrast", t)))
            t += tau
        return explicit(u, self.conductance, [self.scale**2 * tau for tau in taus], contrasts, grid)
