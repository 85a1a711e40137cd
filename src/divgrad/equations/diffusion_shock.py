"""Diffusion in flat regions, sharpening at edges."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.conductances import charbonnier
from divgrad.grid import Grid
from divgrad.kernels import sharpening
from divgrad.kernels.presmoothing import gradient_conductance
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import Varying, declared, parameter


@declared
class DiffusionShock(Equation):
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

    contrast: Varying = parameter(
        "Slope above which edges are sharpened and below which there is diffusion",
        unit="image units per length unit", above=0, varies=True, default=5.0, example="5",
    )  # fmt: skip
    presmoothing: Varying = parameter(
        "Standard deviation of the Gaussian before slopes and curvatures are taken",
        unit="length units", least=0, varies=True, default=1.0,
    )  # fmt: skip
    integration: Varying = parameter(
        "Standard deviation of the Gaussian that averages directions",
        unit="length units", least=0, varies=True, default=2.0,
    )  # fmt: skip
    softness: Varying = parameter(
        "Curvature at which sharpening has half its speed",
        unit="image units per length squared", above=0, varies=True, default=1.0,
    )  # fmt: skip
    speed: Varying = parameter(
        "Speed at which edges sharpen: in the time t fronts move speed * t units of length",
        unit="per length unit", least=0, varies=True, default=1.0,
    )  # fmt: skip

    citation = "K. Schaefer, J. Weickert, J. Mathematical Imaging and Vision 66:447-463, 2024"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "mean": "dark and bright regions grow at each other's expense",
        "shift": "a curvature within the rounding of the grey values has no sign; larger values round more",
    }

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return the flow with g, directions and signs taken from u."""
        sigma, rho = float(self.at("presmoothing", t)), float(self.at("integration", t))
        contrast = float(self.at("contrast", t))
        return sharpening.UpwindShock(
            sharpening.guided(u, sigma, grid), grid, float(self.at("speed", t)),
            directions=sharpening.dominant_directions(u, sigma, rho, grid),
            softness=float(self.at("softness", t)),
            share=gradient_conductance(u, sigma, charbonnier, contrast, grid),
        )  # fmt: skip

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return the larger of diffusion's and the shock's."""
        return sharpening.bound(grid, float(self.at("speed", t)), blended=True)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps."""
        return sharpening.explicit(self, u, t, taus, grid)
