"""Channels in which differences of colour are even to the eye, whatever the range of the image."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.operators import Image

# Histograms of lightness are blurred by this part of the range, those of colour by half of it: the range of
# colours that an image uses is smaller.
LIGHTNESS = 0.04
COLOUR = 0.02


class Perceptual(NamedTuple):
    """Channels from 0 to 1, and by how much they may differ without being seen as different."""

    channels: NDArray[Any]
    widths: tuple[float, ...]


def perceptual(u: Image, least: float = 0.0) -> Perceptual:
    """Return lightness and two opponent colours of an image of three channels, all others stretched alike.

    Parameters
    ----------
    u
        ``(channel, *space)`` in any unit: its range, without the outermost thousandth, is taken for black and white.
    least
        Difference of black and white that is taken at least, in image units.

    >>> perceptual(np.array([[[0.0, 5.0, 10.0]]])).channels.round(2).tolist()
    [[[0.0, 0.5, 1.0]]]
    """
    low, high = (float(q) for q in np.quantile(u, [0.001, 0.999]))
    if not high > low:
        low, high = float(u.min()), float(u.max())
    high = max(high, low + least)
    part = (u - low) / (high - low) if high > low else np.zeros_like(u)
    part = np.clip(part, 0.0, 1.0).astype(np.float32)
    if u.shape[0] != 3:
        return Perceptual(part, (LIGHTNESS,) * u.shape[0])
    from skimage.color import rgb2lab

    lab: NDArray[Any] = rgb2lab(part, channel_axis=0)
    opponent = [lab[0] / 100.0, (lab[1] + 73.0) / 168.0, (lab[2] + 95.0) / 168.0]
    return Perceptual(np.stack(opponent).astype(np.float32), (LIGHTNESS, COLOUR, COLOUR))
