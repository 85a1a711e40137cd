"""Explicit steps of flows whose weights or gates are made of a filtered image: block by block, in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from divgrad.conductances import Conductance, constant
from divgrad.grid import Grid
from divgrad.kernels import extremes, smoothing, tiles
from divgrad.kernels.full_gradient import Law, compiled
from divgrad.kernels.presmoothing import axes, gaussians, gradient_conductances
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, volume

#: (part of an image, a box of all its cols, result) -> weights or a gate at the box's pixels, in an array like the part
Given = Callable[[Image, tiles.Box, Image], Any]


def following(
    u: Image, taus: Sequence[float], law: Law, given: Given, reach: int, grid: Grid
) -> Image:
    """Return u after explicit steps; what the law is given at the pixels is made anew for each, block by block.

    Parameters
    ----------
    u
        Image ``(channel, *space)``.
    taus
        The time steps.
    law
        With ``weights`` or ``gate`` of any value: they tell which it is.
    given
        What makes them.
    reach
        How many pixels far it looks.
    grid
        Where the pixels are.
    """
    module, _, numbers = compiled(volume(u), law, grid)
    far, rooms = reach + 2, list[_Room]()
    old, new = u, u
    for tau in taus:
        out = np.empty_like(u) if old is u else old
        view, result = volume(new), volume(out)
        how = (np.array([tau], u.dtype), *numbers)
        work = partial(_block, module, view, result, given, far, how, law, rooms)
        tiles.run(work, _blocks(view, far, grid), grid.tiling.workers)
        old, new = new, out
    return u.copy() if new is u else new


class _Room:
    """Arrays for one block at a time: new ones would cost a third of the time that is spent in them."""

    def __init__(self) -> None:
        self.arrays: dict[Any, Image] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Image:
        """Return an array of any content."""
        if (name, shape) not in self.arrays:
            self.arrays[name, shape] = np.empty(shape, dtype)
        return self.arrays[name, shape]


def _block(
    module: Any, u: Image, out: Image, given: Given, far: int, how: Any, law: Law,
    rooms: list[_Room], box: tiles.Box,
) -> None:  # fmt: skip
    """Make a step in a block, which with what is around it stays in the cache."""
    try:
        room = rooms.pop()
    except IndexError:
        room = _Room()
    cut, inner, near = [slice(None)], [], []
    for i, size in enumerate(u.shape[1:]):
        low, high = box[2 * i], box[2 * i + 1]
        first = max(0, low - far)
        cut.append(slice(first, min(size, high + far)))
        inner += [low - first, high - first]
        near += [max(0, low - 2) - first, min(size, high + 2) - first]
    # Copies: of what may have gaps between its pixels Numba makes slow loops, and another kernel.
    view = u[tuple(cut)]
    part, result = (room.array(name, view.shape, u.dtype) for name in ("part", "result"))
    np.copyto(part, view)
    e = room.array("given", (u.shape[0] if law.weights is None else 1, *view.shape[1:]), u.dtype)
    given(part, (near[0], near[1], near[2], near[3], 0, part.shape[3]), e)
    around = e[(slice(None), *(slice(near[2 * i], near[2 * i + 1]) for i in range(3)))]
    closed = room.array("around", around.shape, u.dtype)
    np.copyto(closed, around)
    module.explicit(part, closed, result, tuple(inner), *how)
    inside = (slice(None), *(slice(inner[2 * i], inner[2 * i + 1]) for i in range(3)))
    out[:, box[0] : box[1], box[2] : box[3], box[4] : box[5]] = result[inside]
    rooms.append(room)


def _blocks(view: Image, far: int, grid: Grid) -> list[tiles.Box]:
    """Cut into blocks that with what is around them, twice, fit the cache."""
    planes, rows, cols = shape = view.shape[1:]
    block = grid.tiling.block
    if block is None:
        pixels = tiles.CACHE // (2 * view.itemsize)
        width = tiles.even(cols, 2048)  # long rows: each costs half a microsecond
        height = rows if rows == 1 else tiles.even(rows, 32)
        each = (width + 2 * far) * (1 if rows == 1 else height + 2 * far)
        block = (tiles.even(planes, max(4 * far, pixels // each - 2 * far)), height, width)
    return list(tiles.boxes(shape, block))


def edge_map(
    u: Image, sigma: float, conductance: Conductance, contrast: float, grid: Grid
) -> tuple[Given, int]:
    """Return what makes g(|grad G u|^2) in a part of an image, and how far it looks."""
    make = gradient_conductances(u, sigma, conductance, contrast, grid)
    return make, max(kernel.size for kernel in gaussians(sigma, grid, u.dtype))


def sides(u: Image, radius: float, grid: Grid) -> tuple[Given, int]:
    """Return what makes :func:`side` in a part of an image, and how far it looks."""
    kernels = gaussians(0.5 * radius, grid, u.dtype)
    blur, module = specialise(smoothing, constant, u.dtype), specialise(extremes, constant, u.dtype)
    reach = np.zeros(3, np.int64)
    for axis, h in zip(axes(grid.ndim), grid.spacing, strict=True):
        reach[axis] = int(np.ceil(radius / h - 1e-9))
    # What is no more than rounding is none, so that a mirrored image decides alike.
    rounding = u.dtype.type(64.0 * float(np.finfo(u.dtype).eps))

    def given(part: Image, box: tiles.Box, out: Image) -> None:
        blur.gaussian(part, out, box, *kernels)
        module.side(part, out, out, box, reach, rounding)

    return given, max(int(reach.max()), *(kernel.size for kernel in kernels))


def side(u: Image, radius: float, grid: Grid) -> Image:
    """Return by how much the mean around each pixel is above the middle of the values around it."""
    given, _ = sides(u, radius, grid)
    _, planes, rows, cols = volume(u).shape
    out = np.empty_like(u)
    given(volume(u), (0, planes, 0, rows, 0, cols), volume(out))
    return out
