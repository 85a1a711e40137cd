"""One grey value for each pixel."""

from __future__ import annotations

import numpy as np

from divgrad.operators import Image
from divgrad.transforms.luma import MATRIX


def brightness(u: Image) -> Image:
    """Return ``(1, *space)``: the luma of three channels, else the mean of all.

    >>> brightness(np.full((3, 1, 1), 2.0)).round(6).tolist()
    [[[2.0]]]
    """
    if u.shape[0] == 1:
        return u
    weights = tuple(MATRIX[0]) if u.shape[0] == 3 else (1.0 / u.shape[0],) * u.shape[0]
    total = np.zeros((1, *u.shape[1:]), u.dtype)
    for weight, channel in zip(weights, u, strict=True):
        total += u.dtype.type(weight) * channel
    return total
