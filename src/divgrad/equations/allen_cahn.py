"""Separation into two phases."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.conductances import constant
from divgrad.equations.fidelity import Pulled
from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.kernels.diffusion import ScalarDiffusion
from divgrad.kernels.reactions import phases
from divgrad.kernels.reductions import extent
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class AllenCahn(Equation):
    r"""Part an image into two grey values with a smooth, short border between them.

    .. math:: \partial_t u = \Delta u - \frac{h}{\varepsilon^2} \, W'\Bigl(\frac{u - m}{h}\Bigr), \quad
        W(w) = \tfrac14 (1 - w^2)^2

    with m and h the mean and half the difference of the two grey values, low and high. First every pixel goes to the
    nearer of the two; then the borders, tanh profiles about 4 widths wide, move with their curvature, and what is
    small vanishes: a circle shrinks as r^2 = r_0^2 - 2 t. Each channel for itself. A width below the
    distance of pixels pins the borders.

    No value leaves the range of the first image joined with low and high. Schemes that linearise take the
    well's steepest slope as a pull that is implicit (stabilised), so AOS too is stable at every step; the
    step that follows the phases' separation is below the width squared.

    Raises
    ------
    ParameterError
        If low is not below high.

    References
    ----------
    S. M. Allen, J. W. Cahn, Acta Metallurgica 27:1085-1095, 1979. Stabilisation: J. Shen, X. Yang, Discrete
    and Continuous Dynamical Systems 28:1669-1691, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import AllenCahn, Time, evolve
    >>> grey = np.array([10.0, 60.0, 30.0, 140.0, 180.0, 160.0])
    >>> evolve(grey, AllenCahn(width=1.0, low=0.0, high=200.0), until=Time(5.0)).u.round().tolist()
    [7.0, 18.0, 57.0, 131.0, 177.0, 192.0]
    """

    width: float = parameter(
        "Width of the border between the phases, from the middle to 61 % of the way",
        unit="length units", above=0, example="1.5",
    )  # fmt: skip
    low: float = parameter("Grey value of the dark phase", unit="image units", default=-1.0)
    high: float = parameter("Grey value of the bright phase", unit="image units", default=1.0)

    citation = "S. M. Allen, J. W. Cahn, Acta Metallurgica 27:1085-1095, 1979"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "constant": "every grey value goes to one of the two phases",
        "mean": "every grey value goes to one of the two phases",
        "range": "the phases' grey values may lie outside of the image's",
        "shift": "the phases have fixed grey values",
        "negative": "the phases have fixed grey values",
    }

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ParameterError(
                f"AllenCahn: low must be < high; got {self.low:g} and {self.high:g}"
            )

    @property
    def middle(self) -> float:
        """The grey value between the phases."""
        return 0.5 * (self.low + self.high)

    @property
    def half(self) -> float:
        """Half the difference of the phases."""
        return 0.5 * (self.high - self.low)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return lap . - S . with all that is not linear flowing in; S bounds the well's slope."""
        real = u.dtype.type
        pull = real(self._steepest(u, grid))
        w = (u - real(self.middle)) / real(self.half)
        data = u + w * (1 - w * w) * real(self.half / self.width**2) / pull
        return Pulled(ScalarDiffusion(u, constant, 1.0, grid, peak=1.0), pull, data)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 4 sum 1 / h^2 + 2 max W'' / width^2: up to 2 / bound no value leaves the range."""
        return grid.laplacian_bound + 2.0 * self._steepest(u, grid)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps."""
        return phases(u, taus, self.middle, self.half, self.half / self.width**2, grid)

    def _steepest(self, u: Image, grid: Grid) -> float:
        """Return the largest W'' / width^2 in the range of the image and the phases, (3 w^2 - 1) / width^2."""
        low, high = extent(u, grid)
        w = max(1.0, abs(low - self.middle) / self.half, abs(high - self.middle) / self.half)
        return (3.0 * w * w - 1.0) / self.width**2
