"""Colours as brightness and two differences of colour, as JPEG keeps them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Rows: Y, Cb, Cr of red, green, blue; the differences are then moved to the middle, 128 (ITU-R BT.601, JFIF).
MATRIX = np.array([
    [0.299, 0.587, 0.114],
    [-0.168735892, -0.331264108, 0.5],
    [0.5, -0.418687589, -0.081312411],
])  # fmt: skip
MIDDLE = 128.0


def luma_chroma(rgb: NDArray[Any]) -> NDArray[Any]:
    """Return Y, Cb, Cr of ``rgb[channel, row, col]`` of 0..255.

    >>> luma_chroma(np.full((3, 1, 1), 50.0)).ravel().round(6).tolist()
    [50.0, 128.0, 128.0]
    """
    out = np.einsum("ij,j...->i...", MATRIX.astype(rgb.dtype), rgb)
    out[1:] += rgb.dtype.type(MIDDLE)
    return np.asarray(out)


def colours(planes: NDArray[Any]) -> NDArray[Any]:
    """Return red, green, blue of Y, Cb, Cr: the inverse of :func:`luma_chroma`.

    >>> rgb = np.arange(3.0).reshape(3, 1, 1)
    >>> colours(luma_chroma(rgb)).ravel().round(6).tolist()
    [0.0, 1.0, 2.0]
    """
    centred = planes.copy()
    centred[1:] -= planes.dtype.type(MIDDLE)
    return np.asarray(
        np.einsum("ij,j...->i...", np.linalg.inv(MATRIX).astype(planes.dtype), centred)
    )
