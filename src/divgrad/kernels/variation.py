"""Diffusion by the coefficient of variation around each pixel, as an operator and in explicit steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import Conductance
from divgrad.grid import Grid
from divgrad.kernels import speckle, tiles
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.presmoothing import axes
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, volume

LEAST = 3e-5  # of speckle: its fourth power still is a float32
SAMPLE = 262_144  # pixels whose median is taken
DEEPEST = 10  # steps per visit: 1.4 x faster than one; more gain nothing
DEEPEST_IN_VOLUMES = 3  # 1.5 x faster than one


@dataclass(frozen=True)
class Window:
    """Which pixels around one are looked at.

    Parameters
    ----------
    reach
        How many pixels it goes to every side, 1 or 2, along the axis of the closest pixels; along others it
        goes as far in length. None takes the next neighbours along the axes, and one at the distance h
        counts 1 / h^2: then mean and variance are those that gradient and Laplacian give.
    """

    reach: int | None = None

    def weights(self, grid: Grid, dtype: Any) -> NDArray[Any]:
        """Return the weights[axis of a volume, distance in pixels].

        >>> Window(1).weights(Grid((1.0, 5.0)), "float64").round(2).tolist()
        [[0.33, 0.33, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
        """
        result = np.zeros((3, 3), dtype)
        result[:, 0] = 1.0
        for axis, h, part in zip(axes(grid.ndim), grid.spacing, grid.inverse, strict=True):
            if self.reach is None:
                result[axis] = 0.0, 0.5 * part / sum(grid.inverse), 0.0
            else:
                far = int(self.reach * min(grid.spacing) / h + 0.5)
                result[axis] = 0.0
                result[axis, : far + 1] = 1.0 / (2 * far + 1)
        return result

    def module(self, u: Image, conductance: Conductance) -> Any:
        """Return the kernels for an image of such channels and axes."""
        return specialise(
            speckle, conductance, u.dtype, CHANNELS=u.shape[0], VOLUME=volume(u).shape[2] > 1,
            CROSS=self.reach is None, REACH=self.reach or 1,
        )  # fmt: skip

    def independent(self, grid: Grid) -> int:
        """Return how many pixels its variance is made of."""
        if self.reach is None:
            return 2 * grid.ndim
        far = (int(self.reach * min(grid.spacing) / h + 0.5) for h in grid.spacing)
        return math.prod(2 * n + 1 for n in far)


def squared(s2: float, contrast: float) -> float:
    """Return the squared coefficient of variation as it is."""
    return s2


def conductances(
    u: Image, window: Window, conductance: Conductance, noise: float, grid: Grid
) -> Image:
    """Return ``conductance(squared variation, noise)`` at every pixel, ``(1, *space)``."""
    out = np.empty((1, *u.shape[1:]), u.dtype)
    view, result, weights = volume(u), volume(out), window.weights(grid, u.dtype)
    module = window.module(u, conductance)
    contrast = u.dtype.type(max(noise, LEAST))
    reach = window.reach or 1
    block = tiles.choose_block(
        view.shape[1:], reach, _bytes(u, reach, 0, view.shape[2] > 1), grid.tiling
    )
    tiles.run(
        lambda box: module.nodes(view, result, box, weights, contrast),
        list(tiles.boxes(view.shape[1:], block)),
        grid.tiling.workers,
    )
    return out


def explicit(
    u: Image,
    window: Window,
    conductance: Conductance,
    taus: Sequence[float],
    noises: Sequence[float],
    grid: Grid,
) -> Image:
    """Return u after explicit steps, with conductances made anew for every step."""
    times = np.asarray(taus, u.dtype)
    contrasts = np.asarray([max(noise, LEAST) for noise in noises], u.dtype)
    weights, scale = window.weights(grid, u.dtype), inverse(grid, u.dtype)
    module = window.module(u, conductance)
    deep = volume(u).shape[2] > 1
    depth = grid.tiling.depth or (DEEPEST_IN_VOLUMES if deep else DEEPEST)
    reach = window.reach or 1
    old, new = u, u
    for s in range(0, len(times), depth):
        out = np.empty_like(u) if old is u else old
        some, levels = times[s : s + depth], contrasts[s : s + depth]
        view, result = volume(new), volume(out)
        halo = (reach + 1) * len(some)
        block = tiles.choose_block(
            view.shape[1:], halo, _bytes(u, reach, len(some), deep), grid.tiling
        )
        _visit(module, view, result, block, (some, levels, scale, weights), grid)
        old, new = new, out
    return new if new is not u else u.copy()


def _visit(
    module: Any, view: Image, result: Image, block: tuple[int, int, int], how: Any, grid: Grid
) -> None:
    tiles.run(
        lambda box: module.explicit(view, result, box, *how),
        list(tiles.boxes(view.shape[1:], block)),
        grid.tiling.workers,
    )


def _bytes(u: Image, reach: int, steps: int, deep: bool) -> int:
    """Return the scratch for each pixel of a plane."""
    planes = (steps + 1) * max(4, 2 * reach + 1) * u.shape[0] + 3 * steps + 2
    return int(planes * u.dtype.itemsize)


def typical(q2: Image, window: Window, grid: Grid) -> float:
    """Return the coefficient of variation of an image's speckle, by the median of the squared ones around pixels.

    Edges are few: the median does not see them. Pixels around which nothing varies at all, such as a black
    margin, are left out. Of n independent pixels the median of their variance is less than the variance:
    that of a chi-squared distribution with n - 1 degrees of freedom (by Wilson and Hilferty's formula), over n.

    >>> two = np.array([[0.0, 0.19, 0.19, 9.0]])
    >>> round(typical(two, Window(), Grid((1.0,))), 1)
    0.9
    """
    part = q2
    for axis in range(1, q2.ndim):
        stride = math.ceil((q2.size / SAMPLE) ** (1.0 / (q2.ndim - 1)) - 1e-9)
        part = np.take(part, _evenly(q2.shape[axis], stride), axis=axis)
    seen = part[part > 0]
    n = window.independent(grid)
    free = max(1, n - 1)
    expected = free * (1.0 - 2.0 / (9.0 * free)) ** 3 / n
    return math.sqrt(float(np.median(seen)) / expected) if seen.size else 0.0


def _evenly(n: int, stride: int) -> NDArray[np.int64]:
    """Return every stride-th index from both ends: the same set in a mirrored image."""
    half = np.arange(stride // 2, (n + 1) // 2, stride)
    return np.unique(np.concatenate([half, n - 1 - half]))
