"""Chan and Vese's regions by threshold dynamics: indicators diffuse, then every pixel takes the best phase."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.grid import Grid
from divgrad.kernels.presmoothing import smooth
from divgrad.operators import Image

REACH = (4.0, 2.0, 1.0)  # to which indicators diffuse, in pixels: coarse first
MOST = 60  # rounds at each reach
STILL = 1e-5  # of the pixels may change in the last round


def first_phases(u: Image, count: int) -> NDArray[Any]:
    """Return the means of ``count`` clusters of pixels, darkest first, ``(count, channel)``."""
    flat = u.reshape(u.shape[0], -1)
    sample = flat[:, :: max(1, flat.shape[1] // 4_000)].T.astype(np.float64)
    light = sample.mean(axis=1)
    cuts = np.quantile(light, (np.arange(count) + 0.5) / count)
    means = np.stack([sample[np.argmin(np.abs(light - cut))] for cut in cuts])
    for _ in range(30):
        off = ((sample[:, None] - means) ** 2).sum(axis=2)
        nearest = off.argmin(axis=1)
        new = np.stack([
            sample[nearest == k].mean(axis=0) if (nearest == k).any() else sample[off.min(axis=1).argmax()]
            for k in range(count)
        ])  # fmt: skip
        if np.allclose(new, means, rtol=1e-4, atol=0):
            break
        means = new
    return np.asarray(means[np.argsort(means.mean(axis=1), kind="stable")])


def settle(
    u: Image, means: NDArray[Any], length: float, grid: Grid
) -> tuple[NDArray[Any], NDArray[Any], int]:
    r"""Return the phase of each pixel (from 0), the phases' means and the rounds.

    Each round lowers, for means held and then for phases held,

    .. math:: \sum_k \int_{\Omega_k} |u - c_k|^2 + \mu \, \frac{\sqrt{2 \pi}}{2 \sigma} \int (1 - x_k) \, G_\sigma x_k,

    whose second part tends to mu times the length of all borders.

    Parameters
    ----------
    u
        Image ``(channel, *space)``.
    means
        First means, ``(phase, channel)``.
    length
        The price mu of a length of border.
    grid
        Where the pixels are.
    """
    fine = max(grid.spacing)
    phases, rounds = _best(_misfit(u, means)), 0
    for reach in REACH:
        sigma = reach * fine
        gain = u.dtype.type(length * math.sqrt(2.0 * math.pi) / sigma)
        for _ in range(MOST):
            rounds += 1
            means = _means(u, phases, means)
            if (
                len(means) == 2
            ):  # one indicator is the other's rest, and the misfits' difference is linear
                new = _better(u, phases, means, gain, sigma, grid)
            else:
                misfit = _misfit(u, means)
                for k in range(len(means)):
                    misfit[k] -= gain * smooth((phases == k).astype(u.dtype)[None], sigma, grid)[0]
                new = _best(misfit)
            changed = int(np.count_nonzero(new != phases))
            phases = new
            if changed <= STILL * phases.size:
                break
    return phases, _means(u, phases, means), rounds


def _better(
    u: Image, phases: NDArray[Any], means: NDArray[Any], gain: Any, sigma: float, grid: Grid
) -> NDArray[Any]:
    """Return 1 where |u - c_1|^2 - |u - c_0|^2 < gain (2 G x - 1), else 0."""
    x = smooth(phases.astype(u.dtype)[None], sigma, grid)[0]
    x *= gain + gain
    for channel, slope in zip(u, 2.0 * (means[1] - means[0]), strict=True):
        x += u.dtype.type(slope) * channel
    level = u.dtype.type((means[1] ** 2).sum() - (means[0] ** 2).sum()) + gain
    return np.asarray((x > level).view(np.uint8))


def _misfit(u: Image, means: NDArray[Any]) -> Image:
    """Return |u - c_k|^2, of shape ``(phase, *space)``."""
    out = np.zeros((len(means), *u.shape[1:]), u.dtype)
    for k, mean in enumerate(means):
        for channel, value in zip(u, mean, strict=True):
            off = channel - u.dtype.type(value)
            off *= off
            out[k] += off
    return out


def _best(misfit: Image) -> NDArray[Any]:
    return np.asarray(misfit.argmin(axis=0).astype(np.uint8))


def _means(u: Image, phases: NDArray[Any], before: NDArray[Any]) -> NDArray[Any]:
    """Return the mean colour of each phase; of one that has died out, the one before."""
    new = before.copy()
    for k in range(len(before)):
        part = phases == k
        count = np.count_nonzero(part)
        if count > 0:  # products: the mean of chosen pixels takes ten times as long
            new[k] = [(channel * part).sum(dtype=np.float64) / count for channel in u]
    return new
