"""Total variation flow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from divgrad.grid import Grid
from divgrad.kernels.full_gradient import FullGradient, Law, explicit
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter
from divgrad.reach import Reach, around

PART = 1.0 / 256.0  # of the first image's range, over a pixel: one grey level of an image of bytes


def inverse_slope(s2: float, contrast: float) -> float:
    """Return 1 / slope, rounded off below the contrast.

    >>> inverse_slope(9.0, 4.0)
    0.2
    """
    return 1.0 / math.sqrt(s2 + contrast * contrast)


@declared
class TotalVariation(Equation):
    r"""Flatten an image to plateaus between sharp edges: small ones merge, contrast fades evenly.

    .. math:: \partial_t u = \mathrm{div}\Bigl(k \, \frac{\nabla u}{\sqrt{|\nabla u|^2 + \epsilon^2}}\Bigr)

    A plateau rises or sinks at the rate k times its perimeter over its area, whatever its contrast: a disc of
    radius R loses the height 2 k t / R. With :class:`Fidelity` the steady state is the image that Rudin, Osher
    and Fatemi's energy asks for. Channels are coupled: one slope, from the summed squares of all. Every
    edge between pixels sees the full gradient, so that plateaus round off alike in all directions.

    Small slopes epsilon cost accuracy in nothing but plateaus' flatness, and time: the stable step is in
    proportion to it. Long times: :class:`Proximal`, whose steps are of any length. With other schemes round
    plateaus whose rim is as sharp as a pixel lose 3 to 7 % less than that.

    References
    ----------
    L. I. Rudin, S. Osher, E. Fatemi, Physica D 60:259-268, 1992; F. Andreu, C. Ballester, V. Caselles,
    J. M. Mazon, Differential and Integral Equations 14:321-360, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Time, TotalVariation, evolve
    >>> image = np.array([0.0, 0.0, 0.0, 9.0, 9.0, 9.0])
    >>> evolve(image, TotalVariation(), until=Time(3.0)).u.round(1).tolist()
    [1.0, 1.0, 1.0, 8.0, 8.0, 8.0]
    """

    contrast: float = parameter(
        "Slope k at which the flow is as fast as heat flow: a factor of time",
        unit="image units per length unit", above=0, default=1.0,
    )  # fmt: skip
    smoothing: float | None = parameter(
        "Slope epsilon below which the flow is heat flow; None takes 1/256 of the first image's range per "
        "pixel, one grey level of an image of bytes",
        unit="image units per length unit", above=0, optional=True, default=None,
    )  # fmt: skip

    citation = "L. I. Rudin, S. Osher, E. Fatemi, Physica D 60:259-268, 1992"
    bound_lasts = True

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with its smoothing at hand."""
        return replace(self, smoothing=self._smoothing(u, grid))

    def _smoothing(self, u: Image, grid: Grid) -> float:
        if self.smoothing is not None:
            return float(self.smoothing)
        return (PART * (float(u.max()) - float(u.min())) or 1.0) / min(grid.spacing)

    def _law(self, u: Image, grid: Grid) -> Law:
        slope = self._smoothing(u, grid)
        return Law(inverse_slope, slope, peak=1.0 / slope, scale=float(self.contrast), bounded=True)

    def sees(self, t: float, grid: Grid) -> Reach:
        """Return that of slopes across and along the edges of a pixel."""
        return around((1,) * grid.ndim, copies=9)._replace(extremes=True)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        r"""Return k div(grad . / \|grad u\|)."""
        return FullGradient(u, self._law(u, grid), grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 4 k / epsilon sum 1 / h^2."""
        return self._law(u, grid).bound(grid)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, each in one pass."""
        return explicit(u, taus, self._law(u, grid), grid)
