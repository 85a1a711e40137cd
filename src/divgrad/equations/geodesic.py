"""Level lines that move by curvature and are drawn to edges."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.conductances import Conductance, rational
from divgrad.grid import Grid
from divgrad.kernels.blockwise import edge_map, following
from divgrad.kernels.diffusion import peak
from divgrad.kernels.full_gradient import FullGradient, Law
from divgrad.kernels.presmoothing import gradient_conductance
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import Varying, declared, parameter


@declared
class Geodesic(Equation):
    r"""Round off outlines where the image is flat, and draw them to its edges: these sharpen (self-snakes).

    .. math:: \partial_t u = |\nabla u| \, \mathrm{div}\Bigl(g(|\nabla u_\sigma|) \frac{\nabla u}{|\nabla u|}\Bigr)
        = g \, |\nabla u| \, \kappa + \nabla g \cdot \nabla u

    In this form, without taking it apart, both terms have non-negative weights together; so the second, that
    sharpens, needs no upwinding, and no new extremum arises. Channels are coupled: one slope, from the summed squares
    of all.

    References
    ----------
    G. Sapiro, in Proc. IEEE ICIP 1996, I:817-820; V. Caselles, R. Kimmel, G. Sapiro, International Journal of Computer
    Vision 22:61-79, 1997; discretisation: J. Weickert, G. Kuhne, in Geometric Level Set Methods,
    Springer, 2003, 43-57.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Geodesic, Steps, evolve
    >>> soft = np.repeat([[0.0, 5.0, 20.0, 80.0, 95.0, 100.0]], 3, axis=0)
    >>> sharp = evolve(soft, Geodesic(contrast=10.0), until=Steps(20)).u[1]
    >>> bool(sharp[3] - sharp[2] > 60.0)
    True
    """

    contrast: Varying = parameter(
        "Slope above which an edge draws level lines to itself",
        unit="image units per length unit", above=0, varies=True, example="20",
    )  # fmt: skip
    conductance: Conductance = parameter(
        "How the speed falls with the slope: one of divgrad.conductances, or your own g(s2, contrast) >= 0",
        kind=object, default=rational,
    )  # fmt: skip
    presmoothing: Varying = parameter(
        "Standard deviation of the Gaussian that smooths the image from which edges are taken",
        unit="length units", least=0, varies=True, default=1.0,
    )  # fmt: skip

    citation = "G. Sapiro, in Proc. IEEE ICIP 1996, I:817-820"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "mean": "level lines move, whatever area they enclose",
        "range with FSI": "the polynomial of FSI keeps the range where the matrix is symmetric; here it is not",
    }

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        r"""Return \|grad u\| div(g grad . / \|grad u\|)."""
        contrast, sigma = float(self.at("contrast", t)), float(self.at("presmoothing", t))
        g = gradient_conductance(u, sigma, self.conductance, contrast, grid)
        return FullGradient(u, Law(peak=2.0 * self._top(contrast), weights=g), grid)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, each in one pass."""
        first = u
        together = len(taus) if not self.varies() else 1
        for n in range(0, len(taus), max(1, together)):
            contrast, sigma = float(self.at("contrast", t)), float(self.at("presmoothing", t))
            given, reach = edge_map(u, sigma, self.conductance, contrast, grid)
            some = taus[n : n + together]
            u = following(u, some, Law(weights=first), given, reach, grid)
            t += sum(some)
        return u if taus else u.copy()

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 8 max g sum 1 / h^2."""
        return 2.0 * self._top(float(self.at("contrast", t))) * grid.laplacian_bound

    def _top(self, contrast: float) -> float:
        return peak(self.conductance, contrast)
