"""Images with fewer and with more pixels by cubic convolution, and images that agree with a reduced one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve_banded, cholesky_banded
from scipy.sparse import csr_array

from divgrad.operators import Image

Along = Callable[[NDArray[Any]], NDArray[Any]]


class Reduction:
    r"""The reduction S of images by a whole factor along each axis, by cubic convolution as wide as the new pixels.

    As in MATLAB's ``imresize`` and Pillow's ``BICUBIC``: the kernel of R. G. Keys (IEEE TASSP 29:1153-1160, 1981)
    with a = -1/2, stretched by the factor, its weights normalised; beyond the border the image is mirrored.

    Parameters
    ----------
    small
        Spatial shape of the reduced image.
    factor
        By how much it is reduced along each axis.

    Examples
    --------
    >>> reduction = Reduction((8,), 2)
    >>> low = np.arange(8.0)[None] ** 2
    >>> image = reduction.agreeing(reduction.enlarge(low), low)
    >>> bool(np.allclose(reduction.shrink(image), low))
    True
    """

    def __init__(self, small: tuple[int, ...], factor: int) -> None:
        self.down = [_matrix(factor * n, n) if n > 1 else None for n in small]
        self.up = [_matrix(n, factor * n) if n > 1 else None for n in small]
        self.factor = factor
        self.solvers = [None if w is None else _normal(w) for w in self.down]

    def shrink(self, u: Image) -> Image:
        """Return ``u[channel, *space]`` reduced."""
        for axis, w in enumerate(self.down, 1):
            u = u.take([0], axis) if w is None else _along(w.__matmul__, u, axis)
        return u

    def enlarge(self, u: Image) -> Image:
        """Return ``u[channel, *space]`` with more pixels, between which it is interpolated."""
        for axis, w in enumerate(self.up, 1):
            u = u.repeat(self.factor, axis) if w is None else _along(w.__matmul__, u, axis)
        return u

    def agreeing(self, u: Image, low: Image) -> Image:
        """Return the image nearest to u that is ``low`` when it is reduced: u + S^T (S S^T)^-1 (low - S u)."""
        change = low - self.shrink(u)
        for axis, (w, solve) in enumerate(zip(self.down, self.solvers, strict=True), 1):
            if w is None or solve is None:
                change = change.repeat(self.factor, axis)
            else:
                change = _along(w.T.__matmul__, _along(solve, change, axis), axis)
        return np.asarray(u + change, u.dtype)


def _along(work: Along, u: Image, axis: int) -> Image:
    """Return what a matrix makes of an image along an axis."""
    front = np.moveaxis(u, axis, 0)
    made = work(np.ascontiguousarray(front).reshape(front.shape[0], -1))
    made = np.asarray(made, u.dtype).reshape(-1, *front.shape[1:])
    return np.ascontiguousarray(np.moveaxis(made, 0, axis))


def _cubic(x: NDArray[Any]) -> NDArray[Any]:
    """Return Keys' kernel.

    >>> _cubic(np.array([0.0, 0.5, 1.0, 1.5, 2.0])).tolist()
    [1.0, 0.5625, 0.0, -0.0625, 0.0]
    """
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1.0, -0.5 * x**3 + 2.5 * x**2 - 4.0 * x + 2.0
    return np.where(x <= 1.0, near, np.where(x < 2.0, far, 0.0))


def _matrix(n: int, m: int) -> Any:
    """Return the weights, (m, n), by which n pixels become m."""
    wide = max(1.0, n / m)
    middle = (np.arange(m) + 0.5) * n / m - 0.5
    first = np.floor(middle - 2.0 * wide).astype(int)
    places = first[:, None] + np.arange(int(np.ceil(4.0 * wide)) + 2)
    weights = _cubic((middle[:, None] - places) / wide)
    weights /= weights.sum(axis=1, keepdims=True)
    folded = places % (2 * n)
    folded = np.where(folded < n, folded, 2 * n - 1 - folded)
    rows = np.repeat(np.arange(m), places.shape[1])
    return csr_array((weights.ravel(), (rows, folded.ravel())), shape=(m, n))


def _normal(w: Any) -> Along:
    """Return what solves w w^T x = b along the first axis."""
    product = (w @ w.T).todia()
    m = product.shape[0]
    most = int(max(product.offsets.max(), 0))
    bands = np.zeros((most + 1, m))
    for offset, values in zip(product.offsets, product.data, strict=True):
        if offset >= 0:
            bands[most - offset, offset:m] = values[offset:m]
    factors = cholesky_banded(bands)
    return lambda b: np.asarray(cho_solve_banded((factors, False), b))
