"""What sort of noise it is, and how strong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from divgrad.estimate.brightness_law import BrightnessLaw, brightness_law
from divgrad.estimate.channels import Channel, channels
from divgrad.estimate.impulses import impulse_share
from divgrad.estimate.jpeg import jpeg_quality, steps
from divgrad.estimate.noise_level import level_of
from divgrad.estimate.noise_models import Fit, fits
from divgrad.estimate.patches import Patches, measure_patches
from divgrad.estimate.quantisation import is_drawn, quantisation_step
from divgrad.estimate.random_impulses import random_impulse_share
from divgrad.estimate.wording import NAMES, sentence, unsure_sentence

Kind = Literal[
    "none", "gaussian", "salt-and-pepper", "random-impulse", "poisson", "poisson-gaussian", "speckle",
    "rician", "quantised", "jpeg", "not sure",
]  # fmt: skip

# Thresholds chosen on the photographs of imagecompression.info and of scikit-image; bench/noise_kind.py
# measures on others.
FAINT = 0.012  # level over the image's range: 2 grey values of 180; photographs are no cleaner
WEAK = 0.025  # likewise: below, what shows in few places may be fine texture
FEW = 4  # classes of brightness: with fewer a weak noise is not told from texture
SURE = 0.58
FINE = 92  # JPEG quality from which nothing is to be seen
STILL = 0.15  # of neighbours are equal where an image was rounded
CHANCE = 0.1  # more neighbours than expected may be equal in counts
COUNTED = 1.4  # largest ratio of the gain that the variance tells and the step of counts
SIMPLER = 3.0  # chi squared that two parameters must be better by than one
CLEAR = 1.5  # standard deviations from where values were cut off
NO_COMB = 12.0  # chi squared against counts whose values are not multiples of their gain
RARER = 3.0  # chi squared against Rician noise, which is Gaussian where all is bright
SPECKLE = 4.0  # looks below which speckle has tails like impulses
TAILS = 0.1  # of the pixels, at most, are in them
FITTING = 2.0  # chi squared for each class, at most, of noise that may be texture


@dataclass(frozen=True)
class NoiseKind:
    """What `noise_kind` found.

    Parameters
    ----------
    kind
        The kind of noise, or "not sure".
    parameters
        Its physical parameters, in image units: ``sigma`` (Gaussian, Rician and the Gaussian part of
        Poisson-Gaussian), ``density`` (impulses, 0..1), ``gain`` (image units per count), ``looks``
        (speckle), ``step`` (quantisation), ``quality`` (JPEG, 1..100).
    confidence
        How likely that kind is among all, 0..1.
    sentence
        The same in plain words.
    likely
        The most likely kind, which the parameters belong to; `kind` itself unless that is "not sure".
    level
        Standard deviation at middle brightness, image units; 0 for impulses.
    """

    kind: Kind
    parameters: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 1.0
    sentence: str = ""
    likely: Kind = "none"
    level: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether the evidence is clear."""
        return self.kind != "not sure"


def noise_kind(image: ArrayLike, *, channel_axis: int | None = None) -> NoiseKind:
    """Tell what kind of noise is in an image and how strong it is, and say it in a sentence.

    First what leaves traces of its own is looked for: JPEG by cosine coefficients that are multiples of
    its steps, rounding by the comb of the histogram, impulses by pixels that have nothing to do with
    their neighbours. What is left is told by how variance and skewness of the noise in flat places
    change from dark to bright: not at all (Gaussian), in proportion to the brightness (counts of
    photons) or to its square (speckle), or only in the dark, where it is skew (Rician). The law with
    the least misfit wins; where another comes near it, the answer is "not sure", and ``likely``.

    Parameters
    ----------
    image : array_like, 2-D or 3-D, one axis more with `channel_axis`
        Any real dtype and any range; the brightness of a black pixel must be 0 for noise that depends
        on brightness to be told.
    channel_axis : int, optional
        Axis of the colours; the kind found in most channels is given.

    Returns
    -------
    NoiseKind

    Raises
    ------
    ImageError
        If the image is empty, too small, not real, neither 2-D nor 3-D, or holds NaN or Inf.

    References
    ----------
    .. [1] A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, "Practical Poissonian-Gaussian noise
       modeling and fitting for single-image raw-data", IEEE Trans. Image Process. 17(10),
       1737-1754, 2008.
    .. [2] R. H. Chan, C.-W. Ho, M. Nikolova, "Salt-and-pepper noise removal by median-type noise
       detectors and detail-preserving regularization", IEEE Trans. Image Process. 14(10),
       1479-1485, 2005.
    .. [3] Z. Fan, R. L. de Queiroz, "Identification of bitmap compression history: JPEG detection
       and quantizer estimation", IEEE Trans. Image Process. 12(2), 230-235, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> scene = 110 + 80 * np.sin(np.arange(200) / 20)[:, None] * np.cos(np.arange(200) / 20)
    >>> rng = np.random.default_rng(0)
    >>> noise_kind(scene + rng.normal(0, 20, scene.shape)).kind
    'gaussian'
    >>> counts = noise_kind(7.0 * rng.poisson(scene / 7.0))
    >>> print(counts.kind, round(counts.parameters["gain"]))
    poisson 7
    """
    planes = channels(image, channel_axis)
    quality = _quality(planes)
    if 0 < quality < FINE:
        level = math.sqrt(float((steps(quality)[:3, :3].astype(float) ** 2).mean()) / 12.0)
        return _named("jpeg", {"quality": float(quality)}, level)
    found = [_kind_of(plane) for plane in planes]
    if len(found) == 1:
        return found[0]
    kinds = [one.likely for one in found]
    most = max(kinds, key=lambda kind: (kinds.count(kind), kind == "gaussian"))
    voters = [one for one in found if one.likely == most]
    sure = sum(one.sure for one in voters) * 2 > len(voters)
    level = math.hypot(*(one.level for one in found)) / math.sqrt(len(found))
    numbers = {
        name: sum(one.parameters[name] for one in voters) / len(voters)
        for name in voters[0].parameters
    }
    return NoiseKind(
        most if sure else "not sure",
        numbers,
        sum(one.confidence for one in voters) / len(voters),
        f"In {len(voters)} of {len(found)} channels: {voters[0].sentence}",
        most,
        level,
    )


def _quality(planes: list[Channel]) -> int:
    """Return the quality of a JPEG, of which colours hold the luminance."""
    if planes[0].ndim != 2:
        return 0
    if len(planes) == 3:
        bytes_ = all(plane.dtype == np.uint8 for plane in planes)
        red, green, blue = (plane.astype(np.float32) for plane in planes)
        return jpeg_quality(np.rint(0.299 * red + 0.587 * green + 0.114 * blue))[0] if bytes_ else 0
    return jpeg_quality(planes[0])[0] if len(planes) == 1 else 0


def _named(
    kind: Kind, parameters: Mapping[str, float], level: float, confidence: float = 0.99
) -> NoiseKind:
    said = sentence(kind, parameters)
    return NoiseKind(kind, parameters, confidence, said, kind, level)


def _kind_of(channel: Channel) -> NoiseKind:
    patches = measure_patches(channel)
    if patches.unit == 0.0:
        return _named("none", {}, 0.0)
    share = impulse_share(channel)
    if share > 0.0:
        return _named("salt-and-pepper", {"density": share}, 0.0)
    law = brightness_law(patches)
    found = fits(law)
    level = level_of(patches)
    step, still = quantisation_step(channel)
    if step > 0.0:
        if _counted(law, step, still, patches):
            middle = math.sqrt(step * max(float(np.median(law.brightness)), step))
            return _named("poisson", {"gain": step}, middle)
        if is_drawn(channel, step, still):
            return _named("none", {}, 0.0)
        if still > STILL or level < 0.4 * step:
            return _named("quantised", {"step": step}, step / math.sqrt(12.0))
    share = random_impulse_share(channel)
    if share > 0.0 and not (_is_speckle(found) and share < TAILS):
        return _named("random-impulse", {"density": share}, 0.0)
    if level <= FAINT * patches.unit and not _grows(law, found, patches.unit):
        return _named("none", {}, level)
    return _by_law(law, found, level, step, channel.dtype.kind in "ui", patches)


def _counted(law: BrightnessLaw, step: float, still: float, patches: Patches) -> bool:
    """Whether values a step apart are counts: of that variance, and as seldom equal as chance would have it."""
    from scipy.special import ive

    if law.brightness.size == 0:
        return False
    mean = np.maximum(patches.origin + patches.unit * patches.mean, 0.0) / step
    if still > float(ive(0, 2.0 * mean).mean()) + CHANCE:  # of two counts with the same mean
        return False
    top = patches.origin + patches.unit * float(patches.pixels.max())
    clipped = replace(law, high=top, low=-math.inf)
    return any(
        fit.kind == "poisson" and 1 / COUNTED < fit.parameters["gain"] / step < COUNTED
        for fit in fits(clipped)
    )


def _grows(law: BrightnessLaw, found: list[Fit], unit: float) -> bool:
    """Whether noise that is too faint for noise in the dark follows a law, and is more in the bright."""
    strong = np.sqrt(law.variance) > FAINT * unit
    return bool(
        law.brightness.size >= FEW
        and np.count_nonzero(strong) >= FEW
        and found[0].kind in ("poisson", "speckle", "poisson-gaussian")
        and found[0].misfit < FITTING * law.brightness.size
    )


def _is_speckle(found: list[Fit]) -> bool:
    return bool(found) and found[0].kind == "speckle" and found[0].parameters["looks"] < SPECKLE


def _by_law(
    law: BrightnessLaw, found: list[Fit], level: float, step: float, whole: bool, patches: Patches
) -> NoiseKind:
    """Return the law that explains the noise best, if no other comes near."""
    if not found or (level < WEAK * patches.unit and law.brightness.size < FEW):
        numbers = {"sigma": level}
        return NoiseKind(
            "not sure", numbers, 0.5, unsure_sentence("gaussian", numbers, None), "gaussian", level
        )
    fine = np.unique(patches.pixels).size
    clear = law.brightness - law.low > CLEAR * np.sqrt(law.variance)
    misfits = {}
    for fit in found:
        misfit = fit.misfit
        if fit.kind == "poisson-gaussian":
            misfit += SIMPLER
        if fit.kind == "poisson" and step == 0.0 and fine > 64 and _combless(fit, patches):
            misfit += NO_COMB
        if fit.kind == "poisson" and whole and 0.85 < fit.parameters["gain"] < 1.18:
            misfit -= SIMPLER  # whole numbers, as counts are
        if fit.kind == "rician":
            misfit += RARER
        misfits[fit.kind] = misfit
    least = min(misfits.values())
    odds = {kind: math.exp(-0.5 * (misfit - least)) for kind, misfit in misfits.items()}
    order = sorted(odds, key=odds.__getitem__, reverse=True)
    best = next(fit for fit in found if fit.kind == order[0])
    confidence = odds[order[0]] / sum(odds.values())
    kind: Kind = best.kind  # type: ignore[assignment]
    numbers = dict(best.parameters)
    if kind == "gaussian":
        numbers["sigma"] = level  # made for this, to a percent
    at = float(np.interp(
        patches.origin + patches.unit * float(np.median(patches.mean)), law.brightness,
        np.sqrt(law.variance),
    ))  # fmt: skip
    at = level if kind == "gaussian" else at
    if math.isfinite(law.low) and np.count_nonzero(clear) < FEW and kind != "gaussian":
        confidence = min(confidence, 0.5)  # in the dark, cut off, all look much alike
    if confidence < SURE:
        said = unsure_sentence(kind, numbers, order[1] if len(order) > 1 else None)
        return NoiseKind("not sure", numbers, confidence, said, kind, at)
    return _named(kind, numbers, at, confidence)


def _combless(fit: Fit, patches: Patches) -> bool:
    """Whether values lie too close for counts of that gain."""
    values = np.unique(patches.pixels[:: max(1, patches.pixels.size // 4096)])
    gap = float(np.median(np.diff(values))) * patches.unit if values.size > 1 else 0.0
    return gap < 0.4 * fit.parameters["gain"]


__all__ = ["NAMES", "Kind", "NoiseKind", "noise_kind"]
