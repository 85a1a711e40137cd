"""Sharpening across edges and smoothing along them."""

from __future__ import annotations

from divgrad.equations.shock_flow import ShockFlow, speed_parameter
from divgrad.grid import Grid
from divgrad.kernels.steering import Steering, bound
from divgrad.operators import Image
from divgrad.parameters import Varying, declared, parameter


@declared
class SmoothingShock(ShockFlow):
    r"""Sharpen a noisy, blurred image: a shock across edges, and their contours become smooth lines.

    .. math:: \partial_t u = -c \, \mathrm{sgn}(\partial_{nn} u_\sigma) \, |\nabla u| + d \, \partial_{tt} u

    n is the direction of the gradient, of the smoothed image in the first term, and tt the rest of the
    Laplacian. With presmoothing wider than the noise, noise no longer makes steps; corners and small dots are
    rounded away in time. Channels share the sign of their mean. About the speed see
    :class:`Shock`. The curvature's mixed difference has a negative weight: each step is held within the range of
    a pixel's neighbours, so that there are no new extrema. Steps are explicit.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    L. Alvarez, L. Mazorra, SIAM J. Numerical Analysis 31:590-605, 1994.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import SmoothingShock, Time, evolve
    >>> edge = np.outer(np.ones(9), [0.0, 1.0, 3.0, 5.0, 7.0, 8.0])
    >>> edge[4, 0] = 3.0
    >>> evolve(edge, SmoothingShock(), until=Time(9.0)).u[4].round().tolist()
    [0.0, 0.0, 0.0, 8.0, 8.0, 8.0]
    """

    presmoothing: Varying = parameter(
        "Standard deviation of the Gaussian that smooths the image of which the sign is taken",
        unit="length units", least=0, varies=True, default=1.0, example="2",
    )  # fmt: skip
    smoothing: Varying = parameter(
        "How fast contours become smooth, as a part of linear diffusion", least=0, varies=True,
        default=0.3,
    )  # fmt: skip
    speed: Varying = speed_parameter()

    citation = "L. Alvarez, L. Mazorra, SIAM J. Numerical Analysis 31:590-605, 1994"

    def steered(self, u: Image, t: float, grid: Grid) -> Steering:
        """Return what the sign is taken from, and how contours become smooth."""
        return Steering(
            float(self.at("speed", t)), float(self.at("presmoothing", t)), normal=True,
            gliding=float(self.at("smoothing", t)),
        )  # fmt: skip

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return the sum of the shock's and of the smoothing's."""
        speed, gliding = float(self.at("speed", t)), float(self.at("smoothing", t))
        return bound(grid, speed, gliding=gliding)
