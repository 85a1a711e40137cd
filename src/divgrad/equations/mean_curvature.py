"""Level lines that move by their curvature."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.grid import Grid
from divgrad.kernels.full_gradient import FullGradient, Law, explicit
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import declared
from divgrad.reach import Reach, around


@declared
class MeanCurvature(Equation):
    r"""Round off outlines and let small specks shrink away, whatever their contrast.

    .. math:: \partial_t u = |\nabla u| \, \mathrm{div}\Bigl(\frac{\nabla u}{|\nabla u|}\Bigr)

    Every level line (level surface) moves by its curvature, the sum of the principal ones: a disc of radius r is
    gone at the time r^2 / 2, a ball at r^2 / 4. Straight edges stay but for about a pixel. There is no
    contrast: twice the grey value gives twice the result. Channels are coupled: one slope, from the
    summed squares of all.

    References
    ----------
    L. Alvarez, P.-L. Lions, J.-M. Morel, SIAM J. Numerical Analysis 29:845-866, 1992; S. Osher,
    J. A. Sethian, Journal of Computational Physics 79:12-49, 1988.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import MeanCurvature, Time, evolve
    >>> spot = np.zeros((7, 7))
    >>> spot[3, 3] = 9.0
    >>> bool(evolve(spot, MeanCurvature(), until=Time(2.0)).u.max() < 1.0)
    True
    """

    citation = "L. Alvarez, P.-L. Lions, J.-M. Morel, SIAM J. Numerical Analysis 29:845-866, 1992"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "mean": "level lines move, whatever area they enclose",
        "range with FSI": "the polynomial of FSI keeps the range where the matrix is symmetric; here it is not",
    }

    def sees(self, t: float, grid: Grid) -> Reach:
        """Return that of slopes across and along the edges of a pixel."""
        return around((1,) * grid.ndim, copies=9)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        r"""Return \|grad u\| div(grad . / \|grad u\|)."""
        return FullGradient(u, Law(), grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 8 sum 1 / h^2."""
        return 2.0 * grid.laplacian_bound

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, each in one pass."""
        return explicit(u, taus, Law(), grid)
