"""Diffusion with a complex coefficient: an image and its edges at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

from divgrad.conductances import rational
from divgrad.grid import Grid
from divgrad.kernels.turned import TurnedDiffusion, explicit
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class ComplexDiffusion(Equation):
    r"""Smooth an image and find its edges in one flow: the real part is smoothed, the imaginary part shows edges.

    .. math:: \partial_t I = \mathrm{div}(d \, \nabla I), \quad
        d = \frac{e^{i \theta}}{1 + \bigl(\mathrm{Im}\, I / (k \theta)\bigr)^2}

    For a small angle :math:`\mathrm{Im}\, I / \theta` becomes t times the Laplacian of the smoothed image: it
    changes sign at an edge, and slows the flow to both sides of it, while ramps are not taken for edges. No
    gradient is needed, which would be noisy at the start. Real and imaginary part are one complex image: that
    is what results, of a real image too (its imaginary part begins as 0): ``.u.real`` is the smoothed image,
    ``.u.imag`` the edges. Channels are coupled by the sum of the squares of their imaginary parts.

    References
    ----------
    G. Gilboa, N. Sochen, Y. Y. Zeevi, IEEE PAMI 26:1020-1036, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import ComplexDiffusion, Time, evolve
    >>> step = np.repeat([0.0, 100.0], 5)
    >>> evolve(step, ComplexDiffusion(contrast=5.0), until=Time(1.0)).u.imag.round(1)[3:7].tolist()
    [1.0, 2.2, -2.2, -1.0]
    """

    contrast: float = parameter(
        "The t times Laplacian of the image, Im I / angle, above which the flow is slowed",
        unit="image units", above=0, example="5",
    )  # fmt: skip
    angle: float = parameter(
        "Angle of the complex coefficient; the smaller, the nearer Im I is to a smoothed Laplacian",
        unit="radian", above=0, most=1.5, default=math.pi / 30.0,
    )  # fmt: skip

    citation = "G. Gilboa, N. Sochen, Y. Y. Zeevi, IEEE PAMI 26:1020-1036, 2004"
    bound_lasts = True
    complex_valued = True
    exemptions = {  # noqa: RUF012
        "range": "a complex flow has no maximum principle: its answer to an impulse has ripples",
    }

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return div(d grad .) with d made from u."""
        return TurnedDiffusion(u, rational, self.contrast * self.angle, float(self.angle), grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        r"""Return 4 sum 1 / h^2 / cos(angle)."""
        return grid.laplacian_bound / math.cos(self.angle)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, some per visit."""
        contrast, angle = float(self.contrast * self.angle), float(self.angle)
        return explicit(u, rational, contrast, angle, taus, grid)
