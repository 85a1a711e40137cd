"""Flows whose conductances see the full gradient at every edge: total variation, p-Laplacian, curvature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import Conductance, constant
from divgrad.grid import Grid
from divgrad.kernels import curvature, extremes, tiles
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.presmoothing import axes, smooth
from divgrad.kernels.reductions import extent
from divgrad.kernels.specialise import specialise
from divgrad.operators import Bands, Image, Operator, volume


@dataclass(frozen=True)
class Law:
    """What is made of the gradient at an edge.

    Parameters
    ----------
    conductance, contrast
        Conductance of the squared slope; None: that of curvature, 1 / slope, with the slope in front.
    peak
        Largest weight that can occur; of curvature 2.
    scale
        Factor of the whole operator.
    weights
        Factors of the conductance, at the pixels, ``(1, *space)``.
    length, fastest
        Curvature k flows as ``k (length |k|)^(-2/3)``, at most ``fastest`` times as fast as k; None: as k.
    gate
        Curvature flows only where the gate, ``(channel, *space)``, is of its sign.
    """

    conductance: Conductance | None = None
    contrast: float = 1.0
    peak: float = 2.0
    scale: float = 1.0
    weights: Image | None = None
    length: float | None = None
    fastest: float = 1.0
    gate: Image | None = None

    def bound(self, grid: Grid) -> float:
        """Return 4 peak sum 1 / h^2 (Gershgorin)."""
        return self.peak * self.scale * self.fastest * grid.laplacian_bound


class FullGradient(Operator):
    r"""v -> a div(c grad v), with c, and for curvature a = \|grad w\|, made from the image w.

    All weights are non-negative. Channels share one c and one a.

    Parameters
    ----------
    source
        The image w, ``(channel, *space)``.
    law
        What is made of its slopes.
    grid
        Where the pixels are.
    """

    def __init__(self, source: Image, law: Law, grid: Grid) -> None:
        self.source, self.law, self.grid = source, law, grid
        self.symmetric = law.conductance is not None

    def bound(self) -> float:
        """Return 4 peak sum 1 / h^2 (Gershgorin)."""
        return self.law.bound(self.grid)

    def axpy(self, tau: float, v: Image) -> Image:
        """Return v + tau A v."""
        return step(v, tau, self.law, self.grid, source=self.source)

    def polynomial(
        self,
        v: Image,
        taus: Sequence[float],
        fresh: Sequence[float] | None = None,
        chain: Sequence[float] | None = None,
        *,
        spoil: bool = False,
    ) -> Image:
        """Return the recurrence of two terms, each step in one pass."""
        old, new, spare = v, v, None
        for s, tau in enumerate(taus):
            f = 1.0 if fresh is None else fresh[s]
            out = step(new, tau, self.law, self.grid, self.source, old, f, spare)
            spare = None if old is v or old is new else old
            old, new = new, out
        return v.copy() if new is v and not spoil else new

    @property
    def has_bands(self) -> bool:
        """Gated flow has none: whether a pixel flows is said of the whole curvature, not of its parts."""
        return self.law.gate is None

    def bands(self, axis: int) -> Bands:
        """Return the coefficients along one axis; rows sum to zero."""
        w = volume(self.source)
        upper, lower = (np.empty(self.source.shape[1:], w.dtype) for _ in range(2))
        up, low = volume(upper[None])[0], volume(lower[None])[0]
        module, arguments = _compiled(w, self.law, self.grid, frozen=False)
        place = axes(self.grid.ndim)[axis]
        scale = w.dtype.type(self.law.scale)
        tiles.run(
            lambda box: module.bands(w, arguments[0], up, low, box, place, scale, *arguments[1:]),
            _boxes(w, self.grid),
            self.grid.tiling.workers,
        )
        return Bands(upper=upper, lower=None if self.symmetric else lower)


def explicit(u: Image, taus: Sequence[float], law: Law, grid: Grid) -> Image:
    """Return u after explicit steps, linearised anew for each."""
    old: Image | None = None
    first = u
    for tau in taus:
        out = step(u, tau, law, grid, out=old)
        old = None if u is first else u
        u = out
    return u if u is not first else u.copy()


def step(
    v: Image,
    tau: float,
    law: Law,
    grid: Grid,
    source: Image | None = None,
    old: Image | None = None,
    fresh: float = 1.0,
    out: Image | None = None,
) -> Image:
    """Return fresh (v + tau A(source) v) + (1 - fresh) old, in ``out`` where that is given."""
    frozen = (source is not None and source is not v) or fresh != 1.0
    out = np.empty_like(v) if out is None else out
    view, result = volume(v), volume(out)
    w = volume(v if source is None else source)
    before = volume(v if old is None else old)
    module, arguments = _compiled(w, law, grid, frozen=frozen)
    real = v.dtype.type
    rate = real(tau * law.scale)
    tiles.run(
        lambda box: module.step(
            view, before, w, arguments[0], result, box, rate, real(fresh), *arguments[1:]
        ),
        _boxes(view, grid),
        grid.tiling.workers,
    )
    return out


def side(u: Image, radius: float, grid: Grid) -> Image:
    """Return by how much the mean around each pixel is above the middle of the values around it.

    A difference that is no more than rounding is none, so that a mirrored image decides alike.
    """
    view, out = volume(u), np.empty_like(u)
    middle = volume(out)
    reach = np.zeros(3, np.int64)
    for axis, h in zip(axes(grid.ndim), grid.spacing, strict=True):
        reach[axis] = int(np.ceil(radius / h - 1e-9))
    module = specialise(extremes, constant, u.dtype)
    _, planes, rows, cols = view.shape
    most = grid.tiling.block or (max(1, -(-planes // (4 * grid.tiling.workers))), rows, cols)
    tiles.run(
        lambda box: module.middle(view, middle, box, reach),
        list(tiles.boxes((planes, rows, cols), (*most[:2], cols))),
        grid.tiling.workers,
    )
    result: Image = smooth(u, 0.5 * radius, grid)
    result -= out
    low, high = extent(u, grid)
    rounding = 64.0 * float(np.finfo(u.dtype).eps) * max(high, -low)
    result[np.abs(result) <= rounding] = 0.0
    return result


def _compiled(w: Image, law: Law, grid: Grid, *, frozen: bool) -> tuple[Any, list[Any]]:
    """Return the kernel and what it is called with besides images."""
    real = w.dtype.type
    given = law.gate if law.weights is None else law.weights
    module = specialise(
        curvature,
        law.conductance or constant,
        w.dtype,
        CHANNELS=w.shape[0],
        VOLUME=w.shape[2] > 1,
        GEOMETRIC=law.conductance is None,
        WEIGHTED=law.weights is not None,
        POWER=law.length is not None,
        GATED=law.gate is not None,
        FROZEN=frozen,
    )
    e: NDArray[Any] = np.zeros((1, 1, 1, 1), w.dtype) if given is None else volume(given)
    numbers = [real(law.contrast), real(law.length or 0.0), real(law.fastest)]
    return module, [e, inverse(grid, w.dtype), *numbers]


def _boxes(view: Image, grid: Grid) -> list[tiles.Box]:
    """Cut into boxes whose planes, about 20 arrays of them, fit the cache; several for each thread."""
    shape = view.shape[1:]
    block = grid.tiling.block
    if block is None:
        planes, rows, cols = shape
        width = tiles.even(cols, 1024)
        # In volumes whole planes, though they leave the inner caches, are 1.4 x faster than narrow bands.
        fits = 3 * tiles.CACHE // (view.itemsize * (16 + 6 * view.shape[0])) // (width + 4)
        height = rows if rows == 1 else tiles.even(rows, max(16, fits - 4))
        across = -(-rows // height) * -(-cols // width)
        deep = max(16, -(-planes * across // (4 * grid.tiling.workers)))
        deep = max(1, min(deep, tiles.LARGEST // (4 * height * width)))
        block = (tiles.even(planes, deep), height, width)
    return list(tiles.boxes(shape, block))
