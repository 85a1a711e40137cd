"""Diffusion in flat regions, sharpening at edges."""

from __future__ import annotations

from dataclasses import replace

from divgrad.equations.mean_slope import mean_slope
from divgrad.equations.shock_flow import ShockFlow, speed_parameter
from divgrad.grid import Grid
from divgrad.kernels.steering import Steering, bound
from divgrad.operators import Arrange, Equation, Image
from divgrad.parameters import Varying, declared, parameter


@declared
class DiffusionShock(ShockFlow):
    r"""Smooth flat regions and sharpen edges along their course; with a mask, draw them on through large holes.

    .. math:: \partial_t u = g \, \Delta u
        - (1 - g) \, c \, S_\epsilon(\partial_{ww} u_\sigma) \, |\nabla u|, \quad
        g = \frac{1}{\sqrt{1 + |\nabla u_\sigma|^2 / k^2}}, \quad
        S_\epsilon(x) = \frac{2}{\pi} \arctan \frac{x}{\epsilon}

    (RDS.) w is the dominant eigenvector of the structure tensor of all channels, with the integration scale rho. The
    paper's two presmoothings are one here. Channels share w, g and the sign, which is that of their mean. About
    the speed see :class:`Shock`. Diffusion and upwind steps are weighed by g and 1 - g: no new extrema. Steps are
    explicit.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    K. Schaefer, J. Weickert, J. Mathematical Imaging and Vision 66:447-463, 2024 (arXiv 2309.08761).

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import DiffusionShock, Masked, Time, evolve
    >>> image = np.zeros((20, 20))
    >>> image[:, 10:] = 100.0
    >>> hole = np.zeros((20, 20), bool)
    >>> hole[6:14, 4:16] = True
    >>> holed = np.where(hole, 50.0, image)
    >>> u = evolve(holed, Masked(DiffusionShock(contrast=2.0), hole), until=Time(200.0)).u
    >>> bool(abs(u - image).max() < 25.0)
    True
    """

    contrast: Varying | None = parameter(
        "Slope above which edges are sharpened and below which there is diffusion; None: the mean slope of "
        "the first image",
        unit="image units per length unit", above=0, varies=True, optional=True, default=None,
        example="5",
    )  # fmt: skip
    presmoothing: Varying = parameter(
        "Standard deviation of the Gaussian before slopes and curvatures are taken",
        unit="length units", least=0, varies=True, default=1.0,
    )  # fmt: skip
    integration: Varying = parameter(
        "Standard deviation of the Gaussian that averages directions",
        unit="length units", least=0, varies=True, default=2.0,
    )  # fmt: skip
    softness: Varying | None = parameter(
        "Curvature at which sharpening has half its speed; None: the curvature of an edge of the contrast that is "
        "five times as wide as the presmoothing, or as a pixel",
        unit="image units per length squared", above=0, varies=True, optional=True, default=None,
    )  # fmt: skip
    speed: Varying = speed_parameter()

    citation = "K. Schaefer, J. Weickert, J. Mathematical Imaging and Vision 66:447-463, 2024"

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with a contrast."""
        return self if self.contrast is not None else replace(self, contrast=mean_slope(u, grid))

    def steered(self, u: Image, t: float, grid: Grid) -> Steering:
        """Return what g, directions and signs are taken from."""
        sigma, rho = float(self.at("presmoothing", t)), float(self.at("integration", t))
        given, softness = self.at("contrast", t), self.at("softness", t)
        contrast = mean_slope(u, grid) if given is None else float(given)
        if softness is None:
            softness = 0.2 * contrast / max(sigma, *grid.spacing)
        return Steering(
            float(self.at("speed", t)), sigma, rho, softness=float(softness), contrast=contrast
        )

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return the larger of diffusion's and the shock's."""
        return bound(grid, float(self.at("speed", t)), blended=True)
