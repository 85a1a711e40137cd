"""Diffusion that boundaries known beforehand slow down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from divgrad.conductances import constant
from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.kernels.diffusion import ScalarDiffusion
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class Guided(Equation):
    r"""Smooth within regions whose boundaries are known: a map says how strong a boundary each pixel is.

    .. math:: \partial_t u = \mathrm{div}\bigl(e^{-b / k} \, \nabla u\bigr)

    The map b stays as it is, whatever becomes of the image: over long times regions become flat, and a step between
    two of them lasts the longer, the stronger and the more closed their boundary is. A
    boundary must be two pixels thick to part regions wholly: between two pixels the mean of both flows.

    Raises
    ------
    ImageError
        If the map is not of the image's shape, or has negative values.

    References
    ----------
    P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Guided, Time, evolve
    >>> wall = np.array([0.0, 0.0, 9.0, 9.0, 0.0, 0.0])
    >>> u = evolve([0.0, 6.0, 6.0, 0.0, 0.0, 3.0], Guided(wall, contrast=1.0), until=Time(50.0)).u
    >>> u.round(1).tolist()
    [4.0, 4.0, 4.0, 1.0, 1.0, 1.0]
    """

    boundaries: Any = parameter("b: how strong a boundary each pixel is, >= 0", array=True)
    contrast: float = parameter(
        "Strength k of a boundary that slows the flow to 1/e, in units of the map", above=0, example="0.1",
    )  # fmt: skip

    citation = "P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "flip": "the map is given for one orientation of the image",
        "turn": "the map is given for one orientation of the image",
    }

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with its map in the order of axes of u."""
        given = arrange(self.boundaries, "boundaries")
        if given.shape[0] != 1:
            raise ImageError(
                f"boundaries has {given.shape[0]} channels: one map for all channels is needed"
            )
        if float(given.min()) < 0.0:
            raise ImageError(f"boundaries must be >= 0; its least value is {given.min():.3g}")
        return replace(self, boundaries=given)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return div(g grad .)."""
        given = np.asarray(self.boundaries, u.dtype).reshape(1, *u.shape[1:])
        g = np.exp(-given / u.dtype.type(self.contrast))
        return ScalarDiffusion(g, constant, 1.0, grid, peak=1.0, nodes=True)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        r"""Return 4 sum 1 / h^2."""
        return grid.laplacian_bound

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps: the operator stays the same."""
        return self.operator(u, t, grid).polynomial(u, taus)
