"""How noise is seen in flat places, from dark to bright: its variance and its skewness."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.clipping import find_rails
from divgrad.estimate.patches import SIDE, Patches

Floats = NDArray[np.floating[Any]]

CLASSES = 16  # of brightness
SHARE = 0.1  # of the patches of a class, at least, are held to be flat
FEWEST = 15  # of them; a class with fewer than three times as many patches is left out
WHITE = 1.25  # coarse over fine variance of noise, at most: more is texture
OVERLAP = 16.0  # patches that share pixels, so many count as one


@dataclass(frozen=True, eq=False)
class BrightnessLaw:
    """Noise in the classes of brightness in which it was seen; of n classes, none if there is none."""

    brightness: Floats  # (n,) in image units, increasing
    variance: Floats  # (n,) image units squared
    skewness: Floats  # (n,) third moment over variance to the power of 3/2
    weight: Floats  # (n,) independent patches in which they were seen
    low: float  # where values were cut off, image units; -inf where they were not
    high: float
    negative: bool  # there are values below zero


def brightness_law(patches: Patches) -> BrightnessLaw:
    """Measure the noise in the flat patches of every class of brightness.

    A class counts only if its flattest patches are white: texture that is stronger in the bright
    would otherwise pass for noise that grows.

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
    >>> print(np.median(law.variance / law.brightness**2).round(2))
    0.1
    """
    unit, origin = patches.unit, patches.origin
    mean, variance, cube, count = np.array(_classes(patches)).reshape(-1, 4).T
    low, high = -math.inf, math.inf
    if unit > 0.0:
        low, high = find_rails(patches.pixels, math.sqrt(np.median(patches.fine)))
    return BrightnessLaw(
        origin + unit * mean,
        unit**2 * variance,
        cube / np.maximum(variance, 1e-30) ** 1.5,
        np.maximum(count / OVERLAP, 1.0),
        origin + unit * low,
        origin + unit * high,
        bool(unit > 0.0 and origin + unit * patches.pixels.min() < -1e-6 * unit),
    )


def _classes(patches: Patches) -> list[tuple[float, float, float, float]]:
    """Mean, variance, third moment and number of patches of each class in which noise can be seen."""
    if patches.unit == 0.0:
        return []
    first, last = np.percentile(patches.mean, [0.5, 99.5])
    if not first < last:
        return []
    place = np.floor((patches.mean - first) * (CLASSES / (last - first)))
    place = np.clip(place, 0, CLASSES - 1).astype(np.intp)
    seen: list[tuple[float, float, float, float]] = []
    for i in range(CLASSES):
        chosen = np.flatnonzero((place == i) & patches.varied)
        if chosen.size < 3 * FEWEST:
            continue
        chosen = chosen[np.argsort(patches.rough[chosen])]
        rough, fine = patches.rough[chosen], patches.fine[chosen]
        fewest = n = max(FEWEST, int(SHARE * chosen.size))
        for _ in range(3):  # all patches no rougher than the noise itself
            n = max(fewest, int(np.searchsorted(rough, fine[:n].mean())))
        variance = float(fine[:n].mean())
        if variance <= 0.0 or rough[:n].mean() > WHITE * variance:
            continue
        flat = chosen[:n]
        seen.append(
            (float(patches.mean[flat].mean()), variance, float(patches.cube[flat].mean()), n)
        )
    return seen


def samples(weight: Floats) -> Floats:
    """Give the number of independent values behind a class's moments."""
    result: Floats = weight * (SIDE * SIDE / 2)
    return result
