"""Salt and pepper: pixels that were lost, not disturbed, and sit at the ends of the range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from divgrad.estimate.channels import Channel

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

SIDE = 16  # pixels of a block: at 90 % lost it still holds 25 good ones
BLOCKS = 2_048  # looked at, evenly spaced
FEW_VALUES = 6  # between the ends: with fewer the image is counts, or labels
# How far, in standard deviations of its good pixels, a block must lie from the ends of the range
# so that an end in it is no tail of the noise. Both ends together are the stronger sign; one end
# alone may also be a clipped highlight, and is asked for more.
FAR_BOTH, FAR_ONE = 3.0, 5.0


@dataclass(frozen=True)
class _Hits:
    """Extreme pixels within the blocks that can tell."""

    pixels: int
    share: float  # of these pixels, at the extreme
    clumping: float  # correlation between neighbours: 0 if each fell for itself, 1 in a stroke
    spread: float  # of blocks hit, over what independent hits would give: 1, or less in places
    coverage: float  # part of all blocks that can tell

    def scattered(self, share: float, clumping: float, spread: float, coverage: float) -> bool:
        return (
            self.pixels >= 256
            and self.share * self.pixels >= 4
            and self.share >= share
            and self.clumping < clumping
            and self.spread > spread
            and self.coverage >= coverage
        )


def impulse_share(channel: Channel) -> float:
    """Measure which share of the pixels is salt or pepper; 0 if there is none.

    A pixel at the minimum or maximum of the image is an impulse where its neighbourhood lies far
    from that value. It must also have fallen at random: impulses do not clump, and spare no part
    of the image. Saturated regions, black backgrounds, text and drawings clump; the tails of
    clipped Gaussian noise appear only in blocks whose own spread reaches the rail.

    Parameters
    ----------
    channel : ndarray, 2-D or 3-D
        Finite real numbers, at least 2 pixels along two axes.

    Returns
    -------
    float
        0..1; found from about 0.01 (both kinds) or 0.02 (one kind) to 0.9.

    References
    ----------
    .. [1] R. H. Chan, C.-W. Ho, M. Nikolova, "Salt-and-pepper noise removal by median-type noise
       detectors and detail-preserving regularization", IEEE Trans. Image Process. 14(10),
       1479-1485, 2005 (the noise: pixels replaced by the ends of the range).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scene = 100.0 + 50.0 * np.sin(np.arange(128) / 9) * np.ones((128, 1))
    >>> lost = rng.random(scene.shape) < 0.3
    >>> hit = np.where(lost, rng.choice([0.0, 255.0], scene.shape), scene)
    >>> print(f"{impulse_share(hit):.1f} {impulse_share(scene):.1f}")
    0.3 0.0
    """
    blocks = spread_blocks(channel, SIDE)
    low, high = blocks.min(), blocks.max()
    at_low, at_high = blocks == low, blocks == high
    if low == high or at_low.mean() + at_high.mean() < 0.005:
        return 0.0
    good = ~(at_low | at_high)
    if np.unique(blocks[good][::7]).size < FEW_VALUES:
        return 0.0
    count = good.sum(axis=(1, 2))
    enough = count >= max(4.0, 0.04 * blocks[0].size)
    weight = np.maximum(count, 1)
    origin = np.median(blocks)  # keeps the squares small beside a large offset
    value = np.where(good, blocks - origin, 0.0)
    mean = value.sum(axis=(1, 2)) / weight
    variance = (value**2).sum(axis=(1, 2)) / weight - mean**2
    width = np.maximum(np.sqrt(np.maximum(variance, 0.0)), _step(blocks[good]))
    to_low, to_high = mean + origin - low, high - mean - origin

    both = enough & (np.minimum(to_low, to_high) >= FAR_BOTH * width)
    pepper, salt = _hits(at_low, both), _hits(at_high, both)
    if (
        pepper.scattered(0.002, 0.3, 0.6, 0.0)
        and salt.scattered(0.002, 0.3, 0.6, 0.0)
        and pepper.share + salt.share > 0.006
    ):
        return pepper.share + salt.share
    pepper = _hits(at_low, enough & (to_low >= FAR_ONE * width))
    salt = _hits(at_high, enough & (to_high >= FAR_ONE * width))
    return sum(hits.share for hits in (pepper, salt) if hits.scattered(0.01, 0.2, 0.8, 0.25))


def spread_blocks(channel: Channel, most: int) -> Floats:
    """Give blocks evenly spread over the image, (n, side, side), of a side of ``most`` or less."""
    volume = channel[None] if channel.ndim == 2 else channel
    volume = np.moveaxis(volume, int(np.argmin(volume.shape)), 0)
    side = min(most, max(1, min(volume.shape[1:]) // 2))
    tiles = sliding_window_view(volume, (side, side), axis=(1, 2))[:, ::side, ::side]
    step = 1
    while tiles[::step, ::step, ::step, 0, 0].size > BLOCKS:
        step += 1
    return tiles[::step, ::step, ::step].reshape(-1, side, side).astype(np.float64)


def _step(good: Floats) -> float:
    """Typical distance between values: large in counts, where the last value is no impulse."""
    values = np.unique(good[:: max(1, good.size // 65_536)])
    return float(np.median(np.diff(values))) if values.size > 1 else 0.0


def _hits(at: Mask, among: Mask) -> _Hits:
    """Count the extremes in some of the blocks, and judge whether they fell independently."""
    chosen = at[among]
    share = float(chosen.mean()) if chosen.size else 0.0
    if not 0.0 < share < 1.0:
        return _Hits(chosen.size, 0.0, 1.0, 0.0, 0.0)
    expected = 1.0 - (1.0 - share) ** chosen[0].size
    spread = chosen.any(axis=(1, 2)).mean() / expected
    return _Hits(chosen.size, share, clumping(chosen), float(spread), float(among.mean()))


def clumping(blocks: Mask) -> float:
    """Measure how neighbours go together: 0 where each fell for itself, 1 in a stroke, or where all are alike.

    >>> stroke = np.arange(40) % 8 < 4
    >>> round(clumping(np.broadcast_to(stroke, (1, 40, 40))), 2)
    1.0
    """
    share = float(blocks.mean())
    if not 0.0 < share < 1.0:
        return 1.0
    across = float((blocks[:, :, 1:] & blocks[:, :, :-1]).mean())
    down = float((blocks[:, 1:] & blocks[:, :-1]).mean())
    return (max(across, down) - share**2) / (share * (1.0 - share))
