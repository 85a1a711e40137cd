"""Flows whose conductances see the full gradient at every edge: total variation, p-Laplacian, curvature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import Conductance, constant
from divgrad.grid import Grid
from divgrad.kernels import curvature, linked, tiles
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.once import once
from divgrad.kernels.presmoothing import axes
from divgrad.kernels.recurrence import Recurrence
from divgrad.kernels.resolvent_steps import few_planes, total_variation_step
from divgrad.kernels.specialise import specialise
from divgrad.operators import Bands, Image, volume

DEEPEST = 5  # steps per visit: more gain nothing
DEEPEST_IN_VOLUMES = 1
LINKED_DEEPEST = 48
LINKED_DEEPEST_IN_VOLUMES = 3


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
    bounded
        Whether the conductance is that of total variation, 1 / sqrt(slope^2 + contrast^2).
    """

    conductance: Conductance | None = None
    contrast: float = 1.0
    peak: float = 2.0
    scale: float = 1.0
    weights: Image | None = None
    length: float | None = None
    fastest: float = 1.0
    gate: Image | None = None
    bounded: bool = False

    def bound(self, grid: Grid) -> float:
        """Return 4 peak sum 1 / h^2 (Gershgorin)."""
        return self.peak * self.scale * self.fastest * grid.laplacian_bound


class FullGradient(Recurrence):
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

    @once
    def _links(self) -> Image:
        """Weights along planes, rows and cols, and the speed: made once, when they are first asked for."""
        w = volume(self.source)
        out = np.empty((4, *w.shape[1:]), w.dtype)
        law, scale = self.law, w.dtype.type(self.law.scale)
        module, e, numbers = compiled(w, law, self.grid)
        tiles.run(
            lambda box: module.links(w, _around(e, box, 2), out, box, scale, *numbers),
            few_planes(w, 1, self.grid),
            self.grid.tiling.workers,
        )
        return out

    def bound(self) -> float:
        """Return 4 peak sum 1 / h^2 (Gershgorin)."""
        return self.law.bound(self.grid)

    def longest(self) -> int:
        """Return how many steps a visit may make."""
        return self.grid.tiling.depth or (
            LINKED_DEEPEST_IN_VOLUMES if self._deep else LINKED_DEEPEST
        )

    def chained(self, steps: int) -> bool:
        """Whether so many steps are better made as a chain."""
        return self._deep or steps > LINKED_DEEPEST

    @property
    def _deep(self) -> bool:
        return self.grid.ndim > 2

    def visit(
        self, v: Image, old: Image, out: Image, taus: NDArray[Any], fresh: NDArray[Any]
    ) -> None:
        """Make all the steps, block by block; for a single step out may be old."""
        view, before, result, links = volume(v), volume(old), volume(out), self._links
        module = specialise(linked, constant, v.dtype)
        scratch = (3 * len(taus) * v.shape[0] + 4 * (len(taus) + 1)) * v.itemsize
        block = tiles.choose_block(view.shape[1:], len(taus), scratch, self.grid.tiling)
        tiles.run(
            lambda box: module.polynomial(view, before, links, result, box, taus, fresh),
            list(tiles.boxes(view.shape[1:], block)),
            self.grid.tiling.workers,
        )

    @property
    def has_resolvent(self) -> bool:
        """Total variation has one."""
        return self.law.bounded

    def resolvent(self, tau: float, v: Image, iterations: int) -> Image:
        """Return the implicit step."""
        law = self.law
        return total_variation_step(v, tau * law.scale, law.contrast, iterations, self.grid)

    @property
    def has_bands(self) -> bool:
        """Gated flow has none: whether a pixel flows is said of the whole curvature, not of its parts."""
        return self.law.gate is None

    def bands(self, axis: int) -> Bands:
        """Return the coefficients along one axis; rows sum to zero."""
        place = axes(self.grid.ndim)[axis]
        shape = self.source.shape[1:]
        weights, rate = self._links[place].reshape(shape), self._links[3].reshape(shape)
        upper = rate * weights
        if self.symmetric:
            return Bands(upper=upper)
        lower = np.zeros_like(upper)
        cut = (slice(None),) * axis
        np.multiply(
            rate[(*cut, slice(1, None))], weights[(*cut, slice(None, -1))],
            out=lower[(*cut, slice(1, None))],
        )  # fmt: skip
        return Bands(upper=upper, lower=lower)


def explicit(u: Image, taus: Sequence[float], law: Law, grid: Grid) -> Image:
    """Return u after explicit steps, linearised anew for each; some per visit."""
    deepest = DEEPEST_IN_VOLUMES if volume(u).shape[2] > 1 else DEEPEST
    depth = grid.tiling.depth or deepest
    visits = -(-len(taus) // depth)
    depth = -(-len(taus) // max(1, visits))  # equal visits
    old, new = u, u
    for s in range(0, len(taus), depth):
        out = np.empty_like(u) if old is u else old
        _explicit(new, out, taus[s : s + depth], law, grid)
        old, new = new, out
    return u.copy() if new is u else new


def _explicit(u: Image, out: Image, taus: Sequence[float], law: Law, grid: Grid) -> None:
    view, result = volume(u), volume(out)
    module, e, numbers = compiled(view, law, grid)
    times = np.array([tau * law.scale for tau in taus], u.dtype)
    tiles.run(
        lambda box: module.explicit(view, _around(e, box, 2), result, box, times, *numbers),
        few_planes(view, len(times), grid),
        grid.tiling.workers,
    )


def compiled(w: Image, law: Law, grid: Grid) -> tuple[Any, Image, list[Any]]:
    """Return the kernel, what it is given at the pixels, and the numbers with which it is called."""
    real = w.dtype.type
    given = law.gate if law.weights is None else law.weights
    module = specialise(
        curvature, law.conductance or constant, w.dtype,
        VOLUME=w.shape[2] > 1, GEOMETRIC=law.conductance is None,
    )  # fmt: skip
    e: NDArray[Any] = np.zeros((1, 1, 1, 1), w.dtype) if given is None else volume(given)
    kinds = (law.weights is not None, law.gate is not None)
    numbers = [real(law.contrast), real(law.length or 0.0), real(law.fastest), kinds]
    return module, e, [inverse(grid, w.dtype), *numbers]


def _around(e: Image, box: tiles.Box, halo: int) -> Image:
    """Return the part of an array in the box and a halo around it."""
    if e.size == 1:
        return e
    cut = (slice(max(0, box[i] - halo), box[i + 1] + halo) for i in (0, 2, 4))
    return np.ascontiguousarray(e[(slice(None), *cut)])
