"""Explicit steps of diffusion whose conductance is a function of the grey value itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from divgrad.conductances import Conductance, constant
from divgrad.grid import Grid
from divgrad.kernels import pointwise, scalar, tiles
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.rows import explicit_steps
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, volume


def following(
    u: Image, taus: Sequence[float], function: Conductance, parameter: float, grid: Grid
) -> Image:
    """Return u after explicit steps of u_t = div(g(u) grad u), some per visit of a block.

    Parameters
    ----------
    u
        Image ``(channel, *space)``; g is made of the mean of its channels.
    taus
        The time steps.
    function, parameter
        g(mean, parameter), a plain Python function.
    grid
        Where the pixels are.
    """
    law = specialise(pointwise, function, u.dtype)
    module = specialise(
        scalar, constant, u.dtype, CHANNELS=u.shape[0], VOLUME=volume(u).shape[2] > 1, NODES=True
    )
    real, scale = u.dtype.type, inverse(grid, u.dtype)
    share, value, whole = real(1.0 / u.shape[0]), real(parameter), np.ones(1, u.dtype)

    def step(v: Image, out: Image, box: tiles.Box, tau: Any) -> None:
        near = [
            min(max(0, end + (1 if i % 2 else -1)), v.shape[1 + i // 2])
            for i, end in enumerate(box)
        ]
        g = np.empty((1, *v.shape[1:]), v.dtype)
        law.of_mean(v, g, tuple(near), share, value)
        module.frozen(v, v, g, out, box, np.array([tau], v.dtype), whole, real(1.0), scale)

    return explicit_steps(step, u, [], taus, grid)
