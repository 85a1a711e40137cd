"""Solvers that need no more of a matrix than its products: conjugate gradients and BiCGSTAB, both preconditioned.

They stop where what the preconditioner makes of the residual, about the error, is nowhere larger than allowed.
Sums are the same to the bit however many threads make them, and so are the results.

References
----------
Y. Saad, Iterative Methods for Sparse Linear Systems, SIAM, 2003, algorithms 9.1 and 7.7.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.reductions import extent, moments
from divgrad.operators import Image

Linear = Callable[[Image], Image]

MOST = 2000  # iterations
PATIENCE = 100  # iterations without gain: rounding allows no more


def conjugate_gradients(
    matrix: Linear, precondition: Linear, r: Image, allowed: float, grid: Grid
) -> Image | None:
    """Return x with matrix(x) = r, for a symmetric positive matrix; None if it is not, or x is not found."""
    x, r, real = np.zeros_like(r), r.copy(), r.dtype.type
    z = precondition(r)
    p, rz = z.copy(), _dot(r, z, grid)
    least, since = math.inf, 0
    for _ in range(MOST):
        error = _largest(z, grid)
        if error <= allowed:
            x += z
            return x
        least, since = (error, 0) if error < least else (least, since + 1)
        if since > PATIENCE:
            return x if least <= 64.0 * allowed else None
        q = matrix(p)
        pq = _dot(p, q, grid)
        if not (pq > 0.0 and rz > 0.0 and math.isfinite(pq)):
            return None
        alpha = real(rz / pq)
        x += alpha * p
        q *= alpha
        r -= q
        z = precondition(r)
        before, rz = rz, _dot(r, z, grid)
        p *= real(rz / before)
        p += z
    return None


def bicgstab(
    matrix: Linear, precondition: Linear, r: Image, allowed: float, grid: Grid
) -> Image | None:
    """Return x with matrix(x) = r, for any matrix; None if x is not found."""
    x, r, real = np.zeros_like(r), r.copy(), r.dtype.type
    shadow, p, v = r.copy(), np.zeros_like(r), np.zeros_like(r)
    rho = alpha = omega = 1.0
    least, since = math.inf, 0
    for _ in range(MOST):
        before, rho = rho, _dot(shadow, r, grid)
        if rho == 0.0 or not math.isfinite(rho):
            error = _largest(precondition(r), grid)
            return x if error <= 64.0 * allowed else None
        p -= real(omega) * v
        p *= real(rho / before * (alpha / omega))
        p += r
        y = precondition(p)
        v = matrix(y)
        across = _dot(shadow, v, grid)
        if across == 0.0:
            return None
        alpha = rho / across
        x += real(alpha) * y
        r -= real(alpha) * v
        z = precondition(r)
        error = _largest(z, grid)
        if error <= allowed:
            x += z
            return x
        least, since = (error, 0) if error < least else (least, since + 1)
        if since > PATIENCE or not math.isfinite(error):
            return x if least <= 64.0 * allowed else None
        t = matrix(z)
        tt = _dot(t, t, grid)
        omega = _dot(t, r, grid) / tt if tt > 0.0 else 0.0
        if omega == 0.0:
            return None
        x += real(omega) * z
        r -= real(omega) * t
    return None


def _dot(u: Image, v: Image, grid: Grid) -> float:
    return moments(u, v, grid).uv * u.size


def _largest(u: Image, grid: Grid) -> float:
    low, high = extent(u, grid)
    return max(high, -low)
