"""Does the noise grow with the brightness? Its strength in flat places, from dark to bright."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.clipping import clipped_moments, counting_step, find_rails
from divgrad.estimate.patches import Patches

Floats = NDArray[np.floating[Any]]

CLASSES = 16  # of brightness
SHARE = 0.1  # of the patches of a class, at least, are held to be flat
FEWEST = 20  # of them; a class with fewer than three times as many patches is left out
WHITE = 1.1  # coarse over fine variance of noise, at most: more is texture
CLIPPED = 0.45  # of the variance must be left where values are clipped


@dataclass(frozen=True, eq=False)
class BrightnessLaw:
    """How the standard deviation of the noise changes from the dark to the bright places."""

    brightness: Floats  # (n,) in image units, increasing: the classes in which noise was seen
    level: Floats  # (n,) standard deviation there, image units
    growth: float  # bright end over dark end of the line fitted to them; 1 if it cannot be told
    correlation: float  # of level and brightness, -1..1
    exponent: float  # p in level ~ brightness**p: 0 additive, 1/2 counts, 1 speckle; or NaN
    counted: bool  # few values, and their variance is that of counts


def brightness_law(patches: Patches) -> BrightnessLaw:
    """Measure the noise in the flat patches of every class of brightness.

    A class counts only if its flattest patches are white: texture that is stronger in the bright
    would otherwise pass for noise that grows. Where values are clipped the variance is put back.

    Parameters
    ----------
    patches : Patches
        Of one channel.

    Returns
    -------
    BrightnessLaw

    References
    ----------
    .. [1] A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, "Practical Poissonian-Gaussian noise
       modeling and fitting for single-image raw-data", IEEE Trans. Image Process. 17(10),
       1737-1754, 2008 (local mean and variance over level sets).

    Examples
    --------
    >>> from divgrad.estimate.patches import measure_patches
    >>> ramp = np.linspace(20, 200, 256) * np.ones((256, 1))
    >>> speckled = ramp * np.random.default_rng(0).gamma(10, 1 / 10, ramp.shape)
    >>> law = brightness_law(measure_patches(speckled))
    >>> print(f"{law.exponent:.1f}, {law.correlation:.2f}")
    1.0, 1.00
    """
    classes = np.array(_classes(patches)).reshape(-1, 3)
    mean, level, weight = classes.T
    brightness = patches.origin + patches.unit * mean
    if len(classes) < 3:
        return BrightnessLaw(brightness, patches.unit * level, 1.0, 0.0, math.nan, False)
    w = weight / weight.sum()
    x, y = mean - w @ mean, level - w @ level
    slope = (w @ (x * y)) / (w @ x**2)
    dark, bright = (w @ level + slope * x[[0, -1]]).tolist()
    growth = bright / max(dark, 0.01 * bright) if bright > 0 else 0.0
    scatter = math.sqrt((w @ x**2) * (w @ y**2))
    correlation = float(w @ (x * y)) / scatter if scatter > 0 else 0.0
    exponent = math.nan
    if brightness[0] > 0:
        log_x = np.log(brightness) - w @ np.log(brightness)
        exponent = float((w * log_x) @ np.log(level) / ((w * log_x) @ log_x))
    counted = _counted(patches, mean, level)
    level = patches.unit * level
    return BrightnessLaw(brightness, level, growth, correlation, exponent, counted)


def _classes(patches: Patches) -> list[tuple[float, float, float]]:
    """Mean, level and weight of each class of brightness in which noise can be seen."""
    if patches.unit == 0.0:
        return []
    low, high = find_rails(patches.pixels, math.sqrt(np.median(patches.fine)))
    first, last = np.percentile(patches.mean, [1, 99])
    if not first < last:
        return []
    place = np.floor((patches.mean - first) * (CLASSES / (last - first))).astype(np.intp)
    seen = []
    for i in range(CLASSES):
        chosen = np.flatnonzero((place == i) & patches.varied)
        if chosen.size < 3 * FEWEST:
            continue
        chosen = chosen[np.argsort(patches.rough[chosen])]
        rough, fine = patches.rough[chosen], patches.fine[chosen]
        fewest = n = max(FEWEST, int(SHARE * chosen.size))
        for _ in range(3):  # all patches no rougher than the noise itself
            variance = float(fine[:n].mean())
            n = max(fewest, int(np.searchsorted(rough, variance)))
        mean, variance = float(patches.mean[chosen[:n]].mean()), float(fine[:n].mean())
        if rough[:n].mean() > WHITE * variance:
            continue
        level, share = _unclipped(mean, math.sqrt(variance), low, high)
        if share > CLIPPED:
            seen.append((mean, level, math.sqrt(n)))
    return seen


def _unclipped(mean: float, seen: float, low: float, high: float) -> tuple[float, float]:
    """Level before clipping that would leave the level `seen`, and the share of variance left."""
    level, share = seen, 1.0
    if math.isfinite(low) or math.isfinite(high):
        for _ in range(6):
            means, shares = clipped_moments(level, low, high)
            share = float(np.interp(mean, means, shares))
            level = seen / math.sqrt(max(share, 0.1))
    return level, share


def _counted(patches: Patches, mean: Floats, level: Floats) -> bool:
    """Whether the values are multiples of a step g, with the variance g * mean of counts."""
    step = counting_step(patches.pixels, float(np.median(level)))
    zero, top = patches.pixels.min(), patches.pixels.max()
    # The bright half may be clipped, unseen among so few values.
    dark = mean - zero < 0.5 * (top - zero)
    if step == 0.0 or np.count_nonzero(dark) < 3:
        return False
    mean = mean[dark] - zero
    ratio = level[dark] ** 2 / (step * mean)
    return bool(mean[-1] > 1.3 * mean[0] and ratio.min() > 0.6 and ratio.max() < 1.5)
