"""Linear diffusion of fourth order."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels.fourth_order import FourthOrderDiffusion, explicit
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import declared, parameter
from divgrad.reach import Reach


@declared
class Biharmonic(Equation):
    r"""Blur what is fine much faster than what is coarse: as a thin plate gives way, ramps stay ramps.

    .. math:: \partial_t u = -s^2 \, \Delta \Delta u

    A wave of wave number k fades at the rate s^2 k^4, against k^2 of heat flow: waves finer than the scale s
    faster than there, coarser ones slower. With :class:`~divgrad.Masked` it fills holes smoothly, without
    the peaks that harmonic filling leaves at single pixels. There is no maximum principle at fourth order: near
    edges values overshoot. Nothing flows through the border, neither of u nor of its Laplacian.

    References
    ----------
    S. Didas, J. Weickert, B. Burgeth, JMIV 35:208-226, 2009. Filling: T. F. Chan, S. H. Kang, JMIV
    26:85-103, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Biharmonic, Time, evolve
    >>> noisy_ramp = np.arange(40.0) + 0.5 * (-1.0) ** np.arange(40)
    >>> evolve(noisy_ramp, Biharmonic(), until=Time(0.5)).u[18:22].round(1).tolist()
    [18.0, 19.0, 20.0, 21.0]
    """

    scale: float = parameter(
        "Length s at which it smooths as fast as heat flow: a wave's length / 2 pi",
        unit="length units", above=0, default=1.0,
    )  # fmt: skip

    citation = "S. Didas, J. Weickert, B. Burgeth, JMIV 35:208-226, 2009"
    bound_lasts = True
    exemptions = {"range": "flows of fourth order have no maximum principle"}  # noqa: RUF012

    def sees(self, t: float, grid: Grid) -> Reach:
        """Return that of a Laplacian of a Laplacian."""
        two = (2,) * grid.ndim
        return Reach((1,) * grid.ndim, two, two, copies=6)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return -s^2 lap lap."""
        return FourthOrderDiffusion(u, constant, 1.0, grid, peak=1.0, scale=self.scale**2)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return s^2 (4 sum 1 / h^2)^2."""
        return float(self.scale**2 * grid.laplacian_bound**2)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps."""
        return explicit(u, constant, [self.scale**2 * tau for tau in taus], [1.0] * len(taus), grid)
