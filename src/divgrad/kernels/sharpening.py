"""Shock filters as operators: upwind explicit steps, steered by the curvature of a guide."""

from __future__ import annotations

import numpy as np

from divgrad.conductances import charbonnier, constant
from divgrad.grid import Grid
from divgrad.kernels import dominant, shock
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.flat_tiles import Tiles
from divgrad.kernels.presmoothing import axes, gradient_conductance, smooth
from divgrad.kernels.rows import over_rows
from divgrad.kernels.specialise import specialise
from divgrad.kernels.steering import Room, SteeredShock, Steering, bound, rounding
from divgrad.kernels.tensor_fields import structure
from divgrad.operators import Image, Operator, volume


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
                rounding(v, self.grid),
            ],
            v.dtype,
        )  # fmt: skip
        over_rows(
            lambda box: module.step(
                view, guide, ways, share, result, box, squares, halves, amounts
            ),
            view.shape, (3 * v.shape[0] + 9) * v.dtype.itemsize, self.grid,
        )  # fmt: skip


def shock_operator(
    u: Image, how: Steering, grid: Grid, room: Room | None = None
) -> UpwindShock | SteeredShock:
    """Return the flow steered by u, of the kind that is fastest.

    Parameters
    ----------
    u
        Image ``(channel, *space)``.
    how
        What is looked at.
    grid
        Where the pixels are.
    room
        Arrays that the steps of a run use again.
    """
    room = Room() if room is None else room
    if grid.ndim == 2 and (how.normal or how.presmoothing > 0.0 or how.integration is not None):
        tiles = Tiles(how.presmoothing, how.integration, grid, u.dtype)
        if tiles.fit:
            return SteeredShock(u, how, grid, tiles, room)
    guide = u
    if how.presmoothing > 0.0:
        guide = smooth(u, how.presmoothing, grid, room.array("guide", u.shape[0], u))
    ways = share = None
    if how.integration is not None:
        ways = dominant_directions(guide, how.integration, grid, room)
    if how.contrast is not None:
        share = room.array("share", 1, u)
        gradient_conductance(guide, 0.0, charbonnier, how.contrast, grid, share)
    return UpwindShock(
        guide, grid, how.speed, normal=how.normal, directions=ways, softness=how.softness,
        share=share, gliding=how.gliding,
    )  # fmt: skip


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
