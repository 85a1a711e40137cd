"""Four numbers per small patch: its mean, its coarse and its fine variance, and how skew it is.

White noise is equally strong in every orthogonal direction of a patch, an image is not: its energy
sits in the low frequencies. So the low frequencies of the cosine transform tell where the image is
flat, and the high ones how strong the noise is there. For Gaussian noise the two are independent:
choosing patches by the one does not bias the other, which is what troubles every estimator that
chooses its patches by their total variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from divgrad.errors import ImageError
from divgrad.estimate.channels import Channel

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

SIDE = 8  # pixels; larger patches find fewer flat places, smaller ones separate frequencies less
BUDGET = 65_536  # patches looked at, and pixels kept: bounds time and memory for any image
CHUNK = 8_192  # patches in the air at once: 2 MB
AREA = 262_144  # pixels in the air at once
# The sum of cubes about the mean of n values over their third moment.
CUBE = {side: max(1.0, (n - 1) * (n - 2) / n) for side in range(2, 9) for n in [side * side]}


@dataclass(frozen=True, eq=False)
class Patches:
    """What `measure_patches` found; lengths are in units of `unit`, offsets from `origin`."""

    mean: Floats  # (n,)
    rough: Floats  # (n,) variance per coarse frequency, the near ones weighing less
    fine: Floats  # (n,) variance per fine frequency
    cube: Floats  # (n,) third central moment
    varied: Mask  # (n,) no quarter of the patch is exactly constant, as padding would be
    pixels: Floats  # evenly spaced pixel values, the two extremes among them
    origin: float
    unit: float  # 0 for a constant image


def measure_patches(channel: Channel) -> Patches:
    """Measure patches evenly spread over a channel: everywhere if small, never more than BUDGET.

    Parameters
    ----------
    channel : ndarray, 2-D or 3-D
        Finite real numbers. Patches of a volume lie in the plane of its two longest axes.

    Returns
    -------
    Patches

    Raises
    ------
    ImageError
        If fewer than two axes have two pixels or more, or the values span more than a float.

    Examples
    --------
    >>> patches = measure_patches(np.random.default_rng(0).normal(7.0, 2.0, (64, 64)))
    >>> sigma = patches.unit * patches.fine.mean() ** 0.5
    >>> print(f"{sigma:.1f}")
    2.0
    """
    volume = channel.reshape((1,) * (3 - channel.ndim) + channel.shape)
    volume = np.moveaxis(volume, int(np.argmin(volume.shape)), 0)  # planes first
    shortest = min(volume.shape[1:])
    side = min(SIDE, max(shortest // 4, min(4, shortest // 2), 2))  # room for several places
    if shortest < 2:
        raise ImageError(
            f"an image of shape {channel.shape} is too small to see its noise: at least 2 pixels "
            "along two axes are needed, 8 to trust it; state the noise level yourself"
        )
    low, high = float(channel.min()), float(channel.max())
    if not math.isfinite(high - low):
        raise ImageError(
            f"the image spans {low:.3g} to {high:.3g}, more than a float can hold: scale it down"
        )
    pixels = _spread(volume)
    origin = float(np.median(pixels))
    # Single hot pixels must not set the unit: float32 would lose the rest of the image.
    unit = float(np.subtract(*np.percentile(pixels, [99, 1]))) or high - low
    if unit == 0.0:
        empty = np.zeros(0, np.float32)
        return Patches(empty, empty, empty, empty, empty > 0, empty, origin, 0.0)
    stride, step = _strides(volume.shape, side)
    waves, coarse, fine = _frequencies(side)
    rows = volume.shape[1] - side + 1
    per_row = -(-(volume.shape[2] - side + 1) // stride)
    band = max(1, min(CHUNK // per_row, AREA // volume.shape[2] // stride)) * stride
    found = []
    for plane in volume[::step]:
        for top in range(0, rows, band):
            slab = plane[top : min(top + band, rows) + side - 1].astype(np.float64)
            slab = ((slab - origin) / unit).astype(np.float32)
            windows = sliding_window_view(slab, (side, side))[::stride, ::stride]
            patch = windows.reshape(-1, side * side)
            mean = patch.mean(axis=1)
            centred = patch - mean[:, None]
            cube = np.einsum("ij,ij,ij->i", centred, centred, centred) / CUBE[side]
            varied = _varied(slab, side)[::stride, ::stride].ravel()
            power = _power(slab, waves, stride)
            found.append((mean, _sum(coarse, power), _sum(fine, power), cube, varied))
    pixels = (np.append(pixels, (low, high)) - origin) / unit
    means, roughs, fines, cubes, varieds = (
        np.concatenate(part) for part in zip(*found, strict=True)
    )
    return Patches(means, roughs, fines, cubes, varieds, pixels, origin, unit)


def _spread(volume: Channel) -> Floats:
    """Evenly spaced pixels, about BUDGET of them."""
    step = 1
    while volume[::step, ::step, ::step].size > 4 * BUDGET:
        step += 2
    return volume[::step, ::step, ::step].astype(np.float64).ravel()


def _strides(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Distance between patches within and across planes: odd, so as not to beat with a grid."""
    stride = step = 1
    while True:
        places = [-(-(n - side + 1) // stride) for n in shape[1:]]
        if -(-shape[0] // step) * places[0] * places[1] <= BUDGET:
            return stride, step
        if stride >= side:
            step += 2
        stride += 2


def _frequencies(side: int) -> tuple[Floats, Floats, Floats]:
    """The cosine transform, a wave in each row; weights of coarse frequencies (sum 1), of fine."""
    k = np.arange(side)
    waves = np.cos(np.pi * np.outer(k, k + 0.5) / side) * np.sqrt(2.0 / side)
    waves[0] /= np.sqrt(2.0)
    frequency = np.add.outer(k, k)
    # Texture that could reach the fine frequencies shows best in those next to them.
    coarse = np.where(frequency < side, frequency, 0)
    fine = frequency >= side
    parts = (part.astype(np.float32) for part in (waves, coarse / coarse.sum(), fine / fine.sum()))
    return next(parts), next(parts), next(parts)


def _power(slab: Floats, waves: Floats, stride: int) -> Floats:
    """Squared coefficients of the cosine transform, (side, side, patches), exactly 0 of a constant.

    Summed by einsum and not as a product of matrices, whose bits depend on the machine, and whose
    threads' locks stop a process that is forked meanwhile.
    """
    across = _along(slab, waves, stride)
    both = _along(across.swapaxes(1, 2), waves, stride)
    return np.square(both.swapaxes(2, 3), order="C").reshape(*waves.shape, -1)


def _along(u: Floats, waves: Floats, stride: int) -> Floats:
    """Sum every wave with the values from each place of the last axis on: waves x u.

    But for the first, the waves sum to zero: summed by parts they see differences alone, which are
    exactly 0 where u is constant.
    """
    side = len(waves)
    level = sliding_window_view(u, side, -1)[..., ::stride, :]
    slopes = sliding_window_view(u[..., :-1] - u[..., 1:], side - 1, -1)[..., ::stride, :]
    parts = np.cumsum(waves, axis=1)[1:, :-1]
    first = np.einsum("kj,...j->k...", waves[:1], level)
    return np.concatenate([first, np.einsum("kj,...j->k...", parts, slopes)])


def _sum(weights: Floats, power: Floats) -> Floats:
    weighted: Floats = np.einsum("kl,kln->n", weights, power)
    return weighted


def _varied(slab: Floats, side: int) -> Mask:
    """Tell, for the patch at each place, whether none of its quarters is exactly constant."""
    part = side // 2 if side >= 4 else side
    across, down = slab[:, 1:] == slab[:, :-1], slab[1:] == slab[:-1]
    rows, cols = slab.shape[0] - part + 1, slab.shape[1] - part + 1
    constant = np.ones((rows, cols), bool)
    for i in range(part):  # every row is constant ...
        for j in range(part - 1):
            constant &= across[i : i + rows, j : j + cols]
    for i in range(part - 1):  # ... and they begin alike
        constant &= down[i : i + rows, :cols]
    gap = side - part
    still = constant[: rows - gap, : cols - gap] | constant[gap:, gap:]
    still |= constant[: rows - gap, gap:] | constant[gap:, : cols - gap]
    return ~still
