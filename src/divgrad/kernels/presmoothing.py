"""Gaussian smoothing of whole images, and the conductances of a smoothed image (Catte's regularisation)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import Conductance, constant
from divgrad.grid import Grid
from divgrad.kernels import smoothing, tiles
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, volume


def half_gaussian(sigma: float, dtype: Any, cut: float = 4.0) -> NDArray[Any]:
    """Return one half of a Gaussian's weights, centre first, cut at 4 sigma; sigma in pixels, 0: identity.

    >>> half_gaussian(0.0, "float32")
    array([1.], dtype=float32)
    """
    offsets = np.arange(math.ceil(cut * sigma) + 1)
    # Below 0.02 pixels all weights but the centre's are zero, and the squares may overflow.
    half = np.exp(-0.5 * (offsets / sigma) ** 2) if sigma > 0.02 else np.ones(1)
    weights: NDArray[Any] = half / (2.0 * half.sum() - half[0])
    return weights.astype(dtype)


def smooth(u: Image, sigma: float, grid: Grid, out: Image | None = None) -> Image:
    """Return ``u[channel, *space]`` smoothed by a Gaussian of standard deviation sigma, in units of length.

    Equals ``scipy.ndimage.gaussian_filter`` with ``mode="reflect"`` to rounding. ``out`` receives the result; None: a
    new array.
    """
    out = np.empty_like(u) if out is None else out
    kernels = gaussians(sigma, grid, u.dtype)
    view, result = volume(u), volume(out)
    module = specialise(smoothing, constant, u.dtype)
    over_rows(view, kernels, lambda box: module.gaussian(view, result, box, *kernels), grid)
    return out


def gradient_conductance(
    u: Image,
    sigma: float,
    conductance: Conductance,
    contrast: float,
    grid: Grid,
    out: Image | None = None,
) -> Image:
    """Return g(|grad G u|^2) at every pixel, of shape ``(1, *space)``, one for all channels."""
    out = np.empty((1, *u.shape[1:]), u.dtype) if out is None else out
    kernels = gaussians(sigma, grid, u.dtype)
    view, result = volume(u), volume(out)
    make = gradient_conductances(u, sigma, conductance, contrast, grid)
    over_rows(view, kernels, lambda box: make(view, box, result), grid)
    return out


def gradient_conductances(
    u: Image, sigma: float, conductance: Conductance, contrast: float, grid: Grid
) -> Callable[..., Image]:
    """Return (volume, box of all its cols, result or None) -> g(|grad G u|^2) in the box of such an image as u."""
    kernels, channels = gaussians(sigma, grid, u.dtype), u.shape[0]
    deep = volume(u).shape[2] > 1
    module = specialise(smoothing, conductance, u.dtype, CHANNELS=channels, VOLUME=deep)
    half = np.zeros(3, u.dtype)
    for axis, h in zip(axes(grid.ndim), grid.spacing, strict=True):
        half[axis] = 0.5 / h
    k = u.dtype.type(contrast)

    def make(view: Image, box: tiles.Box, out: Image | None = None) -> Image:
        out = np.empty((1, *view.shape[1:]), view.dtype) if out is None else out
        module.gradient_conductance(view, out, box, *kernels, half, k)
        return out

    return make


def axes(ndim: int) -> tuple[int, ...]:
    """Return where the spatial axes stand among (plane, row, col) in :func:`divgrad.operators.volume`."""
    return {1: (2,), 2: (0, 2), 3: (0, 1, 2)}[ndim]


def gaussians(sigma: float, grid: Grid, dtype: Any, cut: float = 4.0) -> list[NDArray[Any]]:
    """Return the halves of the Gaussians along planes, rows and cols; sigma in units of length."""
    kernels = [np.ones(1, dtype)] * 3
    for axis, h in zip(axes(grid.ndim), grid.spacing, strict=True):
        kernels[axis] = half_gaussian(sigma / h, dtype, cut)
    return kernels


def radii(sigma: float, grid: Grid) -> tuple[int, ...]:
    """Return how far the Gaussian goes along each axis, in pixels.

    >>> radii(1.0, Grid((2.0, 1.0)))
    (2, 4)
    """
    return tuple(half_gaussian(sigma / h, np.float64).size - 1 for h in grid.spacing)


def over_rows(view: Image, kernels: list[NDArray[Any]], work: Any, grid: Grid) -> None:
    """Run over blocks of whole rows: as many as the cache holds, with the rows that smoothing repeats."""
    _, planes, rows, cols = view.shape
    if grid.tiling.block is not None:
        block = (*grid.tiling.block[:2], cols)
    else:
        reach = 2 * kernels[1].size
        height = rows if rows == 1 else max(4 * reach, tiles.CACHE // (16 * cols) - reach)
        height = tiles.even(rows, height)
        across = -(-rows // height)
        deep = max(8, -(-planes * across // (4 * grid.tiling.workers)))
        deep = min(deep, max(1, tiles.LARGEST // (20 * height * cols)))
        block = (tiles.even(planes, deep), height, cols)
    tiles.run(work, list(tiles.boxes((planes, rows, cols), block)), grid.tiling.workers)
