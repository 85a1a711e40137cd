"""Shock filters as operators: upwind explicit steps, steered by the curvature of a guide."""

from __future__ import annotations

import math

import numpy as np

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import dominant, shock
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.presmoothing import axes, smooth
from divgrad.kernels.rows import over_rows
from divgrad.kernels.specialise import specialise
from divgrad.kernels.tensor_fields import structure
from divgrad.operators import Image, Operator, volume

# Curvatures below these units of the last place have no sign. Of the range of the image, so that a constant added to it
# changes nothing; of the largest pixel where the range is so small a part of it that rounding is more than that.
OF_RANGE, OF_LARGEST = 128.0, 16.0


class UpwindShock(Operator):
    r"""One explicit step of grey value that climbs or falls at a speed; no linear map.

    .. math:: v + \tau \bigl(b \Delta v - (1 - b) \, c \, S(L w) \, |\nabla v| + d \, v_{tt}\bigr)

    Parameters
    ----------
    guide
        Image w, whose curvature L w says where grey value climbs and where it falls.
    grid
        Where the pixels are.
    speed
        c, per length.
    normal
        Whether L is the second derivative along the guide's gradient.
    directions
        Projections along which L is taken: see :func:`dominant_directions`. Else L is the Laplacian.
    softness
        Curvature at which the soft sign S is 1/2; None: a hard sign.
    share
        b, at every pixel; None: 0.
    gliding
        d, a number.
    """

    linear = False

    def __init__(
        self,
        guide: Image,
        grid: Grid,
        speed: float,
        *,
        normal: bool = False,
        directions: Image | None = None,
        softness: float | None = None,
        share: Image | None = None,
        gliding: float = 0.0,
    ) -> None:
        self.guide, self.grid, self.speed = guide, grid, speed
        self.normal, self.directions = normal, directions
        self.softness, self.share, self.gliding = softness, share, gliding

    def bound(self) -> float:
        """Return 2 / tau of the largest step that makes no new extremum."""
        return bound(self.grid, self.speed, blended=self.share is not None, gliding=self.gliding)

    def axpy(self, tau: float, v: Image) -> Image:
        """Return one explicit step from v."""
        out = np.empty_like(v)
        self.into(tau, v, out)
        return out

    def into(self, tau: float, v: Image, out: Image) -> None:
        """Write one explicit step from v into out."""
        view, guide, result = volume(v), volume(self.guide), volume(out)
        none = np.zeros((6, 1, 1, 1), v.dtype)
        ways = none if self.directions is None else volume(self.directions)
        share = none if self.share is None else volume(self.share)
        module = specialise(
            shock, constant, v.dtype, CHANNELS=v.shape[0], VOLUME=self.grid.ndim == 3,
            OWN=self.guide is v and v.shape[0] == 1, NORMAL=self.normal,
            DIRECTED=self.directions is not None, SOFT=self.softness is not None,
            BLEND=self.share is not None, TANGENT=self.gliding > 0.0,
        )  # fmt: skip
        squares = inverse(self.grid, v.dtype)
        halves = np.zeros(3, v.dtype)
        for axis, h in zip(axes(self.grid.ndim), self.grid.spacing, strict=True):
            halves[axis] = 0.5 / h
        amounts = np.array(
            [
                self.speed * tau, tau, self.gliding * tau, 1.0 / (self.softness or 1.0),
                _rounding(v, self.grid),
            ],
            v.dtype,
        )  # fmt: skip
        over_rows(
            lambda box: module.step(
                view, guide, ways, share, result, box, squares, halves, amounts
            ),
            view.shape, (3 * v.shape[0] + 9) * v.dtype.itemsize, self.grid,
        )  # fmt: skip


def _rounding(v: Image, grid: Grid) -> float:
    """Return how large a second derivative may be by rounding alone."""
    high, low = float(v.max()), float(v.min())
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


class Room:
    """Arrays that the steps of a run use again: to have new ones mapped takes as long as to fill them."""

    def __init__(self) -> None:
        self.arrays: dict[str, Image] = {}

    def array(self, name: str, channels: int, like: Image) -> Image:
        """Return an array of that name, with its own number of channels, whatever it holds."""
        if name not in self.arrays:
            self.arrays[name] = np.empty((channels, *like.shape[1:]), like.dtype)
        return self.arrays[name]


def guided(u: Image, sigma: float, grid: Grid, room: Room) -> Image:
    """Return u smoothed by a Gaussian; u itself for sigma = 0."""
    return u if sigma == 0.0 else smooth(u, sigma, grid, room.array("guide", u.shape[0], u))


def dominant_directions(guide: Image, rho: float, grid: Grid, room: Room) -> Image:
    """Return w w' at every pixel, w the dominant eigenvector of the structure tensor of all channels.

    The parts are those of :func:`divgrad.kernels.tensor_fields.structure`.
    """
    tensors = room.array("directions", 6 if grid.ndim == 3 else 3, guide)
    tensors = structure(guide, 0.0, rho, grid, tensors)
    view = volume(tensors)
    module = specialise(dominant, constant, guide.dtype, VOLUME=grid.ndim == 3)
    over_rows(lambda box: module.project(view, box), view.shape, 6 * guide.dtype.itemsize, grid)
    return tensors
