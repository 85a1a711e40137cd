"""Steps of a learned diffusion on whole images: folding, blocks, threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import constant
from divgrad.grid import Tiling
from divgrad.kernels import filters, tiles
from divgrad.kernels.once import once
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image

ROWS = 32  # of a block: 2 (size // 2) rows of responses are made twice
COLS = 128


@dataclass(frozen=True, eq=False)
class Step:
    """The parameters of one step, for one level of noise; the image is in units of sigma.

    Parameters
    ----------
    inner
        Filters ``[filter, channel, size, size]``, with all factors of their responses in them.
    outer
        The same filters, with all factors of the influence functions in them.
    ramps
        Slope changes ``[filter, 12]`` of the influence functions.
    pull
        Weight of the reaction.
    """

    inner: NDArray[Any]
    outer: NDArray[Any]
    ramps: NDArray[Any]
    pull: float

    @once
    def turned(self) -> NDArray[Any]:
        """Transposed filters ``[turn, channel, filter, size, size]`` for rows that stand in slots y mod size."""
        size = self.outer.shape[-1]
        across = self.outer.swapaxes(0, 1)[
            :, :, ::-1, ::-1
        ]  # row k belongs to the image row y - size // 2 + k
        out = np.empty((size, *across.shape), self.outer.dtype)
        for turn in range(size):
            for k in range(size):
                out[turn, :, :, (turn - size // 2 + k) % size] = across[:, :, k]
        return out


def step(u: Image, f: Image, parameters: Step, fold: int, tiling: Tiling) -> Image:
    """Return ``u[channel, row, col]`` after one step; the bits do not depend on the blocks."""
    out = np.empty_like(u)
    size = parameters.inner.shape[-1]
    reach = size // 2
    pitch = COLS + 16 if reach < 4 else 0
    module = specialise(filters, constant, u.dtype, SIZE=size, PITCH=pitch)
    inner = np.ascontiguousarray(parameters.inner, u.dtype).ravel()
    outer = np.ascontiguousarray(parameters.turned, u.dtype).ravel()
    ramps = np.ascontiguousarray(parameters.ramps, u.dtype)
    pull = u.dtype.type(parameters.pull)

    def work(box: tiles.Box) -> None:
        _, _, y0, y1, x0, x1 = box
        module.stage(u, f, out, (y0, y1, x0, x1), fold, inner, ramps, outer, pull)

    rows, cols = u.shape[1:]
    if tiling.block is not None:
        block = (1, tiling.block[0], min(COLS, tiling.block[2]))
    else:
        block = (1, tiles.even(rows, ROWS), tiles.even(cols, COLS))
    tiles.run(work, list(tiles.boxes((1, rows, cols), block)), tiling.workers)
    return out


def folded(image: Image, fold: int) -> Image:
    """Return ``[channel * fold**2, row, col]``: squares of pixels as channels; the last rows and cols repeat.

    >>> folded(np.arange(4.0).reshape(1, 2, 2), 2).ravel()
    array([0., 1., 2., 3.])
    """
    channels, rows, cols = image.shape
    if fold == 1:
        return image
    image = np.pad(image, ((0, 0), (0, -rows % fold), (0, -cols % fold)), mode="edge")
    rows, cols = (n // fold for n in image.shape[1:])
    parts = image.reshape(channels, rows, fold, cols, fold).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(parts).reshape(channels * fold**2, rows, cols)


def unfolded(u: Image, fold: int, shape: tuple[int, ...]) -> Image:
    """Return the image of a shape whose squares are the channels of u."""
    if fold == 1:
        return u
    channels, (rows, cols) = shape[0], u.shape[1:]
    parts = (
        u[: channels * fold**2].reshape(channels, fold, fold, rows, cols).transpose(0, 3, 1, 4, 2)
    )
    return np.ascontiguousarray(
        parts.reshape(channels, rows * fold, cols * fold)[:, : shape[1], : shape[2]]
    )
