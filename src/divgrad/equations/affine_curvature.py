"""Level lines that move by the cube root of their curvature."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.grid import Grid
from divgrad.kernels.full_gradient import FullGradient, Law, explicit
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class AffineCurvature(Equation):
    r"""Round off outlines alike from whatever angle they are seen: ellipses stay ellipses.

    .. math:: \partial_t u = |\nabla u| \, \kappa \, \bigl(\ell \, |\kappa|\bigr)^{-2/3}, \quad
        \kappa = \mathrm{div}\Bigl(\frac{\nabla u}{|\nabla u|}\Bigr)

    With :math:`\ell = 1` this is :math:`|\nabla u| \kappa^{1/3}`: a circle of radius r is gone at the time
    (3/4) r^(4/3). In 2-D the only contrast-invariant flow that commutes with shears and stretches that keep areas.
    In volumes kappa is the sum of the principal curvatures, whose cube root is taken just the same; affine
    invariance is a matter of the plane. Channels are coupled, as in :class:`MeanCurvature`.

    References
    ----------
    L. Alvarez, F. Guichard, P.-L. Lions, J.-M. Morel, Archive for Rational Mechanics and Analysis 123:199-257,
    1993; G. Sapiro, A. Tannenbaum, International Journal of Computer Vision 11:25-44, 1993.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import AffineCurvature, Time, evolve
    >>> spot = np.zeros((7, 7))
    >>> spot[3, 3] = 9.0
    >>> bool(evolve(spot, AffineCurvature(), until=Time(2.0)).u.max() < 1.0)
    True
    """

    length: float = parameter(
        "Radius of curvature at which level lines move as fast as by mean curvature; flatter ones move faster",
        unit="length units", above=0, default=1.0,
    )  # fmt: skip
    flattest: float | None = parameter(
        "Radius of curvature above which level lines move in proportion to their curvature: no explicit step "
        "could follow a cube root at zero; None takes 20 pixels",
        unit="length units", above=0, optional=True, default=None,
    )  # fmt: skip

    citation = "L. Alvarez, F. Guichard, P.-L. Lions, J.-M. Morel, Arch. Rational Mech. Anal. 123:199-257, 1993"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "mean": "level lines move, whatever area they enclose",
    }

    def _law(self, grid: Grid) -> Law:
        flattest = 20.0 * min(grid.spacing) if self.flattest is None else float(self.flattest)
        return Law(length=float(self.length), fastest=(flattest / self.length) ** (2.0 / 3.0))

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        r"""Return \|grad u\| (length \|kappa\|)^(-2/3) div(grad . / \|grad u\|)."""
        return FullGradient(u, self._law(grid), grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return that of mean curvature, times the largest factor."""
        return self._law(grid).bound(grid)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, each in one pass."""
        return explicit(u, taus, self._law(grid), grid)
