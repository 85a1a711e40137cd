"""How strong is the noise? One standard deviation for the whole image."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.estimate.channels import channels
from divgrad.estimate.clipping import clipped_moments, find_rails
from divgrad.estimate.patches import Patches, measure_patches

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

SHARE = 0.005  # of all patches, at least, are held to be flat
FEWEST = 100  # of them in a small image, unless it has fewer than 1600
MARGIN = 0.7  # patches whose mean lies nearer to a rail, in standard deviations, say too little
WHITE = 2.0  # coarse over fine variance: about 1 in noise, 2.5 and more for the edges of a drawing


def noise_level(image: ArrayLike, *, channel_axis: int | None = None) -> float:
    r"""Estimate the standard deviation of additive white Gaussian noise.

    The image is cut into overlapping patches of 8 x 8 pixels. Their low frequencies (cosine
    transform) say which patches are flat, their high frequencies how strong the noise is there:

    .. math:: \hat\sigma^2 = \operatorname{mean}_{p \in flat}\; \frac{1}{28}
              \sum_{i+j \ge 8} \langle \phi_{ij}, p \rangle^2 .

    Since white noise is independent in the two bands, choosing the flattest patches does not bias
    the estimate downwards, as choosing them by their variance would. All patches whose coarse
    variance is below the noise's own are flat; never fewer than 0.5 %. Where values are clipped,
    the variance that the clipping took away is put back with the censored normal law.

    Parameters
    ----------
    image : array_like, 2-D or 3-D, one axis more with `channel_axis`
        Any real dtype and any range. At least 2 pixels along two axes; the estimate is worth
        little below 8 x 8.
    channel_axis : int, optional
        Axis of the colours. The result is then the root mean square over the channels.

    Returns
    -------
    float
        Standard deviation in image units, >= 0: of the noise before clipping, where clipped.
        0 for a constant image. Twice the image gives twice the number.

    Raises
    ------
    ImageError
        If the image is empty, too small, not real, neither 2-D nor 3-D, or holds NaN or Inf.

    Notes
    -----
    Noise is what this measures; whether it is additive, white and Gaussian is for `noise_kind`.
    Texture as fine as the pixels everywhere in the image cannot be told from noise.
    At most 65,536 patches are taken, evenly spaced: time and memory stay bounded.

    References
    ----------
    .. [1] N. Ponomarenko, V. Lukin, M. Zriakhov, A. Kaarna, J. Astola, "An automatic approach to
       lossy compression of AVIRIS images", IGARSS 2007 (cosine transform of blocks, low
       frequencies choose, high frequencies measure).
    .. [2] X. Liu, M. Tanaka, M. Okutomi, "Single-image noise level estimation for blind
       denoising", IEEE Trans. Image Process. 22(12), 5226-5237, 2013 (weak-texture patches).
    .. [3] A. Foi, "Clipped noisy images: heteroskedastic modeling and practical denoising",
       Signal Process. 89(12), 2609-2629, 2009.

    Examples
    --------
    >>> import numpy as np
    >>> scene = 100 + 80 * np.sin(np.arange(200) / 9)[:, None] * np.cos(np.arange(200) / 7)
    >>> noisy = scene + np.random.default_rng(0).normal(0, 12, scene.shape)
    >>> print(f"{noise_level(noisy):.0f}")
    12
    """
    levels = [level_of(measure_patches(c)) for c in channels(image, channel_axis)]
    return math.hypot(*levels) / math.sqrt(len(levels))  # root mean square that cannot overflow


def level_of(patches: Patches) -> float:
    """Give the level, in image units, of patches already measured."""
    if patches.unit == 0.0:
        return 0.0
    low, high = find_rails(patches.pixels, math.sqrt(np.median(patches.fine)))
    # Padding, overlays and overexposed skies are exactly constant: they say nothing of the noise.
    varied = patches.varied
    if math.isfinite(low) or math.isfinite(high):
        variance, white = _unclipped_variance(patches, varied, low, high)
    else:
        variance, white = _flat_variance(patches, varied)
    # Black on white, a drawing: off the constant patches are only edges, and on them no noise.
    if white > WHITE:
        variance, _ = _flat_variance(patches, np.ones_like(varied))
    return patches.unit * math.sqrt(variance)


def _unclipped_variance(
    patches: Patches, varied: Mask, low: float, high: float
) -> tuple[float, float]:
    """Variance before clipping at the rails `low` and `high`, and its ratio coarse to fine."""
    room = np.minimum(patches.mean - low, high - patches.mean)
    # Start from the half of the image farthest from the rails. Starting low is safe: a level too
    # small only lets more clipped patches in, and their missing variance is put back.
    variance, white = _flat_variance(patches, varied & (room >= np.median(room)))
    for _ in range(10):
        sigma = math.sqrt(variance)
        inside = varied & (room > MARGIN * sigma)
        if sigma == 0.0 or np.count_nonzero(inside) < 16:
            break
        mean, left = clipped_moments(sigma, low, high)
        share = np.interp(patches.mean, mean, left)
        variance, white = _flat_variance(patches, inside, share)
        if abs(math.sqrt(variance) - sigma) < 1e-3 * sigma:
            break
    return variance, white


def _flat_variance(
    patches: Patches, among: Mask, share: Floats | None = None
) -> tuple[float, float]:
    """Variance of the noise in the flattest patches, and its ratio coarse to fine there."""
    rough, fine = patches.rough[among], patches.fine[among]
    if fine.size == 0:
        return 0.0, math.inf
    left = np.ones_like(fine) if share is None else share[among]
    rough_before = rough / left
    fewest = max(SHARE * patches.fine.size, min(FEWEST, patches.fine.size / 16), 16)
    fewest = int(min(fewest, fine.size))
    bar = np.partition(rough_before, fewest - 1)[fewest - 1]
    flat = rough_before <= bar
    for _ in range(3):
        variance = float(fine[flat].sum(dtype=np.float64) / left[flat].sum(dtype=np.float64))
        if variance <= bar:
            break
        flat = rough_before <= variance
    coarse = float(rough_before[flat].mean(dtype=np.float64))
    return variance, coarse / variance if variance > 0 else math.inf
