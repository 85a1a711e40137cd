"""The laws of noise: which explains what was seen from dark to bright, and with which parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.brightness_law import BrightnessLaw, samples
from divgrad.estimate.clipping import clipped_moments

Floats = NDArray[np.floating[Any]]

# What texture and the choice of flat places do to a class's variance (relative) and skewness, beside chance.
VARIANCE_SLACK = 0.07
SKEWNESS_SLACK = 0.12
CLIPPING = 0.2  # relative error of a variance of which all but nothing is left
OUTLIER = 9.0  # largest part of a class in the misfit: a texture that passed for noise
HARD_CLIPPED = 0.25  # of the variance left, at least, where a class counts


@dataclass(frozen=True)
class Fit:
    """A law of noise, as close as it comes to what was seen."""

    kind: str
    parameters: dict[str, float]
    misfit: float  # chi squared


def fits(law: BrightnessLaw) -> list[Fit]:
    r"""Fit every law that the image's values allow.

    With m the brightness, seen from zero, the variance is

    .. math:: \sigma^2, \quad g m, \quad \sigma^2 + g m, \quad m^2 / L, \quad
              \sigma^2 v(m / \sigma)

    in Gaussian noise, counts with the gain g, both, speckle of L looks and Rician magnitudes. Noise that
    adds to an image is cut off with it where values are clipped; counts, speckle and magnitudes end at
    zero by themselves. The skewness is 0, (g/m)^(1/2), 2 / L^(1/2) and that of the Rice law.

    Parameters
    ----------
    law : BrightnessLaw
        With one class of brightness at least.

    Returns
    -------
    list of Fit
        The best first.

    Examples
    --------
    >>> from divgrad.estimate.brightness_law import brightness_law
    >>> from divgrad.estimate.patches import measure_patches
    >>> ramp = np.linspace(20, 200, 256) * np.ones((256, 1))
    >>> speckled = ramp * np.random.default_rng(0).gamma(8, 1 / 8, ramp.shape)
    >>> best = fits(brightness_law(measure_patches(speckled)))[0]
    >>> print(best.kind, round(best.parameters["looks"]))
    speckle 8
    """
    if law.brightness.size == 0:
        return []
    m = law.brightness
    positive = bool(m.min() > 0.0) and not law.negative
    scale, misfit = _scaled(law, np.ones_like(m), lambda v: 0.0 * v, True)
    found = [Fit("gaussian", {"sigma": math.sqrt(scale)}, misfit)]
    middle = max(float(np.median(np.abs(m))), 1e-12)
    if positive:
        scale, misfit = _scaled(law, m, lambda v: v**0.5 / m, False)
        found.append(Fit("poisson", {"gain": scale}, misfit))
        scale, misfit = _scaled(law, m**2, lambda v: 2.0 * v**0.5 / m, False)
        found.append(Fit("speckle", {"looks": 1.0 / scale}, misfit))
        if not math.isfinite(law.low):
            found += _rician(law)
    best = None
    for ratio in np.geomspace(0.03, 10.0, 24):
        above = np.maximum(m, 0.0) / middle
        part = above / (above + ratio)  # of the variance that is counts'
        skew = partial(_share_of_counts, part=part, m=np.maximum(m, 1e-12))
        scale, misfit = _scaled(law, above + ratio, skew, True)
        if best is None or misfit < best.misfit:
            numbers = {"gain": scale / middle, "sigma": math.sqrt(scale * ratio)}
            best = Fit("poisson-gaussian", numbers, misfit)
    assert best is not None
    return sorted([*found, best], key=lambda fit: fit.misfit)


def _share_of_counts(variance: Floats, part: Floats, m: Floats) -> Floats:
    """Return the skewness where a part of the variance is counts'."""
    result: Floats = part**2 * variance**0.5 / m
    return result


def _scaled(
    law: BrightnessLaw, shape: Floats, skewness: Callable[[Floats], Any], floor: bool
) -> tuple[float, float]:
    """Return the factor by which a shape explains the variance, and the misfit."""
    weight = 1.0 / _tolerance(law)
    scale = float(np.median(law.variance / shape))
    for _ in range(6):
        left = _left(law, scale * shape, floor)
        counts = weight * (left > HARD_CLIPPED)
        if counts.sum() == 0.0:
            counts = weight
        ratio = np.log(law.variance / (shape * left))
        scale = math.exp(float((counts * ratio).sum() / counts.sum()))
    left = _left(law, scale * shape, floor)
    return scale, _misfit(law, scale * shape, left, skewness(scale * shape))


def _rician(law: BrightnessLaw) -> list[Fit]:
    """Return the best Rice law, if one reaches down to the darkest class."""
    mean, variance, skewness = _rice()
    best = None
    usual = math.sqrt(float(np.median(law.variance)))
    for sigma in np.geomspace(0.5 * usual, 2.5 * usual, 80):
        place = law.brightness / sigma
        if place.min() < 0.95 * mean[0]:
            continue
        expected = sigma**2 * np.interp(place, mean, variance)
        left = _left(law, expected, False)
        misfit = _misfit(law, expected, left, np.interp(place, mean, skewness))
        if best is None or misfit < best.misfit:
            best = Fit("rician", {"sigma": float(sigma)}, misfit)
    return [] if best is None else [best]


def _misfit(law: BrightnessLaw, expected: Floats, left: Floats, skewness: Any) -> float:
    """Return chi squared of variances and skewnesses; where clipping took much, predictions are rough."""
    error = np.log(law.variance / (expected * left))
    parts = np.minimum(error**2 / (_tolerance(law) + (CLIPPING * (1.0 - left)) ** 2), OUTLIER)
    chance = 6.0 / samples(law.weight) * (1.0 + np.square(skewness)) ** 2
    rough = (
        chance + SKEWNESS_SLACK**2 + (0.3 * np.asarray(skewness)) ** 2 + (4.0 * (1.0 - left)) ** 2
    )
    skew = np.minimum((law.skewness - skewness) ** 2 / rough, OUTLIER)
    return float(parts.sum() + skew.sum())


def _tolerance(law: BrightnessLaw) -> Floats:
    """Return the squared relative error of the variances."""
    result: Floats = 2.0 / (28.0 * law.weight) + VARIANCE_SLACK**2
    return result


def _left(law: BrightnessLaw, variance: Floats, floor: bool) -> Floats:
    """Return the share of the variance that clipping has left, at the brightness seen."""
    table = _one_sided()
    deviation = np.sqrt(variance)
    share = np.ones_like(variance)
    if floor and math.isfinite(law.low):
        share = share * np.interp((law.brightness - law.low) / deviation, *table)
    if math.isfinite(law.high):
        share = share * np.interp((law.high - law.brightness) / deviation, *table)
    return np.maximum(share, 0.02)


@lru_cache(maxsize=1)
def _one_sided() -> tuple[Floats, Floats]:
    """Return distances from a rail in standard deviations, and the share of the variance left there."""
    return clipped_moments(1.0, 0.0, math.inf)


@lru_cache(maxsize=1)
def _rice() -> tuple[Floats, Floats, Floats]:
    """Return mean, variance and skewness of Rice's law for sigma = 1, along its signal."""
    from scipy.special import hyp1f1

    a = np.concatenate([np.linspace(0.0, 6.0, 121), [8.0, 12.0, 20.0, 35.0]])
    x = -0.5 * a**2
    mean = math.sqrt(math.pi / 2) * hyp1f1(-0.5, 1.0, x)
    third = 3.0 * math.sqrt(math.pi / 2) * hyp1f1(-1.5, 1.0, x)
    variance = 2.0 + a**2 - mean**2
    skewness = (third - 3.0 * mean * variance - mean**3) / variance**1.5
    return mean, variance, skewness
