"""Scalar diffusion as an operator: div(g grad v) with g frozen, and explicit steps with g following."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import Conductance, constant
from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.kernels import scalar, tiles
from divgrad.kernels.presmoothing import axes
from divgrad.kernels.recurrence import Recurrence
from divgrad.kernels.source import identity
from divgrad.kernels.specialise import specialise
from divgrad.operators import Bands, Image, volume

DEEPEST = 96  # steps per visit of the rows of an image; deeper, their scratch leaves the cache
DEEPEST_IN_VOLUMES = 3  # there the halo grows along three axes
EXPLICIT_DEEPEST = (
    20  # a visit of 20 steps is 3 x faster than 20 visits; 40 steps gain nothing more
)
EXPLICIT_DEEPEST_IN_VOLUMES = 3


class ScalarDiffusion(Recurrence):
    """v -> div(g grad v), with the conductances g made once.

    Parameters
    ----------
    source
        Image ``(channel, *space)`` whose differences make the conductances at the edges; or, with
        ``nodes``, the conductances at the pixels, ``(1, *space)``, averaged at the edges.
    conductance, contrast
        The conductance function and its contrast; not used with ``nodes``.
    grid
        Where the pixels are.
    peak
        Largest conductance that can occur.
    nodes
        Whether ``source`` holds conductances.
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
        nodes: bool = False,
        scale: float = 1.0,
    ) -> None:
        self.source = source
        self.conductance = constant if nodes else conductance
        self.contrast = source.dtype.type(contrast)
        self.grid = grid
        self.peak = peak * scale
        self.nodes = nodes
        self.inverse = inverse(grid, source.dtype) * source.dtype.type(scale)

    def bound(self) -> float:
        """Return 4 peak sum 1 / h^2 (Gershgorin)."""
        return self.peak * self.grid.laplacian_bound

    def longest(self) -> int:
        """Return how many steps a visit may make."""
        return self.grid.tiling.depth or (DEEPEST_IN_VOLUMES if self._deep else DEEPEST)

    def chained(self, steps: int) -> bool:
        """Whether so many steps are better made as a chain."""
        return self._deep or steps > DEEPEST

    def looked_at(self, v: Image) -> bool:
        """Whether v makes the conductances."""
        return self.source is v

    @property
    def _deep(self) -> bool:
        return self.grid.ndim > 2

    def visit(
        self, v: Image, old: Image, out: Image, taus: NDArray[Any], fresh: NDArray[Any]
    ) -> None:
        """Make all the steps, block by block; for a single step out may be old."""
        view, before, w, result = volume(v), volume(old), volume(self.source), volume(out)
        module = self._module(view, v.shape[0])
        steps, channels = len(taus), v.shape[0]
        deep = view.shape[2] > 1
        scratch = channels * (4 * steps + 3) + (steps + 2) * (3 if deep else 2)
        block = tiles.choose_block(
            view.shape[1:], steps, scratch * v.dtype.itemsize, self.grid.tiling
        )
        tiles.run(
            lambda box: module.frozen(
                view, before, w, result, box, taus, fresh, self.contrast, self.inverse
            ),
            list(tiles.boxes(view.shape[1:], block)),
            self.grid.tiling.workers,
        )

    def bands(self, axis: int) -> Bands:
        """Return the conductances / h^2 along one axis; rows sum to zero, the part is symmetric."""
        place = axes(self.grid.ndim)[axis]
        out = np.empty(self.source.shape[1:], self.source.dtype)
        w, view = volume(self.source), volume(out[None])[0]
        module = self._module(w, self.source.shape[0])
        block = (max(1, tiles.LARGEST // (40 * w.shape[2] * w.shape[3])), w.shape[2], w.shape[3])
        block = (min(block[0], max(1, w.shape[1] // 8)), *block[1:])
        tiles.run(
            lambda box: module.edge_weights(
                w, view, box, place, self.contrast, self.inverse[place]
            ),
            list(tiles.boxes(w.shape[1:], block)),
            self.grid.tiling.workers,
        )
        return Bands(upper=out)

    def _module(self, view: Image, channels: int) -> Any:
        return specialise(
            scalar,
            self.conductance,
            self.source.dtype,
            CHANNELS=channels,
            VOLUME=view.shape[2] > 1,
            NODES=self.nodes,
        )


def explicit(
    u: Image,
    conductance: Conductance,
    taus: Sequence[float],
    contrasts: Sequence[float],
    grid: Grid,
) -> Image:
    """Return u after explicit steps of u_t = div(g(|grad u|) grad u), g made anew for every step.

    Parameters
    ----------
    u
        Image ``(channel, *space)``; the channels share one conductance.
    conductance
        The conductance function, of the squared difference across each edge.
    taus, contrasts
        Time step and contrast of every step.
    grid
        Where the pixels are.
    """
    times, slopes = np.asarray(taus, u.dtype), np.asarray(contrasts, u.dtype)
    view = volume(u)
    deep = view.shape[2] > 1
    module = specialise(scalar, conductance, u.dtype, CHANNELS=u.shape[0], VOLUME=deep)
    depth = grid.tiling.depth or (EXPLICIT_DEEPEST_IN_VOLUMES if deep else EXPLICIT_DEEPEST)
    visits = -(-len(times) // depth)
    depth = -(-len(times) // max(1, visits))  # equal visits
    scale = inverse(grid, u.dtype)
    old, new = u, u
    for s in range(0, len(times), depth):
        out = np.empty_like(u) if old is u else old
        _explicit_visit(module, new, out, times[s : s + depth], slopes[s : s + depth], scale, grid)
        old, new = new, out
    return new if new is not u else u.copy()


def _explicit_visit(
    module: Any,
    u: Image,
    out: Image,
    taus: NDArray[Any],
    contrasts: NDArray[Any],
    scale: NDArray[Any],
    grid: Grid,
) -> None:
    view, result = volume(u), volume(out)
    scratch = u.shape[0] * (3 * len(taus) + 2) * u.dtype.itemsize
    block = tiles.choose_block(view.shape[1:], len(taus), scratch, grid.tiling)
    tiles.run(
        lambda box: module.explicit(view, result, box, taus, contrasts, scale),
        list(tiles.boxes(view.shape[1:], block)),
        grid.tiling.workers,
    )


def inverse(grid: Grid, dtype: Any) -> NDArray[Any]:
    """Return 1 / h^2 along (plane, row, col) of :func:`divgrad.operators.volume`; 0 where there is no axis."""
    result = np.zeros(3, dtype)
    for axis, value in zip(axes(grid.ndim), grid.inverse, strict=True):
        result[axis] = value
    return result


def peak(conductance: Conductance, contrast: float, steepest: float = math.inf) -> float:
    r"""Return the largest \|g\| for slopes from 0 to ``steepest``: the bound of stable steps needs it.

    The function is sampled at 0 and at 1,200 slopes over 30 decades around the contrast, and once more,
    finely, around the largest sample.

    Raises
    ------
    ParameterError
        If the conductance is NaN or infinite somewhere, or not a function of two numbers.

    >>> from divgrad.conductances import rational
    >>> peak(rational, 5.0)
    1.0
    """
    return _peak(identity(conductance), contrast, steepest)


@lru_cache(maxsize=4096)
def _peak(what: tuple[Any, ...], contrast: float, steepest: float) -> float:
    conductance = what[0]
    most = min(steepest * steepest, 1e30 * contrast * contrast)
    samples = [0.0, most, *(contrast * contrast * 10.0 ** (e / 20.0 - 30.0) for e in range(1201))]
    samples = sorted(s2 for s2 in samples if s2 <= most)
    values = [_sample(conductance, s2, contrast) for s2 in samples]
    best = max(range(len(values)), key=values.__getitem__)
    low, high = samples[max(0, best - 1)], samples[min(len(samples) - 1, best + 1)]
    fine = (low + (high - low) * n / 64.0 for n in range(65))
    return max(values[best], *(_sample(conductance, s2, contrast) for s2 in fine))


def _sample(conductance: Conductance, s2: float, contrast: float) -> float:
    try:
        value = abs(float(conductance(s2, contrast)))
    except Exception as error:
        raise ParameterError(
            f"the conductance failed at s2={s2:g}, contrast={contrast:g}: "
            f"{' '.join(str(error).split())}; it must be a function g(s2, contrast) of two numbers"
        ) from error
    if not math.isfinite(value):
        raise ParameterError(
            f"the conductance is {value} at s2={s2:g}, contrast={contrast:g}: it must be finite"
        )
    return value
