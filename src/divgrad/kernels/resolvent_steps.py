"""Implicit steps of total variation flow itself, by passes of :mod:`divgrad.kernels.resolvent` over the image."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import resolvent, tiles
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, volume

WIDEST = 2048


def total_variation_step(
    f: Image, tau: float, smoothing: float, iterations: int, grid: Grid
) -> Image:
    r"""Return u with u = f + tau div(grad u / sqrt(\|grad u\|^2 + smoothing^2)), as near as the iterations come."""
    real, view = f.dtype.type, volume(f)
    deep = view.shape[2] > 1
    module = specialise(resolvent, constant, f.dtype, VOLUME=deep)
    squares = inverse(grid, f.dtype)
    ways = np.sqrt(inverse(grid, np.float64))
    factors, least = (tau * ways).astype(f.dtype), real(smoothing * smoothing)
    p = np.zeros((3 if deep else 2, *view.shape), f.dtype)
    y, spare = np.zeros_like(p), np.zeros_like(p)
    boxes, workers = few_planes(view, 1, grid), grid.tiling.workers
    inertia, beta = 1.0, 0.0
    for i in range(iterations):
        # With momentum beta a mode of L = tau ||div||^2 stays stable up to sigma L = 2 (1 + beta) / (1 + 2 beta).
        sigma = 0.95 * 2.0 * (1.0 + beta) / (1.0 + 2.0 * beta) / (tau * grid.laplacian_bound)
        before, inertia = inertia, 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * inertia * inertia))
        beta = 0.0 if i + 1 == iterations else (before - 1.0) / inertia
        how = ((sigma * ways).astype(f.dtype), real(sigma), real(beta), squares, least)
        relax = partial(_relax, module, view, p, y, spare, factors, how)
        tiles.run(relax, boxes, workers)
        y, spare = spare, y
    out = np.empty_like(f)
    result = volume(out)
    tiles.run(lambda box: module.flowed(view, y, result, box, factors), boxes, workers)
    return out


def _relax(
    module: Any, f: Image, p: Image, y: Image, out: Image, factors: Image, how: Any, box: tiles.Box
) -> None:
    module.relax(f, p, y, out, box, factors, *how)


def few_planes(view: Image, steps: int, grid: Grid) -> list[tiles.Box]:
    """Cut into boxes of which a few planes of every step fit the cache; several for each thread."""
    planes, rows, cols = shape = view.shape[1:]
    block = grid.tiling.block
    if block is None:
        halo = 4 * steps
        each = view.itemsize * steps * (4 * view.shape[0] + (10 if rows == 1 else 14))
        width = tiles.even(cols, max(64, min(WIDEST, tiles.CACHE // each - halo)))
        height = rows
        if rows > 1:
            height = tiles.even(rows, max(16, 3 * tiles.CACHE // each // (width + halo) - halo))
        across = -(-rows // height) * -(-cols // width)
        deep = max(8 * halo, -(-planes * across // (4 * grid.tiling.workers)))
        deep = max(1, min(deep, tiles.LARGEST // (4 * height * width * steps)))
        block = (tiles.even(planes, deep), height, width)
    return list(tiles.boxes(shape, block))
