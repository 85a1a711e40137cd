"""Osmosis as an operator: v -> lap v - div(d v), with the drift d at the edges made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import osmosis
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.presmoothing import axes
from divgrad.kernels.recurrence import Recurrence
from divgrad.kernels.rows import explicit_steps, over_rows
from divgrad.kernels.specialise import specialise
from divgrad.operators import Bands, Image, volume


class Osmotic(Recurrence):
    """v -> lap v - div(d v), which keeps the mean and whose steady states are multiples of the guidance.

    Parameters
    ----------
    drifts
        For each axis, the drift to the next pixel, ``(1 or channel, *space)``: see :func:`drifts`.
    grid
        Where the pixels are.
    bound
        Its bound: see :func:`largest`.
    real_spectrum
        Whether the drift is a gradient: then the matrix is similar to a symmetric one.
    """

    def __init__(
        self, drifts: Sequence[Image], grid: Grid, bound: float, *, real_spectrum: bool = True
    ) -> None:
        self.drifts, self.grid, self.most = drifts, grid, bound
        self.real_spectrum = real_spectrum

    @property
    def has_bands(self) -> bool:
        """Bands are one for all channels, and so must the drift be."""
        return bool(self.drifts[0].shape[0] == 1)

    def bound(self) -> float:
        """Return the bound."""
        return self.most

    def visit(
        self, v: Image, old: Image, out: Image, taus: NDArray[Any], fresh: NDArray[Any]
    ) -> None:
        """Make a step; out may be old."""
        step = self._step(v)
        views = (volume(v), volume(old), *_three(self.drifts, self.grid), volume(out))
        over_rows(
            lambda box: step(*views, box, taus[0], fresh[0]),
            views[0].shape,
            6 * v.dtype.itemsize,
            self.grid,
        )

    def steps(self, v: Image, taus: Sequence[float]) -> Image:
        """Return v after explicit steps, several per visit."""
        step, one = self._step(v), v.dtype.type(1.0)
        return explicit_steps(
            lambda u, *rest: step(u, u, *rest, one),
            v,
            _three(self.drifts, self.grid),
            taus,
            self.grid,
        )

    def _step(self, v: Image) -> Callable[..., Any]:
        guides, rates = self.drifts[0].shape[0], inverse(self.grid, v.dtype)
        module = specialise(
            osmosis, constant, v.dtype, CHANNELS=v.shape[0], GUIDES=guides, VOLUME=v.ndim > 3
        )
        return lambda *given: module.osmose(*given, rates)

    def bands(self, axis: int) -> Bands:
        """Return the part along one axis: its columns sum to zero."""
        d = self.drifts[axis][0]
        one, h2 = d.dtype.type(1.0), d.dtype.type(self.grid.inverse[axis])
        upper, lower, diagonal = np.zeros_like(d), np.zeros_like(d), np.zeros_like(d)
        here, ahead = _edges(d.ndim, axis)
        upper[here] = h2 * (one - d[here])
        lower[ahead] = h2 * (one + d[here])
        diagonal[here] -= lower[ahead]
        diagonal[ahead] -= upper[here]
        return Bands(upper, diagonal, lower)


def drifts(v: Image, mask: Image, grid: Grid) -> list[Image]:
    """Return for each axis the drift to the next pixel, (v_j - v_i) / (v_j + v_i), none where the mask is 1."""
    module = specialise(osmosis, constant, v.dtype, VOLUME=v.ndim > 3)
    view, where, found = volume(v), volume(mask), []
    for axis in axes(grid.ndim):
        out = np.empty_like(v)
        result = volume(out)
        over_rows(
            lambda box, result=result, axis=axis: module.drift(view, where, result, box, axis),  # type: ignore[misc]
            view.shape,
            3 * v.dtype.itemsize,
            grid,
        )
        found.append(out)
    return found


def largest(drifts: Sequence[Image], grid: Grid) -> float:
    """Return twice the largest rate at which a pixel is left, in 1 / time: no eigenvalue is beyond (Gershgorin).

    So a step of 2 / bound may empty a pixel, and not make it negative. At least the bound without a drift.
    """
    edges = _three(drifts, grid)
    dtype = edges[2].dtype
    module = specialise(osmosis, constant, dtype, VOLUME=grid.ndim > 2)
    out = np.empty(edges[2].shape[:3], dtype)
    rates = inverse(grid, dtype)
    over_rows(
        lambda box: module.fastest(*edges, out, box, rates),
        edges[2].shape,
        4 * dtype.itemsize,
        grid,
    )
    return max(2.0 * float(out.max()), grid.laplacian_bound)


def _three(drifts: Sequence[Image], grid: Grid) -> list[Image]:
    """Return the drifts along planes, rows and cols; zeros stand for axes that are not there."""
    edges = [volume(drifts[0])] * 3
    for axis, drift in zip(axes(grid.ndim), drifts, strict=True):
        edges[axis] = volume(drift)
    if grid.ndim == 1:
        edges[0] = edges[1] = np.zeros_like(edges[2])
    return edges


def _edges(ndim: int, axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the pixels that have a next one along an axis, and those next ones."""
    here, ahead = [slice(None)] * ndim, [slice(None)] * ndim
    here[axis], ahead[axis] = slice(None, -1), slice(1, None)
    return tuple(here), tuple(ahead)
