"""Sharpening of lines and flow-like textures."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.grid import Grid
from divgrad.kernels import sharpening
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import Varying, declared, parameter


@declared
class CoherenceEnhancingShock(Equation):
    r"""Sharpen lines and flow-like textures, and join what lies in one line, as an engraver would draw them.

    .. math:: \partial_t u = -c \, \mathrm{sgn}(\partial_{ww} u_\sigma) \, |\nabla u|

    w is the dominant eigenvector of the structure tensor :math:`J = G_\rho * (\nabla u_\sigma \nabla
    u_\sigma^\top)`, summed over channels: the direction across lines, steady over the distance rho. Where no
    direction prevails the mean over all takes its place. Channels share the sign of their mean. About the speed see
    :class:`Shock`. Upwind steps make no new extrema; they are explicit.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    J. Weickert, Pattern Recognition (DAGM), LNCS 2781:1-8, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import CoherenceEnhancingShock, Time, evolve
    >>> x = np.arange(24.0)
    >>> waves = 50 + 40 * np.sin(0.5 * x + 0.5 * x[:, None])
    >>> sharp = evolve(waves, CoherenceEnhancingShock(), until=Time(6.0)).u
    >>> bool(sharp.std() > 1.2 * waves.std())
    True
    """

    presmoothing: Varying = parameter(
        "Standard deviation of the Gaussian before slopes and curvatures are taken: the width of lines",
        unit="length units", least=0, varies=True, default=1.5,
    )  # fmt: skip
    integration: Varying = parameter(
        "Standard deviation of the Gaussian that averages directions: two to three times as wide",
        unit="length units", least=0, varies=True, default=4.0,
    )  # fmt: skip
    speed: Varying = parameter(
        "Speed at which edges sharpen: in the time t fronts move speed * t units of length",
        unit="per length unit", least=0, varies=True, default=1.0,
    )  # fmt: skip

    citation = "J. Weickert, Pattern Recognition (DAGM), LNCS 2781:1-8, 2003"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "mean": "dark and bright regions grow at each other's expense",
        "shift": "a curvature within the rounding of the grey values has no sign; larger values round more",
    }

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return the flow with directions and signs taken from u."""
        sigma, rho = float(self.at("presmoothing", t)), float(self.at("integration", t))
        return sharpening.UpwindShock(
            sharpening.guided(u, sigma, grid), grid, float(self.at("speed", t)),
            directions=sharpening.dominant_directions(u, sigma, rho, grid),
        )  # fmt: skip

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 2 c times the root of sum 1 / h^2."""
        return sharpening.bound(grid, float(self.at("speed", t)))

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps."""
        return sharpening.explicit(self, u, t, taus, grid)
