"""Probabilities that spread from seeds: the random walker, an anisotropic Laplace equation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import rational
from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.kernels.krylov import conjugate_gradients
from divgrad.kernels.vcycle import Multigrid
from divgrad.operators import Image

FAINTEST = 1e-6  # weight of the strongest edge
CLOSE = 1e-2  # about the error of the probabilities


def edge_weights(
    u: Image, sharpness: float, grid: Grid, conductance: Callable[[Any, Any], Any] = rational
) -> list[NDArray[Any]]:
    """Return g(s^2) / h^2 between neighbours along each axis, s their difference, of contrast <s^2> / sharpness.

    The mean square <s^2> over all neighbours and channels makes it independent of the units of brightness.
    """
    squares = [np.square(np.diff(u, axis=axis + 1)).sum(axis=0) for axis in range(grid.ndim)]
    count = sum(part.size for part in squares)
    total = sum(float(part.sum(dtype=np.float64)) for part in squares)
    unit = u.dtype.type(sharpness * count / total if total > 0 else 0.0)
    weights = []
    for axis, (part, inverse) in enumerate(zip(squares, grid.inverse, strict=True)):
        scale = u.dtype.type(inverse / max(grid.inverse))
        w = np.zeros(u.shape[1:], u.dtype)
        w[(slice(None),) * axis + (slice(-1),)] = scale * (
            conductance(unit * part, u.dtype.type(1)) + u.dtype.type(FAINTEST)
        )
        weights.append(w)
    return weights


def walk(
    weights: list[NDArray[Any]],
    seeds: NDArray[Any],
    count: int,
    grid: Grid,
    prior: Image | None = None,
    trust: float = 0.0,
) -> Image:
    r"""Return the probability of each label 1 ... count at every pixel, ``(count, *space)``.

    .. math:: \mathrm{div}(w \nabla p_k) + \lambda (q_k - p_k) = 0, \quad p_k = 1 \text{ on seeds of } k,
        0 \text{ on others}

    Parameters
    ----------
    weights
        Of edges, as :func:`edge_weights` makes them.
    seeds
        0 where nothing is known, else the label.
    count
        Number of labels.
    grid
        Where the pixels are.
    prior
        Probabilities q, of the shape of the result, that hold each pixel; None: nothing does.
    trust
        Weight lambda of the prior.
    """
    dtype = weights[0].dtype
    free = seeds == 0
    unknown = count - 1  # the last is what is left of one
    mass = np.where(free, dtype.type(trust if prior is not None else 0.0), dtype.type(0))
    known = np.stack([(seeds == k).astype(dtype) for k in range(1, count)])
    r = np.zeros_like(known)
    if prior is not None:
        r += np.where(free, dtype.type(trust), dtype.type(0)) * prior[:unknown]
    inner = []
    for axis, w in enumerate(weights):
        here = (slice(None),) * axis + (slice(-1),)
        there = (slice(None),) * axis + (slice(1, None),)
        inner.append(w * 0)
        inner[-1][here] = w[here] * (free[here] & free[there])
        for one, other in ((here, there), (there, here)):
            held = w[here] * (free[one] & ~free[other])
            mass[one] += held
            r[(slice(None), *one)] += held * known[(slice(None), *other)]
    grids = Multigrid.of(mass[None], inner, ~free, grid)
    found = conjugate_gradients(grids.product, grids.cycle, r, CLOSE, grid)
    if found is None:
        raise ImageError(
            "the seeds' equation cannot be solved: the image's contrast is too extreme; smooth it first"
        )
    found = np.clip(found + known, 0, 1)
    return np.concatenate([found, np.maximum(1 - found.sum(axis=0, keepdims=True), 0)])
