"""From what the caller hands over to bare channels, or one clear refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError, ParameterError

Channel = NDArray[Any]


def channels(image: ArrayLike, channel_axis: int | None = None) -> list[Channel]:
    """Give the channels of an image as views, after checking that each can be measured.

    Nothing is copied or cast: a channel may be larger than memory would allow twice. Finiteness is
    read off the minimum and the maximum, which NaN and Inf both reach, so that no mask is made.

    Parameters
    ----------
    image : array_like, 1-D to 3-D, one axis more with `channel_axis`
        Real numbers: integer, floating or boolean.
    channel_axis : int, optional
        Axis of the colours. None: the image is one channel.

    Returns
    -------
    list of ndarray
        One view per channel; booleans become bytes.

    Raises
    ------
    ImageError
        If the image is empty, not of real numbers, of more than 3 axes, or holds NaN or Inf.
    ParameterError
        If there is no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> [c.shape for c in channels(np.zeros((4, 5, 3)), channel_axis=-1)]
    [(4, 5), (4, 5), (4, 5)]
    """
    array = np.asarray(image)
    if array.dtype.kind not in "buif":
        raise ImageError(
            f"the image holds {array.dtype} values; real numbers are needed: convert it first"
        )
    if channel_axis is not None:
        if not -array.ndim <= channel_axis < array.ndim:
            raise ParameterError(
                f"channel_axis is {channel_axis}, but the image has {array.ndim} axes "
                f"(shape {array.shape}): name the axis of the colours"
            )
        array = np.moveaxis(array, channel_axis, 0)
    planes = [array] if channel_axis is None else list(array)
    if not planes or planes[0].size == 0:
        raise ImageError(f"the image is empty (shape {np.shape(image)}); give at least one pixel")
    if planes[0].ndim not in (1, 2, 3):
        raise ImageError(
            f"the image has {planes[0].ndim} axes besides colour (shape {np.shape(image)}); "
            "1 to 3 are needed: say which axis is colour with channel_axis, or pass one frame"
        )
    for plane in planes:
        if not (np.isfinite(plane.min()) and np.isfinite(plane.max())):
            raise ImageError(
                "the image contains NaN or Inf; finite values are needed: replace or crop them"
            )
    return [plane.view(np.uint8) if plane.dtype == bool else plane for plane in planes]
