"""Sharpening of lines and flow-like textures."""

from __future__ import annotations

from divgrad.equations.shock_flow import ShockFlow, speed_parameter
from divgrad.grid import Grid
from divgrad.kernels.steering import Steering, bound
from divgrad.operators import Image
from divgrad.parameters import Varying, declared, parameter


@declared
class CoherenceEnhancingShock(ShockFlow):
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
    speed: Varying = speed_parameter()

    citation = "J. Weickert, Pattern Recognition (DAGM), LNCS 2781:1-8, 2003"

    def steered(self, u: Image, t: float, grid: Grid) -> Steering:
        """Return what directions and signs are taken from."""
        return Steering(
            float(self.at("speed", t)), float(self.at("presmoothing", t)), float(self.at("integration", t))
        )  # fmt: skip

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 2 c times the root of sum 1 / h^2."""
        return bound(grid, float(self.at("speed", t)))
