"""Fourth-order diffusion as an operator: -lap(c lap v) with c frozen, and explicit steps with c following."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import Conductance, constant
from divgrad.grid import Grid
from divgrad.kernels import laplacian
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.recurrence import Recurrence
from divgrad.kernels.rows import over_rows
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, volume


class FourthOrderDiffusion(Recurrence):
    """v -> -scale lap(c lap v), with the coefficients c made once.

    Parameters
    ----------
    source
        Image ``(channel, *space)`` whose Laplacians make c; not looked at where c is constant.
    conductance, contrast
        c as a function of the squared Laplacian, and its contrast.
    grid
        Where the pixels are.
    peak
        Largest c that can occur.
    scale
        Factor of the whole operator.
    """

    symmetric = True

    def __init__(
        self,
        source: Image,
        conductance: Conductance,
        contrast: float,
        grid: Grid,
        *,
        peak: float,
        scale: float,
    ) -> None:
        self.grid, self.scale, self.peak = grid, scale, peak
        self.c = (
            None if conductance is constant else _coefficients(source, conductance, contrast, grid)
        )

    def bound(self) -> float:
        """Return scale peak (4 sum 1 / h^2)^2."""
        return self.scale * self.peak * self.grid.laplacian_bound**2

    def visit(
        self, v: Image, old: Image, out: Image, taus: NDArray[Any], fresh: NDArray[Any]
    ) -> None:
        """Make a step; out may be old."""
        tau, part = self.scale * float(taus[0]), float(fresh[0])
        _step(v, old, out, self.c, constant, 1.0, tau, part, self.grid)


def explicit(
    u: Image,
    conductance: Conductance,
    taus: Sequence[float],
    contrasts: Sequence[float],
    grid: Grid,
) -> Image:
    """Return u after explicit steps of u_t = -lap(c(|lap u|) lap u), c made anew for every step."""
    old, new = u, u
    for tau, contrast in zip(taus, contrasts, strict=True):
        out = np.empty_like(u) if old is u else old
        _step(new, new, out, None, conductance, contrast, tau, 1.0, grid)
        old, new = new, out
    return u.copy() if new is u else new


def _step(
    u: Image,
    old: Image,
    out: Image,
    c: Image | None,
    conductance: Conductance,
    contrast: float,
    tau: float,
    fresh: float,
    grid: Grid,
) -> None:
    view, before, result = volume(u), volume(old), volume(out)
    nodes = view if c is None else volume(c)
    module = _module(view, conductance, c is not None)
    real = u.dtype.type
    rates, numbers = inverse(grid, u.dtype), (real(tau), real(fresh), real(contrast))
    over_rows(
        lambda box: module.fourth(view, before, nodes, result, box, *numbers, rates),
        view.shape,
        4 * u.shape[0] * u.dtype.itemsize,
        grid,
    )


def _coefficients(u: Image, conductance: Conductance, contrast: float, grid: Grid) -> Image:
    out = np.empty((1, *u.shape[1:]), u.dtype)
    view, result = volume(u), volume(out)
    module = _module(view, conductance, False)
    k, rates = u.dtype.type(contrast), inverse(grid, u.dtype)
    work = lambda box: module.coefficients(view, result, box, k, rates)  # noqa: E731
    over_rows(work, view.shape, 4 * u.shape[0] * u.dtype.itemsize, grid)
    return out


def _module(view: Image, conductance: Conductance, nodes: bool) -> Any:
    return specialise(
        laplacian,
        conductance,
        view.dtype,
        CHANNELS=view.shape[0],
        VOLUME=view.shape[2] > 1,
        NODES=nodes,
    )
