"""What flows that know speckle by its coefficient of variation have in common."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from divgrad.conductances import Conductance, constant
from divgrad.errors import ImageError, ParameterError
from divgrad.grid import Grid
from divgrad.kernels.diffusion import ScalarDiffusion
from divgrad.kernels.reductions import extent
from divgrad.kernels.variation import Window, conductances, explicit, squared, typical
from divgrad.operators import Arrange, Equation, Image, Operator

SPECKLE = (
    "Standard deviation of the speckle as a part of the grey value, as it would be measured in an even region "
    "of the first image; None measures it there, by the median over the image"
)
DECAY = (
    "How fast the speckle that is left is expected to fall, as exp(-decay t / area of a pixel): the larger, the "
    "sooner all flow ends; None measures what is left anew for every step"
)


class SpeckleFlow(Equation):
    """div(c grad u) with c a function of the local variation and of the speckle's, at most 1."""

    speckle: float | None
    decay: float | None
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "shift": "speckle is known by its ratio to the grey value: adding a constant is another problem",
        "negative": "defined for images >= 0 only",
    }

    def check(self) -> None:
        """Raise ParameterError where the speckle is both given and measured for every step."""
        if self.decay is None and self.speckle is not None:
            raise ParameterError(
                f"{type(self).__name__}: with decay=None the speckle is measured for every step; "
                f"leave out speckle={self.speckle:g}, or give a decay"
            )

    @abstractmethod
    def window(self) -> Window:
        """Return which pixels around one are looked at."""

    @abstractmethod
    def conductance(self) -> Conductance:
        """Return the function of the squared variation and the speckle's coefficient."""

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with the speckle of the first image."""
        low, high = extent(u, grid)
        if low < -1e-6 * high:  # less is rounding
            raise ImageError(
                f"{type(self).__name__} needs an image >= 0, got a minimum of {low:g}: give intensities or "
                "amplitudes as they were measured; of a logarithmic image (dB) take its exponential first"
            )
        if self.speckle is not None or self.decay is None:
            return self
        return replace(self, speckle=max(self.measured(u, grid), 1e-9))  # type: ignore[type-var]

    def measured(self, u: Image, grid: Grid) -> float:
        """Return the coefficient of variation of an image's speckle."""
        window = self.window()
        return typical(conductances(u, window, squared, 1.0, grid), window, grid)

    def noise(self, u: Image, t: float, grid: Grid) -> float:
        """Return the coefficient of variation of the speckle that is left at the time t."""
        first = self.measured(u, grid) if self.speckle is None else float(self.speckle)
        if self.decay is None:
            return first
        area = grid.ndim / sum(grid.inverse)
        return first * math.exp(-float(self.decay) * t / area)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return div(c grad .) with c made from u."""
        c = conductances(u, self.window(), self.conductance(), self.noise(u, t, grid), grid)
        return ScalarDiffusion(c, constant, 1.0, grid, peak=1.0, nodes=True)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 4 sum 1 / h^2: c is at most 1."""
        return grid.laplacian_bound

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, many per visit where the speckle is not measured between them."""
        if self.speckle is None:
            return super().explicit(u, t, taus, grid)
        noises = []
        for tau in taus:
            noises.append(self.noise(u, t, grid))
            t += tau
        return explicit(u, self.window(), self.conductance(), taus, noises, grid)
