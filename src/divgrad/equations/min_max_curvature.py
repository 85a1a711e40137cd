"""Curvature flow that spares what is large."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.grid import Grid
from divgrad.kernels.blockwise import following, side, sides
from divgrad.kernels.full_gradient import FullGradient, Law
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class MinMaxCurvature(Equation):
    r"""Let specks and jags smaller than a radius vanish, and keep larger shapes as they are.

    .. math:: \partial_t u = |\nabla u| \begin{cases} \max(\kappa, 0) & \bar u > m \\ \min(\kappa, 0) & \text{else}
        \end{cases}, \quad \kappa = \mathrm{div}\Bigl(\frac{\nabla u}{|\nabla u|}\Bigr)

    In bright surroundings curvature may only brighten (fill pits), in dark ones only darken (remove specks):
    where both agree on an outline, it stands still. The surroundings are the mean of grey values within the radius,
    by a Gaussian of half of it, bright if above the middle m of the darkest and the brightest within the radius.
    (Malladi and Sethian compare with a fixed grey value in images of two, with values beside the pixel in
    others.) Channels are coupled: flow where their curvatures together say so.

    References
    ----------
    R. Malladi, J. A. Sethian, Graphical Models and Image Processing 58:127-141, 1996.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import MinMaxCurvature, Time, evolve
    >>> image = np.zeros((12, 12))
    >>> image[:, 6:] = 9.0
    >>> image[5, 2] = 9.0
    >>> bool(evolve(image, MinMaxCurvature(2.0), until=Time(3.0)).u[:, :4].max() < 1.0)
    True
    """

    radius: float = parameter(
        "Radius of what is removed", unit="length units", above=0, example="2"
    )

    citation = "R. Malladi, J. A. Sethian, Graphical Models and Image Processing 58:127-141, 1996"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "mean": "specks vanish with their grey value",
    }

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        r"""Return \|grad u\| div(grad . / \|grad u\|) where it may act."""
        return FullGradient(u, Law(gate=side(u, float(self.radius), grid)), grid)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, each in one pass."""
        given, reach = sides(u, float(self.radius), grid)
        return following(u, taus, Law(gate=u), given, reach, grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 8 sum 1 / h^2."""
        return 2.0 * grid.laplacian_bound
