"""Whether the channels of an image are the colours of one scene."""

from __future__ import annotations

import numpy as np

from divgrad.grid import Grid
from divgrad.operators import Image
from divgrad.tasks.photograph_scale import seen

MOST = 1.5  # variance of two differences of colours over that of brightness; 2 for channels that have nothing in common


def is_colour(z: Image, sigma: float, grid: Grid) -> bool:
    """Whether ``z[channel, row, col]`` with noise is red, green and blue of one scene, alike but for a little.

    Three channels that have nothing in common, three stains for instance, teach nothing about each other.
    """
    if z.ndim != 3 or len(z) != 3:
        return False
    red, green, blue = z
    parts = (
        (red + green + blue) / np.sqrt(3.0),
        (red - blue) / np.sqrt(2.0),
        (red - 2 * green + blue) / np.sqrt(6.0),
    )
    luma, *chroma = (seen(part.astype(z.dtype)[None], sigma, grid) ** 2 for part in parts)
    return sum(chroma) <= MOST * luma
