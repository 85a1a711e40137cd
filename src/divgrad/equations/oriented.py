"""Diffusion steered by a tensor field of the user's."""

from __future__ import annotations

from typing import Any

import numpy as np

from divgrad.equations.tensor_flow import compact_parameter, farthest, reach_parameter
from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.kernels.directions import PARTS, roundest
from divgrad.kernels.tensor_diffusion import TensorDiffusion, tensor_diffusion
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class Oriented(Equation):
    r"""Smooth along directions of your own: fibres known from elsewhere, a wind, another image's structure.

    .. math:: \partial_t u = \mathrm{div}(D(x) \, \nabla u)

    At every pixel D is a symmetric matrix without negative eigenvalues, in the order of the image's axes and in
    physical units: the part D[0, 0] is the diffusivity along the first axis, in length units squared per
    unit of time. It stays as it is, whatever becomes of the image. A matrix that is too thin for the stencil's
    reach is made rounder. Stencils have no negative weight: no new extrema.

    Raises
    ------
    ImageError
        If the tensors are not of the image's shape, not symmetric, or have negative eigenvalues.

    References
    ----------
    J. Fehrenbach, J.-M. Mirebeau, J. Mathematical Imaging and Vision 49:123-147, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Oriented, Time, evolve
    >>> spot = np.zeros((21, 21))
    >>> spot[10, 10] = 1.0
    >>> along = np.array([[1.0, 1.0], [1.0, 1.0]]) / 2.0  # the diagonal
    >>> u = evolve(spot, Oriented(along), until=Time(4.0)).u
    >>> bool(u[12, 12] > 20.0 * u[8, 12])
    True
    """

    tensors: Any = parameter(
        "D: n x n matrices for images of n axes, of shape (*space, n, n), or one for all pixels, (n, n)",
        array=True,
    )  # fmt: skip
    reach: int = reach_parameter()
    compact: bool = compact_parameter()

    citation = "J. Fehrenbach, J.-M. Mirebeau, J. Mathematical Imaging and Vision 49:123-147, 2014"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "flip": "the tensors are given for one orientation of the image",
        "turn": "the tensors are given for one orientation of the image",
    }

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with its operator made."""
        return _Steered(self._made(u, grid, arrange))

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return div(D grad .)."""
        space = u.shape[1:]
        return self._made(u, grid, lambda part, _: np.asarray(part, u.dtype).reshape(1, *space))

    def _made(self, u: Image, grid: Grid, arrange: Arrange) -> TensorDiffusion:
        n, space, reach = grid.ndim, u.shape[1:], farthest(self, grid)
        given = np.asarray(self.tensors)
        if given.shape[-2:] != (n, n) or given.ndim < 2:
            raise ImageError(
                f"tensors has the shape {given.shape}; for an image of {n} axes it must be (*space, {n}, {n})"
            )
        if given.ndim == 2:  # one for all pixels: looked at once
            matrices = given.astype(np.float64).reshape(*(1,) * n, n, n)
        else:
            parts = [[arrange(given[..., i, j], "tensors")[0] for j in range(n)] for i in range(n)]
            matrices = np.moveaxis(np.array(parts, np.float64), (0, 1), (-2, -1))
        size = float(np.abs(matrices).max())
        off = float(np.abs(matrices - np.swapaxes(matrices, -1, -2)).max())
        if off > 1e-5 * size:
            raise ImageError(f"tensors must be symmetric; D[i, j] and D[j, i] differ by {off:.3g}")
        values, vectors = np.linalg.eigh(matrices)
        if values.min() < -1e-5 * size:
            raise ImageError(f"tensors have negative eigenvalues, down to {values.min():.3g}")
        thinnest = roundest(grid, reach, self.compact) if n == 3 or self.compact else 0.0
        least = thinnest * values[..., -1:]
        thin = values[..., :1] < least
        rounder = np.einsum("...ik,...k,...jk->...ij", vectors, np.maximum(values, least), vectors)
        matrices = np.where(thin[..., None], rounder, matrices)
        field = np.zeros((6 if n == 3 else 3, *space), u.dtype)
        place = {1: (2,), 2: (0, 2), 3: (0, 1, 2)}[n]
        for m, (i, j) in enumerate(PARTS[n == 3]):
            if i in place and j in place:
                field[m] = matrices[..., place.index(i), place.index(j)]
        if n == 1:
            field[0] = field[1]
        return tensor_diffusion(field, grid, reach=reach, compact=self.compact)


class _Steered(Equation):
    """The flow with its operator at hand; nothing of it depends on the image."""

    citation = Oriented.citation
    bound_lasts = True
    exemptions = Oriented.exemptions

    def __init__(self, made: TensorDiffusion) -> None:
        self.made = made

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        return self.made

    def explicit(self, u: Image, t: float, taus: Any, grid: Grid) -> Image:
        return self.made.polynomial(u, taus)
