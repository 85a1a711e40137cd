"""Linear diffusion."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels.diffusion import ScalarDiffusion, explicit
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import Varying, declared, parameter
from divgrad.reach import Reach, nearest


@declared
class Heat(Equation):
    r"""Blur an image as heat spreads: edges and noise alike.

    .. math:: \partial_t u = D \, \Delta u

    After the time t a structure is blurred by a Gaussian of variance 2 D t. Each channel for itself.

    References
    ----------
    T. Iijima, Bulletin of the Electrotechnical Laboratory 26:368-388, 1962.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Heat, Time, evolve
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 1.0
    >>> float(round(evolve(spot, Heat(), until=Time(0.5)).u.sum(), 9))
    1.0
    """

    diffusivity: Varying = parameter(
        "How fast grey value spreads", unit="area per time", above=0, varies=True, default=1.0
    )

    citation = "T. Iijima, Bulletin of the Electrotechnical Laboratory 26:368-388, 1962"
    bound_lasts = True

    def sees(self, t: float, grid: Grid) -> Reach:
        """Return that of nearest neighbours."""
        return nearest(grid.ndim)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return D times the Laplacian."""
        return ScalarDiffusion(u, constant, 1.0, grid, peak=1.0, scale=self.at("diffusivity", t))

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 4 D sum 1 / h^2."""
        return float(self.at("diffusivity", t)) * grid.laplacian_bound

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, many per visit."""
        scaled = []
        for tau in taus:
            scaled.append(tau * float(self.at("diffusivity", t)))
            t += tau
        return explicit(u, constant, scaled, [1.0] * len(scaled), grid)
