r"""How to mix several smoothed versions of a noisy image so that the expected error is least.

Stein's identity tells the error of an estimate F(f) of a clean image x from f = x + noise, without x:

.. math:: \frac1N E\|F(f) - x\|^2 = \frac1N E\|F(f) - f\|^2 - \sigma^2 + \frac{2\sigma^2}{N} E\,\mathrm{div} F(f)

The divergence is probed: f is disturbed a little, and one looks how much of that is left in F. For a
mixture :math:`\sum w_i F_i(f)` the sum is a quadratic function of the weights. Weights >= 0 of sum 1 are
asked for: then neither the mean nor the range of the image can change, and chance has little to choose.

References
----------
C. M. Stein, Annals of Statistics 9:1135-1151, 1981. Probing: S. Ramani, T. Blu, M. Unser, IEEE TIP
17:1540-1554, 2008. Mixing: T. Blu, F. Luisier, IEEE TIP 16:2778-2786, 2007.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from divgrad.grid import Grid
from divgrad.kernels.reductions import moments
from divgrad.operators import Image

Floats = NDArray[np.float64]
Flow = Callable[[Image], Sequence[Image]]

PROBE = 0.05  # of the noise: small beside it, large beside rounding
SIDES = {1: 65_536, 2: 256, 3: 64}  # pixels along each axis of the sample, by the number of axes
PIECES = {1: 16, 2: 4, 3: 2}  # along each axis that the sample is cut from
FEWEST = 16_384  # pixels are probed: a small image repeatedly


def weights(u: Image, flow: Flow, sigma: float, grid: Grid) -> tuple[tuple[float, ...], float]:
    """Weigh an image and its smoothed versions so that the expected error of their sum is least.

    Parameters
    ----------
    u
        Noisy image ``(channel, *space)``. Of a large one pieces are looked at, evenly spread.
    flow
        Makes the smoothed versions of an image.
    sigma
        Standard deviation of its noise, > 0.
    grid
        Where the pixels are.

    Returns
    -------
    weights, error
        Weights of the image itself and of its versions, >= 0, of sum 1; root mean square error to be
        expected.
    """
    sample = _sample(u)
    changes = [version - sample for version in flow(sample)]
    products = np.zeros((len(changes), len(changes)))
    for i, j in itertools.combinations_with_replacement(range(len(changes)), 2):
        products[i, j] = products[j, i] = moments(changes[i], changes[j], grid).uv
    divergence = _divergence(sample, changes, flow, sigma, grid)
    best, error = least_error(products, divergence, sigma)
    return tuple(best.tolist()), error


def least_error(products: Floats, divergence: Floats, sigma: float) -> tuple[Floats, float]:
    r"""Minimise :math:`w^T M w + 2 \sigma^2 d^T w + \sigma^2` over weights >= 0 of sum 1.

    Parameters
    ----------
    products
        Mean products M of the changes F_i(f) - f, ``(n, n)``.
    divergence
        Their divergences d per pixel, ``(n,)``: 0 for none, -1 for a constant.
    sigma
        Standard deviation of the noise.

    Returns
    -------
    weights, error
        Weights ``(n + 1,)``, that of f itself first; root of the minimum.

    >>> least_error(np.array([[1.0]]), np.array([-1.0]), 1.0)[0]  # all the change was noise
    array([0., 1.])
    >>> least_error(np.array([[2.0]]), np.array([-1.0]), 1.0)[0]  # one half of it was
    array([0.5, 0.5])
    """
    n = len(divergence) + 1
    quadratic, linear = np.zeros((n, n)), np.zeros(n)
    quadratic[1:, 1:] = products
    # Versions that are all but equal: the square roots of their errors are known to 1e-6 at best.
    quadratic[1:, 1:] += 1e-12 * (np.trace(products) + sigma**2) * np.eye(n - 1)
    linear[1:] = sigma**2 * divergence
    best, least = np.eye(n)[0], 0.0
    for size in range(
        1, n + 1
    ):  # few versions: every choice of them is tried, those of a size at once
        chosen = np.array(list(itertools.combinations(range(n), size)))
        bordered = np.ones((len(chosen), size + 1, size + 1))
        bordered[:, :size, :size] = quadratic[chosen[:, :, None], chosen[:, None, :]]
        bordered[:, size, size] = 0.0
        right = np.ones((len(chosen), size + 1, 1))
        right[:, :size, 0] = -linear[chosen]
        w = np.linalg.solve(bordered, right)[:, :size, 0]
        value = np.einsum("mi,mij,mj->m", w, bordered[:, :size, :size], w)
        value += 2.0 * (w * linear[chosen]).sum(axis=1)
        value[w.min(axis=1) < 0.0] = np.inf
        first = int(value.argmin())
        if value[first] < least:
            least, best = float(value[first]), np.zeros(n)
            best[chosen[first]] = w[first]
    return best, float(np.sqrt(max(sigma**2 + least, 0.0)))


def _divergence(
    sample: Image, changes: Sequence[Image], flow: Flow, sigma: float, grid: Grid
) -> Floats:
    """Return (1/N) div of every change of the sample, from random probes."""
    size = sample.dtype.type(PROBE * sigma)
    repeats = max(1, min(16, FEWEST // sample.size))
    total = np.zeros(len(changes))
    for n in range(repeats):
        random = np.random.Generator(np.random.Philox(key=n))
        probe = (2 * random.integers(0, 2, sample.shape) - 1).astype(sample.dtype)
        disturbed = sample + size * probe
        for i, version in enumerate(flow(disturbed)):
            total[i] += moments(probe, (version - disturbed) - changes[i], grid).uv
    return total / (repeats * float(size))


def _sample(u: Image) -> Image:
    """Return the image, or a mosaic of pieces evenly spread over it: its few seams act as edges."""
    dim = u.ndim - 1
    for axis, extent in enumerate(u.shape[1:], start=1):
        chosen = pieces(extent, SIDES[dim], PIECES[dim])
        if len(chosen) > 1:
            u = u.take(np.concatenate([np.arange(s.start, s.stop) for s in chosen]), axis)
    return u


def pieces(extent: int, side: int, count: int) -> list[slice]:
    """Return where an axis is looked at: all of it, or evenly spread pieces of the length ``side`` together.

    >>> pieces(100, 128, 2), pieces(100, 20, 2)
    ([slice(0, 100, None)], [slice(20, 30, None), slice(70, 80, None)])
    """
    if extent <= side:
        return [slice(0, extent)]
    length = side // count
    starts = (np.arange(count) + 0.5) * extent / count - length / 2
    return [slice(first, first + length) for first in starts.astype(int).tolist()]
