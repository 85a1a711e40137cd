"""Steps of reaction and diffusion over whole images: see :mod:`divgrad.kernels.reaction`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import reaction
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.rows import explicit_steps
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, Operator, volume


def phases(
    u: Image, taus: Sequence[float], middle: float, half: float, rate: float, grid: Grid
) -> Image:
    """Return u after steps of u_t = lap u + rate (w - w^3), w = (u - middle) / half; rate in image units."""
    return _steps("phases", u, (), taus, (middle, half, rate), grid)


def two_species(
    u: Image,
    taus: Sequence[float],
    spreads: tuple[float, float],
    feed: float,
    loss: float,
    rate: float,
    grid: Grid,
) -> Image:
    """Return u[0] and u[1] after steps of Gray and Scott's reaction."""
    return _steps("two_species", u, (), taus, (*spreads, feed, loss, rate), grid)


def edge_pair(
    u: Image,
    data: Image,
    taus: Sequence[float],
    contrast: float,
    rate: float,
    weight: float,
    grid: Grid,
) -> Image:
    """Return an image and its edge indicator, the last channel, after steps of Ambrosio and Tortorelli's pair."""
    return _steps("edge_pair", u, (data[:-1],), taus, (contrast, rate, weight), grid)


def _steps(
    name: str,
    u: Image,
    arrays: Sequence[Image],
    taus: Sequence[float],
    numbers: Sequence[float],
    grid: Grid,
) -> Image:
    real, rates = u.dtype.type, inverse(grid, u.dtype)
    channels = u.shape[0] - 1 if name == "edge_pair" else 1  # the others need not know
    module = specialise(reaction, constant, u.dtype, CHANNELS=channels, VOLUME=u.ndim > 3)
    step: Callable[..., Any] = getattr(module, name)
    fixed = [real(number) for number in numbers]
    return explicit_steps(
        lambda *given: step(*given, *fixed, rates), u, [volume(a) for a in arrays], taus, grid
    )


class Stepping(Operator):
    """What is no linear map, even when frozen: its ``axpy`` is one step of it.

    Parameters
    ----------
    step
        (image, time step) -> image.
    bound
        2 / the largest stable step.
    """

    linear = False

    def __init__(self, step: Callable[[Image, float], Image], bound: float) -> None:
        self.step, self.most = step, bound

    def bound(self) -> float:
        """Return the bound."""
        return self.most

    def axpy(self, tau: float, v: Image) -> Image:
        """Return a step from v."""
        return self.step(v, tau)
