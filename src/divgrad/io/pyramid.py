"""Coarser resolutions of an image, for viewers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.dtypes import to_dtype

SMALLEST = 64  # pixels a side, of the coarsest one


def halved(array: NDArray[Any], axes: Collection[int]) -> NDArray[Any]:
    """Return means of pairs of pixels along some axes, in the same dtype; of an odd number, the last is left out.

    >>> halved(np.array([[0, 2, 4, 7, 9]], np.uint8), [1])
    array([[1, 6]], dtype=uint8)
    """
    mean: NDArray[Any] = array
    for axis in axes:
        pairs = array.shape[axis] // 2
        first, second = (
            mean.take(range(start, 2 * pairs, 2), axis).astype(np.float64) for start in (0, 1)
        )
        mean = (first + second) / 2
    return to_dtype(mean, array.dtype)
