"""Shock filters of images as operators: smoothing, directions and step in one visit of each tile."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import flat, steered
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.flat_tiles import HIGH, Tiles, aligned
from divgrad.kernels.presmoothing import axes
from divgrad.kernels.rows import over_rows
from divgrad.kernels.specialise import specialise
from divgrad.kernels.tiles import Box, even
from divgrad.operators import Image, Operator, volume

# Curvatures below these units of the last place have no sign. Of the range of the image, so that a constant added to it
# changes nothing; of the largest pixel where the range is so small a part of it that rounding is more than that.
OF_RANGE, OF_LARGEST = 128.0, 16.0


@dataclass(frozen=True)
class Steering:
    """What tells grey value where to climb and where to fall, and what else it does.

    Parameters
    ----------
    speed
        c, per length.
    presmoothing
        Standard deviation of the Gaussian that smooths the image before it is looked at.
    integration
        Standard deviation of the Gaussian that averages directions, along which the curvature is taken; None: there
        are none.
    normal
        Whether the curvature is that along the gradient; else, without directions, the Laplacian.
    softness
        Curvature at which a soft sign is 1/2; None: a hard sign.
    contrast
        Slope below which there is diffusion instead, by Charbonnier's conductance; None: there is none.
    gliding
        How fast contours become smooth, d.
    """

    speed: float
    presmoothing: float = 0.0
    integration: float | None = None
    normal: bool = False
    softness: float | None = None
    contrast: float | None = None
    gliding: float = 0.0


class Room:
    """Arrays that the steps of a run use again: to have new ones mapped takes as long as to fill them."""

    def __init__(self) -> None:
        self.arrays: dict[str, Image] = {}
        self.tiles: list[Image] = []
        #: The state that was made last, its least and its largest pixel.
        self.known: tuple[Image, float, float] | None = None

    def range_of(self, u: Image) -> tuple[float, float] | None:
        """Return the least and the largest pixel of a state, if it was made here."""
        known = self.known
        return known[1:] if known is not None and known[0] is u else None

    def array(self, name: str, channels: int, like: Image) -> Image:
        """Return an array of that name, with its own number of channels, whatever it holds."""
        if name not in self.arrays:
            self.arrays[name] = np.empty((channels, *like.shape[1:]), like.dtype)
        return self.arrays[name]


class SteeredShock(Operator):
    """One explicit step of an image, steered by the image that is given first: see :mod:`divgrad.kernels.steered`.

    Parameters
    ----------
    source
        Image ``(channel, row, col)`` that steers.
    steering
        What is looked at.
    grid
        Where the pixels are.
    tiles
        How it is cut.
    room
        What the steps of a run use again.
    """

    linear = False

    def __init__(
        self, source: Image, steering: Steering, grid: Grid, tiles: Tiles, room: Room
    ) -> None:
        self.source, self.steering, self.grid = source, steering, grid
        self.tiles, self.room = tiles, room

    def bound(self) -> float:
        """Return 2 / tau of the largest step that makes no new extremum."""
        how = self.steering
        return bound(
            self.grid, how.speed, blended=how.contrast is not None, gliding=how.gliding
        )  # fmt: skip

    def axpy(self, tau: float, v: Image) -> Image:
        """Return one explicit step from v."""
        out = np.empty_like(v)
        self.into(tau, v, out)
        return out

    def into(self, tau: float, v: Image, out: Image) -> None:
        """Write one explicit step from v into out."""
        how, tiles = self.steering, self.tiles
        given, view, result = volume(self.source), volume(v), volume(out)
        module = specialise(steered, constant, v.dtype)
        squares = inverse(self.grid, v.dtype)
        halves = np.zeros(3, v.dtype)
        for axis, h in zip(axes(2), self.grid.spacing, strict=True):
            halves[axis] = 0.5 / h
        amounts = np.array(
            [
                how.speed * tau, tau, how.gliding * tau, 1.0 / (how.softness or 1.0),
                rounding(v, self.grid, self.room.range_of(v)), how.contrast or 1.0,
            ],
            v.dtype,
        )  # fmt: skip
        kinds = (
            HIGH, even(v.shape[2], tiles.width), int(how.integration is not None), int(how.normal),
            int(how.softness is not None), int(how.contrast is not None), int(self.source is v),
        )  # fmt: skip
        size = (HIGH + 2 * tiles.top + 2) * flat.PITCH

        ranges: list[Image] = []

        def work(box: Box) -> None:
            ends = np.array([np.inf, -np.inf], v.dtype)
            try:
                room = self.room.tiles.pop()
            except IndexError:
                room = aligned((8, size), v.dtype)
            module.steer(
                given, view, result, box, *tiles.first, *tiles.second, squares, halves, amounts,
                kinds, room, ends,
            )  # fmt: skip
            self.room.tiles.append(room)
            ranges.append(ends)

        over_rows(work, view.shape, 16 * v.dtype.itemsize, self.grid)
        self.room.known = (out, min(float(e[0]) for e in ranges), max(float(e[1]) for e in ranges))


def rounding(v: Image, grid: Grid, ends: tuple[float, float] | None = None) -> float:
    """Return how large a second derivative may be by rounding alone; ``ends`` are the least and the largest pixel."""
    low, high = (float(v.min()), float(v.max())) if ends is None else ends
    units = max(OF_RANGE * (high - low), OF_LARGEST * max(high, -low))
    return units * float(np.finfo(v.dtype).eps) * sum(grid.inverse)


def bound(grid: Grid, speed: float, *, blended: bool = False, gliding: float = 0.0) -> float:
    r"""Return 2 / tau of the largest step that makes no new extremum.

    An upwind step passes no neighbour if :math:`c \tau \sqrt{\sum 1/h^2} \le 1`. Blended with diffusion, :math:`b
    + (1 - b) = 1`, the stricter of both limits is enough; what glides adds to it.
    """
    upwind = 2.0 * speed * math.sqrt(sum(grid.inverse))
    if blended:
        return max(upwind, grid.laplacian_bound)
    return upwind + gliding * grid.laplacian_bound
