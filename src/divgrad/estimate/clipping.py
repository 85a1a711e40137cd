"""Where a sensor or a file format cut the values off, and what that does to the noise there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

# Rails: a value piles up at an end of the range when it is taken by this many times more pixels
# than its neighbour value, and by more than a handful.
PILE_UP = 1.5
HANDFUL = 4
SHARE = 1e-4
# Photon counts and posterised images take few values, in steps as wide as this part of the noise.
FEW_VALUES = 64
COARSE = 0.25


def counting_step(pixels: Floats, noise: float) -> float:
    """Find the distance between values of an image that looks counted; 0 if it does not.

    Parameters
    ----------
    pixels : ndarray, (n,)
        Any sample of the image's values.
    noise : float
        Rough standard deviation of the noise, same unit.

    Returns
    -------
    float
        Step between values in the same unit, or 0.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(3.0, 1000) * 85.0
    >>> counting_step(counts, 150.0)
    85.0
    >>> counting_step(np.random.default_rng(0).normal(100.0, 10.0, 1000), 10.0)
    0.0
    """
    values = np.unique(pixels[:: max(1, pixels.size // 4096)])
    if not 1 < values.size <= FEW_VALUES:
        return 0.0
    step = float(np.median(np.diff(values)))
    return step if step > COARSE * noise else 0.0


def find_rails(pixels: Floats, noise: float) -> tuple[float, float]:
    """Find the two values at which an image is clipped; -inf and +inf where it is not.

    Noise that meets a rail piles up on it: the extreme value is then more frequent than the next
    one, whereas an unclipped tail thins out towards its end.

    Parameters
    ----------
    pixels : ndarray
        Any sample of the image's values, in any unit; it must hold the extremes.
    noise : float
        Rough standard deviation of the noise, same unit.

    Returns
    -------
    (float, float)
        Lower and upper rail.

    Examples
    --------
    >>> ramp = np.linspace(-50.0, 300.0, 5000)
    >>> find_rails(np.clip(ramp, 0, 255), 10.0) == (0.0, 255.0)
    True
    >>> find_rails(ramp, 10.0)
    (-inf, inf)
    """
    # Zero counts are crowded without any clipping.
    low = -np.inf if counting_step(pixels, noise) else -_upper_rail(-pixels)
    return low, _upper_rail(pixels)


def _upper_rail(pixels: Floats) -> float:
    top = pixels.max()
    crowd = np.count_nonzero(pixels == top)
    if crowd < max(HANDFUL, SHARE * pixels.size) or crowd == pixels.size:
        return np.inf
    below = pixels[pixels < top]
    next_crowd = np.count_nonzero(below == below.max())
    return float(top) if crowd > PILE_UP * next_crowd else np.inf


def clipped_moments(sigma: float, low: float, high: float) -> tuple[Floats, Floats]:
    r"""Tabulate mean and relative variance of Gaussian noise after clipping to [low, high].

    For :math:`x \sim N(\mu, \sigma^2)` and :math:`y = \min(\max(x, low), high)` gives
    :math:`E y` and :math:`\mathrm{Var}(y) / \sigma^2` along a grid of :math:`\mu`. Read at a
    patch's observed mean, the second says how much of the noise has survived there.

    Parameters
    ----------
    sigma : float
        Standard deviation before clipping, > 0.
    low, high : float
        Rails; one of them may be infinite.

    Returns
    -------
    (ndarray, ndarray), each (256,)
        Mean, increasing, and relative variance in 0..1.

    Examples
    --------
    >>> mean, share = clipped_moments(10.0, 0.0, np.inf)
    >>> float(np.interp(100.0, mean, share).round(3))   # far from the rail: all of it
    1.0
    >>> float(np.interp(4.0, mean, share).round(2))     # on the rail: one half is flat
    0.34
    """
    reach = 3.0 * sigma  # farther beyond a rail nothing is left to see
    first = low - reach if np.isfinite(low) else high - 4 * reach
    last = high + reach if np.isfinite(high) else low + 4 * reach
    mu = np.linspace(first, last, 256)
    a = np.maximum((low - mu) / sigma, -30.0)  # finite, and already 30 standard deviations away
    b = np.minimum((high - mu) / sigma, 30.0)
    below, density_a = _normal(a)
    not_above, density_b = _normal(b)
    above = 1.0 - not_above
    mean = a * below + b * above + density_a - density_b
    square = a * a * below + b * b * above + not_above - below + a * density_a - b * density_b
    return mu + sigma * mean, np.clip(square - mean * mean, 0.0, 1.0)


def unclipped(means: Floats, sigma: float, low: float, high: float) -> Floats:
    """Return the grey values whose Gaussian noise, clipped to low..high, has these means; within low..high.

    Examples
    --------
    >>> unclipped(np.array([4.0, 100.0]), 10.0, 0.0, np.inf).round(1)   # a mean of 4 comes of 0
    array([  0., 100.])
    """
    mean, _ = clipped_moments(sigma, low, high)
    first = low - 3.0 * sigma if np.isfinite(low) else high - 12.0 * sigma
    last = high + 3.0 * sigma if np.isfinite(high) else low + 12.0 * sigma
    raised = np.interp(means, mean, np.linspace(first, last, mean.size)).clip(low, high)
    far = (means > low + 5.0 * sigma) & (means < high - 5.0 * sigma)  # nothing was clipped there
    return np.where(far, means, raised).astype(means.dtype)


def _normal(x: Floats) -> tuple[Floats, Floats]:
    """Distribution and density of the normal law (Abramowitz, Stegun 1964, 26.2.17: to 8e-8)."""
    density = np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)
    t = 1.0 / (1.0 + 0.2316419 * np.abs(x))
    tail = np.zeros_like(x)
    for c in (1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.319381530):
        tail = (tail + c) * t
    tail *= density
    return np.where(x > 0, 1.0 - tail, tail), density
