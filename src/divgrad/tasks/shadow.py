"""Erase the border of a shadow: diffusion of the logarithm with the image's own drift, but none in the border."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.operators import Image

OFFSET = 1 / 64  # of the largest value: relative contrasts below are noise


def erased(u: Image, border: NDArray[np.bool_], grid: Grid) -> Image:
    r"""Return ``u[channel, *space]`` without the edges in a border ``[1, *space]``.

    The steady state of :math:`\partial_t v = \Delta v - \mathrm{div}\, d`, with v the logarithm and d its first slope,
    zero in the border: osmosis, linear in the logarithm, whose steady state a cosine transform gives at once.

    Raises
    ------
    ImageError
        If the image has negative values.
    """
    from scipy.fft import dctn, idctn

    if float(u.min()) < 0.0:
        raise ImageError(
            f"a shadow multiplies an image >= 0, this one goes down to {float(u.min()):.4g}: subtract its black level"
        )
    offset = max(OFFSET * float(u.max()), float(np.finfo(u.dtype).tiny))
    v = np.log(u.astype(np.float64) + offset)
    source, rates = np.zeros_like(v), np.zeros((1,) * v.ndim)
    for axis, h in enumerate(grid.spacing, 1):
        slope = np.diff(v, axis=axis) / h**2
        open_ = ~np.moveaxis(border, axis, 0)
        ends = np.moveaxis(open_[1:] & open_[:-1], 0, axis)
        slope *= ends
        pad = [(0, 0)] * v.ndim
        pad[axis] = (1, 1)
        source += np.diff(np.pad(slope, pad), axis=axis)
        n = v.shape[axis]
        shape = [1] * v.ndim
        shape[axis] = n
        rates = rates + (2 * np.cos(np.pi * np.arange(n) / n) - 2).reshape(shape) / h**2
    axes = tuple(range(1, v.ndim))
    rates[(0,) * v.ndim] = 1.0  # the mean is free
    steady = idctn(dctn(source, axes=axes) / rates, axes=axes)
    # What was in the light stays as it was: a shadow only darkens.
    change = np.median((v - steady).reshape(len(v), -1), axis=1).reshape(-1, *(1,) * grid.ndim)
    lit = (v - steady) >= change
    rise = [(a - b)[where] for a, b, where in zip(v, steady, lit, strict=True)]
    level = np.array([np.median(one) for one in rise]).reshape(change.shape)
    return np.asarray(np.maximum(np.exp(steady + level) - offset, 0), u.dtype)
