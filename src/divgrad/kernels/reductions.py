"""Sums over an image, the same to the bit however many threads make them.

Every plane is summed on its own, in float64, over 16 interleaved partial sums (so that the loop vectorises
without reordering); the sums of the planes are added up in their order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from divgrad.conductances import Conductance, constant
from divgrad.grid import Grid
from divgrad.kernels import pointwise, sums, tiles
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, volume


class Moments(NamedTuple):
    """Means over all pixels of two images u and v: of u, v, u u, v v, u v and (u - v)^2.

    The last is no difference of the others: of images that hardly differ nothing of it would be left.
    """

    u: float
    v: float
    uu: float
    vv: float
    uv: float
    apart: float


def moments(u: Image, v: Image, grid: Grid) -> Moments:
    """Return the moments of two images."""
    a, b = volume(u), volume(v)
    planes = np.empty((a.shape[0], a.shape[1], 6))
    module = specialise(sums, constant, u.dtype)
    block = (max(1, min(-(-a.shape[1] // 8), 4_000_000 // (a.shape[2] * a.shape[3]))), *a.shape[2:])
    tiles.run(
        lambda box: module.plane_moments(a, b, planes, box),
        list(tiles.boxes(a.shape[1:], block)),
        grid.tiling.workers,
    )
    total = planes.sum(axis=(0, 1)) / u.size
    return Moments(*(float(value) for value in total))


def extent(u: Image, grid: Grid) -> tuple[float, float]:
    """Return the least and the largest value; NaN where the image has one."""
    if u.size < 500_000:  # less than starting a thread costs
        return float(u.min()), float(u.max())
    view = volume(u)
    block = (max(1, -(-view.shape[1] // (4 * grid.tiling.workers))), *view.shape[2:])
    found: list[tuple[float, float]] = []

    def work(box: tiles.Box) -> None:
        part = view[:, box[0] : box[1]]
        found.append((float(part.min()), float(part.max())))

    tiles.run(work, list(tiles.boxes(view.shape[1:], block)), grid.tiling.workers)
    return float(np.min([low for low, _ in found])), float(np.max([high for _, high in found]))


def of_mean(u: Image, function: Conductance, parameter: float, grid: Grid) -> Image:
    """Return a function of the channels' mean and a parameter at every pixel, of shape ``(1, *space)``.

    The function is plain Python, as a conductance is.
    """
    out = np.empty((1, *u.shape[1:]), u.dtype)
    view, result = volume(u), volume(out)
    module = specialise(pointwise, function, u.dtype)
    share, value = u.dtype.type(1.0 / u.shape[0]), u.dtype.type(parameter)
    block = (
        max(1, min(-(-view.shape[1] // 8), 4_000_000 // (view.shape[2] * view.shape[3]))),
        *view.shape[2:],
    )
    tiles.run(
        lambda box: module.of_mean(view, result, box, share, value),
        list(tiles.boxes(view.shape[1:], block)),
        grid.tiling.workers,
    )
    return out
