"""Impulses of random value: pixels that hold anything, among others that are good."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.channels import Channel
from divgrad.estimate.impulses import clumping, spread_blocks

Floats = NDArray[np.floating[Any]]

SIDE = 18  # pixels of a block, its border of neighbours included
FAR = 5.0  # times the usual distance of a pixel in its block from its nearest neighbours
LEAST = 0.08  # of the image's range
CUT = 0.2  # of a block at an end of the range: what is left of noise that is cut off there looks isolated
LOWEST = 0.027  # of the pixels, in the calm parts
CLUMPED = 0.2  # correlation of neighbouring suspects, at most: strokes and spots clump
EVIDENCE = 0.6  # far suspects over near ones, at least
FOUND = 0.88  # of the impulses are suspects: others are near their place
WIDE = 0.3  # of the range: half of what random values are away from their place, little of what edges are


def random_impulse_share(channel: Channel) -> float:
    r"""Measure which share of the pixels holds a random value, and how likely they are no edges.

    A pixel is suspect if even the four of its neighbours that are most like it are far from it:

    .. math:: \frac14 \sum_{n=1}^{4} |u - v_{(n)}|

    beside what is usual in its block. That finds points of texture, too; but random values are as
    often far from their place as near it, whereas detail is seldom far; they fall for themselves, whereas
    detail clumps; and everywhere, whereas detail spares the calmest parts.

    Parameters
    ----------
    channel : ndarray, 2-D or 3-D
        Finite real numbers, at least 2 pixels along two axes.

    Returns
    -------
    float
        0..1; found from about 0.05 to 0.4, else 0.

    References
    ----------
    .. [1] R. Garnett, T. Huegerich, C. Chui, W. He, "A universal noise removal algorithm with an
       impulse detector", IEEE Trans. Image Process. 14(11), 1747-1754, 2005.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scene = 100.0 + 50.0 * np.sin(np.arange(128) / 9) * np.ones((128, 1))
    >>> hit = np.where(rng.random(scene.shape) < 0.2, rng.uniform(0, 255, scene.shape), scene)
    >>> print(f"{random_impulse_share(hit):.1f} {random_impulse_share(scene):.1f}")
    0.2 0.0
    """
    blocks = spread_blocks(channel, SIDE).astype(np.float32)
    reach = float(np.subtract(*np.percentile(blocks, [99.8, 0.2])))
    if blocks.shape[-1] < 5 or reach <= 0.0:
        return 0.0
    cut = ((blocks == blocks.min()) | (blocks == blocks.max())).mean(axis=(1, 2)) > CUT
    if cut.mean() > 0.8:
        return 0.0
    blocks = blocks[~cut]
    middle = blocks[:, 1:-1, 1:-1]
    h, w = middle.shape[1:]
    far = np.stack(
        [
            np.abs(blocks[:, i : i + h, j : j + w] - middle)
            for i in range(3)
            for j in range(3)
            if (i, j) != (1, 1)
        ]
    )
    far.partition(3, axis=0)
    distance = far[:4].mean(axis=0)
    usual = np.quantile(distance, 0.4, axis=(1, 2), keepdims=True)
    suspect = distance > np.maximum(FAR * usual, LEAST * reach)
    if np.count_nonzero(suspect) < 8:
        return 0.0
    share = suspect.mean(axis=(1, 2))
    calm = share <= np.quantile(share, 0.5)  # texture has suspects of its own
    if clumping(suspect[calm]) > CLUMPED:
        return 0.0
    good = np.where(suspect[calm], np.nan, middle[calm])
    place = np.nanmedian(good, axis=(1, 2), keepdims=True)
    away = np.abs(middle[calm] - place)[suspect[calm]]
    distant = np.count_nonzero(away >= WIDE * reach)
    if np.quantile(share, 0.2) < LOWEST or distant < EVIDENCE * (away.size - distant):
        return 0.0
    return float(np.median(share)) / FOUND
