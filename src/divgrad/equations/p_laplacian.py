"""Diffusion by a power of the slope."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.kernels.full_gradient import FullGradient, Law, explicit
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import declared, parameter
from divgrad.reach import Reach, around


@declared
class PLaplacian(Equation):
    r"""Between keeping edges (exponent near 1) and flattening peaks first (large exponents); 2 is heat flow.

    .. math:: \partial_t u = \mathrm{div}\Bigl(\Bigl(\frac{|\nabla u|^2 + \epsilon^2}{k^2}\Bigr)^{(p-2)/2}
        \nabla u\Bigr)

    Above 2 steep slopes flow faster than gentle ones, and a spot spreads with a sharp front. Channels are
    coupled: one slope, from the summed squares of all. Every edge between pixels sees the full gradient.

    Raises
    ------
    ParameterError
        If the exponent is below 2 and there is no smoothing: flat regions would flow at infinite speed.

    References
    ----------
    G. I. Barenblatt, Prikladnaya Matematika i Mekhanika 16:67-78, 1952; P. Lindqvist, Notes on the
    p-Laplace Equation, University of Jyvaskyla, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Explicit, PLaplacian, Time, evolve
    >>> spot, fine = np.array([0.0, 0.0, 4.0, 0.0, 0.0]), Explicit(0.001)
    >>> evolve(spot, PLaplacian(4.0), scheme=fine, until=Time(0.1)).u.round(1).tolist()
    [0.0, 0.9, 2.1, 0.9, 0.0]
    """

    exponent: float = parameter("Exponent p", above=1, default=3.0)
    contrast: float = parameter(
        "Slope k at which the flow is as fast as heat flow",
        unit="image units per length unit", above=0, default=1.0,
    )  # fmt: skip
    smoothing: float = parameter(
        "Slope epsilon below which the flow is heat flow; needed for exponents below 2",
        unit="image units per length unit", least=0, default=0.0,
    )  # fmt: skip

    citation = "G. I. Barenblatt, Prikladnaya Matematika i Mekhanika 16:67-78, 1952"
    bound_lasts = True

    def __post_init__(self) -> None:
        if self.exponent < 2.0 and not self.smoothing > 0.0:
            raise ParameterError(
                f"PLaplacian: an exponent below 2 needs a smoothing > 0; got {self.exponent:g}, "
                f"{self.smoothing:g}"
            )

    def _law(self, u: Image, grid: Grid) -> Law:
        half, slope = 0.5 * (float(self.exponent) - 2.0), float(self.smoothing)
        steepest = 0.0
        if half > 0.0:
            span = float(u.max()) - float(u.min())
            steepest = span / min(grid.spacing) * math.sqrt(grid.ndim * u.shape[0])
        peak = (steepest * steepest + slope * slope) ** half
        scale = float(self.contrast) ** (-2.0 * half)
        return Law(power(half), slope, peak=peak, scale=scale)

    def sees(self, t: float, grid: Grid) -> Reach:
        """Return that of slopes across and along the edges of a pixel."""
        return around((1,) * grid.ndim, copies=9)._replace(extremes=True)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        r"""Return div(\|grad u\|^(p - 2) grad .)."""
        return FullGradient(u, self._law(u, grid), grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return that of the steepest slope that the image's range allows."""
        return self._law(u, grid).bound(grid)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, each in one pass."""
        return explicit(u, taus, self._law(u, grid), grid)


@lru_cache(maxsize=64)
def power(half: float) -> Callable[[float, float], float]:
    """Return (s2 + contrast^2)^half; by roots, which vectorise, for exponents p of 1.5, 2.5, 3 and 4.

    >>> power(0.5)(9.0, 4.0), power(0.75)(0.0, 1.0)
    (5.0, 1.0)
    """
    known = {-0.25: _minus_quarter, 0.25: _quarter, 0.5: _half, 1.0: _one}
    if half in known:
        return known[half]

    def general(s2: float, contrast: float) -> float:
        return math.pow(s2 + contrast * contrast, half)

    return general


def _minus_quarter(s2: float, contrast: float) -> float:
    return 1.0 / math.sqrt(math.sqrt(s2 + contrast * contrast))


def _quarter(s2: float, contrast: float) -> float:
    return math.sqrt(math.sqrt(s2 + contrast * contrast))


def _half(s2: float, contrast: float) -> float:
    return math.sqrt(s2 + contrast * contrast)


def _one(s2: float, contrast: float) -> float:
    return s2 + contrast * contrast
