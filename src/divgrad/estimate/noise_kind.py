"""What sort of noise is it? Enough to refuse what a method for Gaussian noise would spoil."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from divgrad.estimate.brightness_law import BrightnessLaw, brightness_law
from divgrad.estimate.channels import Channel, channels
from divgrad.estimate.impulses import impulse_share
from divgrad.estimate.noise_level import level_of
from divgrad.estimate.patches import Patches, measure_patches

Kind = Literal["gaussian", "salt-and-pepper", "signal-dependent", "none"]

# Thresholds chosen on photographs with known noise, so that Gaussian noise of 2 to 30 % of the
# range passes for nothing else in 99.5 % of them; bench/noise_level.py measures both errors.
GROWTH = 1.3  # bright over dark level: less does a Gaussian method no harm
CORRELATION = 0.85
STRONG = 0.08  # level over the image's range: weaker relations may be texture
FAINT = 0.005  # 1.3 grey levels of 255


@dataclass(frozen=True)
class NoiseKind:
    """What `noise_kind` found."""

    kind: Kind
    level: float  # standard deviation at middle brightness, image units; 0 for salt and pepper
    fraction: float  # of the pixels lost to salt and pepper, 0..1
    sure: bool  # the evidence is clear; False: most likely this kind, too little to tell
    sentence: str  # the same in plain words


def noise_kind(image: ArrayLike, *, channel_axis: int | None = None) -> NoiseKind:
    """Tell what kind of noise is in an image, and say it in a sentence.

    Salt and pepper is told by pixels at the ends of the range that fell at random into places
    where they do not belong. Noise that depends on the signal (photon counts, speckle) is told by
    its level in flat places, from dark to bright. What shows neither is Gaussian, or none.

    The test is one-sided on purpose: noise is called salt-and-pepper or signal-dependent only
    where that is clear and matters, since refusing an image that could be treated is worse than
    treating one a little less well.

    Parameters
    ----------
    image : array_like, 2-D or 3-D, one axis more with `channel_axis`
        Any real dtype and any range.
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

    Examples
    --------
    >>> import numpy as np
    >>> scene = 110 + 80 * np.sin(np.arange(200) / 20)[:, None] * np.cos(np.arange(200) / 20)
    >>> rng = np.random.default_rng(0)
    >>> noise_kind(scene + rng.normal(0, 20, scene.shape)).kind
    'gaussian'
    >>> counts = noise_kind(rng.poisson(scene / 10))
    >>> print(counts.kind, "-", counts.sentence.split(", ")[-1])
    signal-dependent - as in counts of photons (Poisson noise).
    """
    found = [_kind_of(c) for c in channels(image, channel_axis)]
    kinds = [one.kind for one in found]
    most = max(kinds, key=lambda kind: (kinds.count(kind), kind == "gaussian"))
    voters = [one for one in found if one.kind == most]
    if len(found) == 1:
        return found[0]
    level = math.hypot(*(one.level for one in found)) / math.sqrt(len(found))
    fraction = sum(one.fraction for one in found) / len(found)
    sentence = f"In {len(voters)} of {len(found)} channels: {voters[0].sentence}"
    return NoiseKind(most, level, fraction, all(one.sure for one in voters), sentence)


def _kind_of(channel: Channel) -> NoiseKind:
    patches = measure_patches(channel)
    share = impulse_share(channel)
    if share > 0:
        return NoiseKind(
            "salt-and-pepper",
            0.0,
            share,
            True,
            f"About {100 * share:.0f} % of the pixels are lost: single black or white dots all "
            "over the image (salt-and-pepper noise); the others are good.",
        )
    law = brightness_law(patches)
    if _depends(law, patches.unit):
        middle = float(np.median(patches.mean)) * patches.unit + patches.origin
        level = float(np.interp(middle, law.brightness, law.level))
        return NoiseKind("signal-dependent", level, 0.0, True, _sentence(law))
    level = level_of(patches)
    if level <= FAINT * patches.unit:
        return NoiseKind("none", level, 0.0, True, "There is no noise to speak of.")
    return _gaussian(level, law, patches)


def _depends(law: BrightnessLaw, unit: float) -> bool:
    if law.level.size < 3 or np.median(law.level) < STRONG * unit:
        return False
    return law.counted or (law.growth > GROWTH and law.correlation > CORRELATION)


def _gaussian(level: float, law: BrightnessLaw, patches: Patches) -> NoiseKind:
    sentence = (
        f"Grain of about {level:.3g} grey values (standard deviation) everywhere, "
        f"{100 * level / patches.unit:.2g} % of the image's range."
    )
    sure = law.level.size >= 3
    if not sure:
        sentence += " Flat places are too few to tell whether it is the same in dark and bright."
    elif law.growth > GROWTH and law.correlation > CORRELATION:
        sure = False
        sentence += " It may be somewhat stronger in the bright places."
    return NoiseKind("gaussian", level, 0.0, sure, sentence)


def _sentence(law: BrightnessLaw) -> str:
    like = "depending on the signal"
    if law.counted or abs(law.exponent - 0.5) < 0.2:
        like = "as in counts of photons (Poisson noise)"
    elif law.exponent >= 0.7:
        like = "in proportion to it, as in radar and ultrasound (speckle)"
    return (
        f"The noise grows with brightness, from about {law.level[0]:.2g} in the dark to "
        f"{law.level[-1]:.2g} in the bright places, {like}."
    )
