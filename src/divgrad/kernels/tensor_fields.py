"""Structure tensors of images, and the fields of diffusion tensors that are made of them."""

from __future__ import annotations

import math

import numpy as np

from divgrad.conductances import Conductance, constant
from divgrad.grid import Grid
from divgrad.kernels import averaged, flat
from divgrad.kernels import structure as kernels
from divgrad.kernels.flat_tiles import CUT, HIGH, Tiles, aligned
from divgrad.kernels.presmoothing import axes, gaussians, over_rows, smooth
from divgrad.kernels.rows import over_rows as over_tiles
from divgrad.kernels.specialise import specialise
from divgrad.kernels.tiles import Box, even
from divgrad.operators import Image, volume


def coherent(s2: float, contrast: float) -> float:
    r"""Return the share of full flow along a structure, :math:`\exp(-(k^2 / s^2)^2)`.

    ``s2`` is by how much squared slopes across the structure exceed those along it.

    >>> round(coherent(1.0, 1.0), 3), coherent(0.0, 1.0) < 1e-40
    (0.368, True)
    """
    ratio = s2 * (1.0 / (contrast * contrast))
    ratio = ratio if ratio > 0.1 else 0.1
    return math.exp(-1.0 / (ratio * ratio))


def structure(
    u: Image, presmoothing: float, integration: float, grid: Grid, out: Image | None = None
) -> Image:
    """Return the structure tensor ``(part, *space)`` of ``u[channel, *space]``, one for all channels.

    Parameters
    ----------
    u
        The image.
    presmoothing
        Standard deviation of the Gaussian that smooths the image before slopes are taken, in units of length.
    integration
        Standard deviation of the Gaussian that averages the products of slopes.
    grid
        Where the pixels are.
    out
        Receives the result; None: a new array.
    """
    deep = grid.ndim == 3
    shape = (6 if deep else 3, *u.shape[1:])
    out = np.empty(shape, u.dtype) if out is None else out
    if grid.ndim == 2:
        tiles = Tiles(presmoothing, integration, grid, u.dtype)
        if tiles.fit:
            return _averaged(u, out, tiles, grid)
    halves = gaussians(presmoothing, grid, u.dtype)
    view, result = volume(u), volume(out)
    module = specialise(
        kernels, coherent, u.dtype, CHANNELS=u.shape[0], VOLUME=deep, COHERENCE=False, BLEND=False
    )
    half = np.zeros(3, u.dtype)
    for axis, h in zip(axes(grid.ndim), grid.spacing, strict=True):
        half[axis] = 0.5 / h
    means = gaussians(integration, grid, u.dtype, CUT)
    over_rows(
        view,
        halves,
        lambda box: module.structure(view, result, box, *halves, half, means[0], means[2]),
        grid,
    )
    return smooth(out, integration, grid) if integration > 0.0 and deep else out


def _averaged(u: Image, out: Image, tiles: Tiles, grid: Grid) -> Image:
    """Make the structure tensor of an image tile by tile."""
    view, result = volume(u), volume(out)
    module = specialise(averaged, constant, u.dtype)
    half = np.zeros(3, u.dtype)
    half[0], half[2] = (0.5 / h for h in grid.spacing)
    size = (HIGH, even(view.shape[3], tiles.width))
    rooms: list[Image] = []

    def work(box: Box) -> None:
        try:
            room = rooms.pop()
        except IndexError:
            room = aligned((6, (HIGH + 2 * tiles.top + 2) * flat.PITCH), u.dtype)
        module.average(view, result, box, *tiles.first, *tiles.second, half, size, room)
        rooms.append(room)

    over_tiles(work, view.shape, 16 * u.dtype.itemsize, grid)
    return out


def edge_tensors(
    tensor: Image, conductance: Conductance, contrast: float, least: float, grid: Grid
) -> Image:
    """Return g(J): conductance g(m) along every eigenvector of J, m the mean squared slope along it."""
    out = np.empty_like(tensor)
    return _tensors(tensor, out, conductance, contrast, 0.0, least, contrast, grid)


def coherence_tensors(
    tensor: Image, contrast: float, floor: float, least: float, grid: Grid
) -> Image:
    """Return full flow along structures, ``floor`` across them and where there are none, in the place of ``tensor``."""
    return _tensors(tensor, tensor, coherent, contrast, floor, least, contrast, grid)


def blended_tensors(
    tensor: Image, other: Image, contrast: float, floor: float, switch: float, least: float, grid: Grid
) -> Image:  # fmt: skip
    """Return coherence tensors where structures are stronger than ``switch``, else the others, in their place."""
    return _tensors(tensor, other, coherent, contrast, floor, least, switch, grid, blend=True)


def _tensors(
    tensor: Image,
    out: Image,
    conductance: Conductance,
    contrast: float,
    floor: float,
    least: float,
    switch: float,
    grid: Grid,
    *,
    blend: bool = False,
) -> Image:
    real = tensor.dtype.type
    module = specialise(
        kernels, conductance, tensor.dtype, CHANNELS=1, VOLUME=grid.ndim == 3,
        COHERENCE=conductance is coherent, BLEND=blend,
    )  # fmt: skip
    view, result = volume(tensor), volume(out)
    numbers = [real(x) for x in (contrast, floor, least, switch)]
    over_rows(
        view,
        gaussians(0.0, grid, real),
        lambda box: module.tensors(view, result, box, *numbers),
        grid,
    )
    return out
