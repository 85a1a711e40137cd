"""The lightness of a colour image, and colours whose lightness has changed but not their hue."""

from __future__ import annotations

from typing import Any

import numpy as np

from divgrad.operators import Image

WEIGHTS = (0.299, 0.587, 0.114)  # of red, green, blue (ITU-R BT.601)


def lightness(u: Image) -> Image:
    """Return the lightness ``[1, *space]`` of ``u[channel, *space]``: of other than three channels their mean.

    >>> lightness(np.array([[1.0], [1.0], [1.0]])).round(6).tolist()
    [[1.0]]
    """
    if len(u) == 1:
        return u
    weights = WEIGHTS if len(u) == 3 else (1.0 / len(u),) * len(u)
    return np.asarray(np.einsum("i,i...->...", np.array(weights, u.dtype), u)[None])


def raised(u: Image, before: Image, after: Image, among: tuple[float, float]) -> Image:
    """Return colours with as much grey added as makes their lightness ``after``, within a range.

    Hue stays, since differences of channels do: so much is added that none leaves the range.
    """
    change = after - before
    if len(u) > 1:
        room = among[0] - u.min(axis=0, keepdims=True), among[1] - u.max(axis=0, keepdims=True)
        change = np.clip(change, np.minimum(room[0], 0), np.maximum(room[1], 0))
    return np.asarray(u + change)


def scaled(u: Image, factor: Image, most: float) -> Image:
    """Return colours multiplied by a positive factor ``[1, *space]``, and so much less where one would pass ``most``.

    Hue and saturation stay.
    """
    if len(u) > 1:
        top = np.maximum(u.max(axis=0, keepdims=True), u.dtype.type(np.finfo(u.dtype).tiny))
        factor = np.minimum(factor, np.maximum(u.dtype.type(most) / top, 1))
    return np.asarray(u * factor)


def span(u: Image, dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return black and white: of an integer type its own, else 0 to 1 or 255, or the range of the image.

    >>> span(np.zeros(3), np.dtype("uint8")), span(np.array([0.0, 0.7]), np.dtype("f4"))
    ((0.0, 255.0), (0.0, 1.0))
    """
    low, high = float(u.min()), float(u.max())
    if dtype.kind in "iu" and dtype.itemsize <= 2:
        return float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)
    for white in (1.0, 255.0):
        if low >= 0.0 and high <= white:
            return 0.0, white
    return low, high
