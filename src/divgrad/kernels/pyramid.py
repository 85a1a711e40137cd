"""Values for unknown pixels from coarser and coarser grids."""

from __future__ import annotations

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.halving import halving
from divgrad.operators import Image

ENOUGH = 4.0  # times the known part of a coarse pixel: one of four pixels makes it as good as known


def from_coarser(u: Image, known: Image, grid: Grid) -> Image:
    """Return ``u[channel, *space]`` with what is not known taken from means over ever wider pixels.

    ``known``, one channel, is 1 at pixels that stay and 0 at those that are unknown; between, both are mixed. Takes as
    long as some steps of heat flow, however wide the holes are.

    References
    ----------
    S. J. Gortler, R. Grzeszczuk, R. Szeliski, M. F. Cohen, SIGGRAPH 1996, 43-54 (pull and push).

    Examples
    --------
    >>> known = np.array([[1.0, 0.0, 0.0, 1.0]])
    >>> from_coarser(np.array([[2.0, 9.0, 9.0, 6.0]]), known, Grid((1.0,)))
    array([[2., 4., 4., 6.]])
    """
    level = halving(grid, u.shape[1:])
    if level is None:
        total = known.sum(dtype=np.float64)
        mean = (known * u).sum(axis=tuple(range(1, u.ndim)), keepdims=True, dtype=np.float64)
        coarse = (mean / max(float(total), 1e-30)).astype(u.dtype)
    else:
        part = level.shrink(known)
        means = level.shrink(known * u)
        np.divide(means, part, out=means, where=part > 0)
        sure = np.minimum(u.dtype.type(1.0), u.dtype.type(ENOUGH) * part)
        coarse = level.enlarge(from_coarser(means, sure, level.grid))
    out: Image = known * u
    out += (1 - known) * coarse
    return out
