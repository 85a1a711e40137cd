"""Back to the pixel type of a file: round and clip, never wrap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from divgrad.errors import ImageError

STORABLE = "bool, (u)int8 to (u)int64, float16, float32, float64"


def storable(dtype: np.dtype[Any]) -> bool:
    """Return whether images of `dtype` are read and written: real numbers of at most 8 bytes."""
    return dtype.kind in "biuf" and dtype.itemsize <= 8


def to_dtype(array: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    """Convert an image to `dtype`; integers are rounded and clipped, never wrapped or rescaled.

    Parameters
    ----------
    array : ndarray
        Image of any real dtype; it is not changed.
    dtype : dtype
        Target. Booleans are True from 0.5 on.

    Returns
    -------
    ndarray
        A new array, or `array` itself if it already is of `dtype`.

    Raises
    ------
    ImageError
        If `array` holds NaN, for which an integer or boolean has no value, or is complex.

    Examples
    --------
    >>> import numpy as np
    >>> to_dtype(np.array([-3.0, 0.6, 254.5, 300.0]), np.uint8)
    array([  0,   1, 254, 255], dtype=uint8)
    """
    array = np.asarray(array)
    target = np.dtype(dtype)
    if not (storable(array.dtype) and storable(target)):
        raise ImageError(f"{array.dtype} cannot become {target}; needed are real: {STORABLE}")
    if array.dtype == target:
        return array
    if target.kind == "f":
        # A float32 result put into float16 may overflow to inf, which is float16's own answer.
        with np.errstate(over="ignore"):
            return array.astype(target)
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise ImageError(f"the image holds NaN, which {target} cannot; keep float32, or fill it in")
    if target.kind == "b":
        return np.asarray(array >= 0.5)
    if array.dtype.kind == "f":
        return _rounded(array, target)
    if array.dtype.kind == "b":
        return array.astype(target)
    low, high = np.iinfo(target), np.iinfo(array.dtype)
    clipped: NDArray[Any] = np.clip(array, max(low.min, high.min), min(low.max, high.max))
    return clipped.astype(target)


def _rounded(array: NDArray[Any], target: np.dtype[Any]) -> NDArray[Any]:
    """Round and clip a float image without NaN to integers."""
    info = np.iinfo(target)
    # The bounds themselves must be exact: 2**32 - 1 is no float32, and clipping to the 2**32 that
    # it rounds to would wrap to 0. float16 cannot even hold 65535.
    wide = np.float64 if target.itemsize > 2 else np.promote_types(array.dtype, np.float32)
    rounded: NDArray[Any] = np.rint(array, dtype=wide)
    if target.itemsize < 8:
        np.clip(rounded, info.min, info.max, out=rounded)
        return rounded.astype(target)
    # 2**63 - 1 is no float64 either: clip below it, then set what was above.
    top = float(info.max)
    result: NDArray[Any] = np.clip(rounded, float(info.min), np.nextafter(top, 0)).astype(target)
    result[rounded >= top] = info.max
    return result
