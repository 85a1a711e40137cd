"""Few grey values: the comb of the histogram."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.channels import Channel

Floats = NDArray[np.floating[Any]]

SAMPLE = 65_536  # pixels looked at
LEVELS = 72  # at most, to be coarse
FEW = 20  # whole numbers one apart are coarse if there are no more of them
FLAT = 0.8  # of neighbours are equal in drawings
ONE_STEP = 0.4  # of the others differ by one step, at most


def quantisation_step(channel: Channel) -> tuple[float, float]:
    """Find the distance of an image's grey values if they are few and evenly spaced.

    Parameters
    ----------
    channel : ndarray
        Finite real numbers.

    Returns
    -------
    step, still
        Distance in image units, 0 if the values are many or uneven; share of neighbours that are
        equal: little in counts, much where a smooth image was rounded.

    Examples
    --------
    >>> ramp = np.linspace(0.0, 200.0, 400) * np.ones((8, 1))
    >>> step, still = quantisation_step((ramp / 16).round() * 16)
    >>> print(f"{step:g} {still:.1f}")
    16 1.0
    >>> quantisation_step(ramp)[0]
    0.0
    """
    pixels = channel.reshape(-1)[:: max(1, channel.size // SAMPLE)].astype(np.float64)
    values, count = np.unique(pixels, return_counts=True)
    reach = values[-1] - values[0]
    if not 3 <= values.size <= 4 * LEVELS or pixels.size < 8 * values.size:
        return 0.0, 0.0
    whole = channel.dtype.kind in "bui"
    step = _comb(values, count, whole) or (
        _comb(values[:-1], count[:-1], whole) if values.size > 3 else 0.0  # the last was clipped
    )
    if step == 0.0 or reach / step > 1.5 * LEVELS:
        return 0.0, 0.0
    across = channel[..., 1:] == channel[..., :-1]
    return step, float(across.mean())


def is_drawn(channel: Channel, step: float, still: float) -> bool:
    """Whether grey values are few since flat areas meet in smoothed edges, as in drawings: nothing was rounded.

    Where a smooth scene was rounded, neighbours that differ do so by one step; across a drawn edge by many.

    >>> wide = np.repeat([0.0, 5.0, 40.0, 80.0, 75.0, 20.0, 0.0], 9) * np.ones((8, 1))
    >>> is_drawn(wide, 5.0, 0.9), is_drawn(np.rint(np.linspace(0, 9, 90))[None], 1.0, 0.9)
    (True, False)
    """
    across = np.abs(np.diff(channel.astype(np.float64), axis=-1)) / step
    unequal = across[across > 0.5]
    return still > FLAT and unequal.size > 0 and float((unequal < 1.5).mean()) < ONE_STEP


def _comb(values: Floats, count: NDArray[np.intp], whole: bool) -> float:
    """Return the distance of values on a comb; where bytes round, each is up to one off."""
    reach = float(values[-1] - values[0])
    gaps = np.diff(values)
    index = np.concatenate([[0.0], np.cumsum(np.rint(gaps / np.median(gaps)))])
    if index[-1] < 2:
        return 0.0
    weight = np.sqrt(count)
    index_mean, value_mean = weight @ index / weight.sum(), weight @ values / weight.sum()
    along = weight * (index - index_mean)
    step = float(along @ (values - value_mean) / (along @ (index - index_mean)))
    off = np.abs(values - value_mean - step * (index - index_mean))[
        :-1
    ].max()  # the last may be clipped
    if whole and step < 1.9 and values.size > FEW:
        return 0.0
    return step if off <= min(1.01 if whole else 1e-3 * step + 1e-6 * reach, 0.34 * step) else 0.0
