"""Diffusion that edges slow down."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from divgrad.conductances import Conductance, rational
from divgrad.grid import Grid
from divgrad.kernels.diffusion import ScalarDiffusion, explicit, peak
from divgrad.kernels.presmoothing import gradient_conductance, radii
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import Varying, declared, parameter
from divgrad.reach import Reach, around, nearest


@declared
class PeronaMalik(Equation):
    r"""Smooth within regions and keep their edges: diffusion that steep slopes slow down.

    .. math:: \partial_t u = \mathrm{div}\bigl(g(|\nabla u_\sigma|) \, \nabla u\bigr)

    Slopes below the contrast are smoothed away, slopes above are kept. Channels are coupled: one
    conductance, from the summed squared slopes of all.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990. Presmoothing: F. Catte, P.-L. Lions, J.-M. Morel,
    T. Coll, SIAM J. Numerical Analysis 29:182-193, 1992. Channels: G. Gerig, O. Kubler, R. Kikinis,
    F. A. Jolesz, IEEE TMI 11:221-232, 1992.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import PeronaMalik, Steps, evolve
    >>> edge = np.repeat([[0.0, 100.0]], 3, axis=1) + [[1, -1, 1, -1, 1, -1]]
    >>> evolve(edge, PeronaMalik(contrast=10.0), until=Steps(20)).u.round().tolist()
    [[1.0, 2.0, 2.0, 98.0, 98.0, 99.0]]
    """

    contrast: Varying = parameter(
        "Slope above which an edge is kept and below which it is smoothed away",
        unit="image units per length unit", above=0, varies=True, example="20",
    )  # fmt: skip
    conductance: Conductance = parameter(
        "How flow falls with the slope: one of divgrad.conductances, or your own g(s2, contrast)",
        kind=object, default=rational,
    )  # fmt: skip
    presmoothing: Varying | None = parameter(
        "Standard deviation of the Gaussian that smooths the image from which slopes are taken, so that "
        "noise is not taken for edges; 0 takes central differences, None the differences across each edge",
        unit="length units", least=0, varies=True, optional=True, default=None,
    )  # fmt: skip

    citation = "P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990"
    bound_lasts = True

    def sees(self, t: float, grid: Grid) -> Reach:
        """Return that of nearest neighbours, and of the Gaussian with its differences."""
        contrast, sigma = float(self.at("contrast", t)), self.at("presmoothing", t)
        grows = peak(self.conductance, contrast) > abs(self.conductance(0.0, contrast))
        if sigma is None:
            return nearest(grid.ndim, extremes=grows)
        wide = tuple(radius + 1 for radius in radii(float(sigma), grid))
        return around(wide, copies=6)._replace(extremes=grows)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return div(g grad .) with g made from u."""
        contrast, sigma = float(self.at("contrast", t)), self.at("presmoothing", t)
        top = self.bound(u, t, grid) / grid.laplacian_bound
        if sigma is None:
            return ScalarDiffusion(u, self.conductance, contrast, grid, peak=top)
        g = gradient_conductance(u, float(sigma), self.conductance, contrast, grid)
        return ScalarDiffusion(g, self.conductance, contrast, grid, peak=top, nodes=True)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        r"""Return 4 max \|g\| sum 1 / h^2."""
        contrast = float(self.at("contrast", t))
        top = peak(self.conductance, contrast)
        if top > abs(
            self.conductance(0.0, contrast)
        ):  # grows with the slope: how steep can it be here?
            span = float(u.max()) - float(u.min())
            steepest = span / min(grid.spacing) * math.sqrt(grid.ndim * u.shape[0])
            top = peak(self.conductance, contrast, float(np.nextafter(steepest, math.inf)))
        return top * grid.laplacian_bound

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps; without presmoothing many per visit."""
        if self.presmoothing is not None:
            return super().explicit(u, t, taus, grid)
        contrasts = []
        for tau in taus:
            contrasts.append(float(self.at("contrast", t)))
            t += tau
        return explicit(u, self.conductance, taus, contrasts, grid)
