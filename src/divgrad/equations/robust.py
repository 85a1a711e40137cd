"""Diffusion that takes edges for outliers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from divgrad.conductances import tukey
from divgrad.equations.perona_malik import PeronaMalik
from divgrad.grid import Grid
from divgrad.kernels.slopes import collect, robust_scale
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter

SAMPLE = 262_144  # pixels whose slopes are looked at: their median is good to 0.2 %


@declared
class Robust(Equation):
    r"""Smooth what slopes as most of the image does, and stop at slopes that are outliers: they are edges.

    .. math::

        \partial_t u = \mathrm{div}\bigl(g(|\nabla u_\sigma|) \, \nabla u\bigr), \quad
        g(s) = \bigl(1 - s^2 / k^2\bigr)^2 \text{ for } s < k, \text{ else } 0

    The contrast k is found in the first image: a times :math:`\sqrt 5 \cdot 1.4826 \operatorname{median}|s -
    \operatorname{median} s|`, which makes the flow largest at the typical deviation of the slopes. Above k
    nothing flows at all, so that strong edges stay however long it takes. Slopes that are exactly zero are
    not counted. Channels are coupled. It is :class:`~divgrad.PeronaMalik` with
    :func:`~divgrad.conductances.tukey` and this contrast.

    References
    ----------
    M. J. Black, G. Sapiro, D. H. Marimont, D. Heeger, IEEE TIP 7:421-432, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Robust, Time, evolve
    >>> noise = np.random.default_rng(0).normal(0.0, 1.0, (32, 32))
    >>> edge = np.where(np.arange(32) < 16, 0.0, 100.0)
    >>> smooth = evolve(noise + edge, Robust(), until=Time(50.0)).u
    >>> bool(smooth[:, :16].std() < 0.5), bool(smooth[:, 16].min() - smooth[:, 15].max() > 98.0)
    (True, True)
    """

    factor: float = parameter(
        "Factor a of the contrast found: above 1 only stronger edges are kept, below 1 weaker ones too",
        above=0, default=1.0,
    )  # fmt: skip
    presmoothing: float | None = parameter(
        "Standard deviation of the Gaussian that smooths the image from which slopes are taken; 0 takes "
        "central differences, None the differences across each edge between pixels",
        unit="length units", least=0, optional=True, default=None,
    )  # fmt: skip

    citation = "M. J. Black, G. Sapiro, D. H. Marimont, D. Heeger, IEEE TIP 7:421-432, 1998"
    bound_lasts = True

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return the flow with the contrast of the first image."""
        return self.found(u, grid)

    def found(self, u: Image, grid: Grid) -> PeronaMalik:
        """Return the flow with the contrast of an image."""
        slopes = collect(list(u), grid.spacing, self.presmoothing, SAMPLE)
        contrast = float(self.factor) * math.sqrt(5.0) * robust_scale(slopes)
        mantissa, exponent = math.frexp(
            contrast
        )  # to 12 bits: rounding in the image shall not move it
        contrast = math.ldexp(round(mantissa * 4096.0), exponent - 12)
        # An image without noise has none, and all its slopes are edges: what is above rounding stays.
        largest = max(float(u.max()), -float(u.min()), 1e-12)
        least = float(np.finfo(u.dtype).eps) * largest / max(grid.spacing)
        return PeronaMalik(max(contrast, least), tukey, self.presmoothing)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return div(g grad .) with g, and its contrast, made from u."""
        return self.found(u, grid).operator(u, t, grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 4 sum 1 / h^2."""
        return grid.laplacian_bound

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, with the contrast of u."""
        return self.found(u, grid).explicit(u, t, taus, grid)
