"""Diffusion of complex images as an operator, and in explicit steps with conductances that follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from divgrad.conductances import Conductance
from divgrad.grid import Grid
from divgrad.kernels import complex_diffusion
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.rows import explicit_steps, over_rows
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, Operator, volume


class TurnedDiffusion(Operator):
    r"""v -> exp(i angle) div(g grad v), with g made once of the imaginary part of an image.

    Real and imaginary part lie in the first and the second half of the channels. Where L = div(g grad .) has
    the eigenvalue -m, this has -m exp(i angle): an explicit step of tau multiplies it by 1 - tau m exp(i
    angle), which is no larger than 1 up to tau = 2 cos(angle) / m.

    Parameters
    ----------
    source
        Image whose imaginary part makes the conductances.
    conductance, contrast
        The function of its square (the sum over channels), at most 1, and its contrast.
    angle
        Angle in radian.
    grid
        Where the pixels are.
    """

    real_spectrum = False

    def __init__(
        self, source: Image, conductance: Conductance, contrast: float, angle: float, grid: Grid
    ) -> None:
        self.source = source
        self.angle = angle
        self.grid = grid
        self._step = _stepper(source, conductance, contrast, angle, grid)

    def bound(self) -> float:
        """Return 4 sum 1 / h^2 / cos(angle): steps up to 2 / bound are stable."""
        return self.grid.laplacian_bound / math.cos(self.angle)

    def axpy(self, tau: float, v: Image) -> Image:
        """Return v + tau A v."""
        out = np.empty_like(v)
        view, w, result = volume(v), volume(self.source), volume(out)
        real = v.dtype.type(tau)
        over_rows(
            lambda box: self._step(view, w, result, box, real),
            view.shape, 6 * v.dtype.itemsize, self.grid,
        )  # fmt: skip
        return out


def explicit(
    u: Image,
    conductance: Conductance,
    contrast: float,
    angle: float,
    taus: Sequence[float],
    grid: Grid,
) -> Image:
    """Return u after explicit steps, with conductances made anew for every step."""
    step = _stepper(u, conductance, contrast, angle, grid)
    return explicit_steps(lambda v, out, box, tau: step(v, v, out, box, tau), u, (), taus, grid)


def _stepper(u: Image, conductance: Conductance, contrast: float, angle: float, grid: Grid) -> Any:
    """Return (image, source of conductances, result, box, time step) -> one step of a block."""
    module = specialise(
        complex_diffusion, conductance, u.dtype, CHANNELS=u.shape[0] // 2,
        VOLUME=volume(u).shape[2] > 1,
    )  # fmt: skip
    real = u.dtype.type
    how = (inverse(grid, u.dtype), real(contrast), real(math.cos(angle)), real(math.sin(angle)))
    return lambda v, w, out, box, tau: module.step(v, w, out, box, tau, *how)
