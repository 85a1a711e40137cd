"""Sharpening to steps, by the sign of the Laplacian."""

from __future__ import annotations

from divgrad.equations.shock_flow import ShockFlow, speed_parameter
from divgrad.grid import Grid
from divgrad.kernels.steering import Steering, bound
from divgrad.operators import Image
from divgrad.parameters import Varying, declared, parameter


@declared
class Shock(ShockFlow):
    r"""Sharpen a blurred image: dark regions grow up to the inflections of edges, and bright ones do.

    .. math:: \partial_t u = -c \, \mathrm{sgn}(\Delta u_\sigma) \, |\nabla u|

    It ends, after the time in which fronts cross half an edge's width, in regions of one grey value each with
    steps between them. Noise is sharpened too: presmooth, or denoise before. The flow is of first order, so
    fronts have a speed: with times in length units squared, it is a number per length unit. Channels each
    have their own slope and share the sign, that of their mean, so that their edges stay in the same place;
    an edge that the mean does not show is not sharpened. Upwind steps make no new extrema; they are explicit.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    S. Osher, L. I. Rudin, SIAM J. Numerical Analysis 27:919-940, 1990. Upwind slopes: E. Rouy, A. Tourin, SIAM
    J. Numerical Analysis 29:867-884, 1992.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Shock, Time, evolve
    >>> evolve(np.array([0.0, 1.0, 4.0, 7.0, 8.0, 8.0]), Shock(), until=Time(9.0)).u.round().tolist()
    [0.0, 0.0, 4.0, 8.0, 8.0, 8.0]
    """

    presmoothing: Varying = parameter(
        "Standard deviation of the Gaussian that smooths the image of which the sign is taken",
        unit="length units", least=0, varies=True, default=0.0, example="1",
    )  # fmt: skip
    speed: Varying = speed_parameter()

    citation = "S. Osher, L. I. Rudin, SIAM J. Numerical Analysis 27:919-940, 1990"

    def steered(self, u: Image, t: float, grid: Grid) -> Steering:
        """Return what the sign is taken from."""
        return Steering(float(self.at("speed", t)), float(self.at("presmoothing", t)))

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 2 c times the root of sum 1 / h^2."""
        return bound(grid, float(self.at("speed", t)))
