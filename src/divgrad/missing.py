"""Pixels without a value (NaN) or beyond all values (Inf): set aside, and put back where they were."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError


@dataclass(frozen=True, eq=False)
class SetAside:
    """An image whose pixels are all finite, and where they were not.

    Attributes
    ----------
    image : ndarray
        The image; a pixel that was not finite has the value of the nearest one that was, in its channel.
    missing : ndarray of bool
        Which pixels were not finite.
    values : ndarray
        What these held, in the order of the array.
    """

    image: NDArray[Any]
    missing: NDArray[np.bool_] = field(repr=False)
    values: NDArray[Any] = field(repr=False)

    def restore(self, result: NDArray[Any]) -> NDArray[Any]:
        """Return a copy of `result` in which exactly the pixels of `missing` hold again what they held.

        Raises
        ------
        ImageError
            If it has another shape, or is not of floating point.
        """
        if result.shape != self.missing.shape or result.dtype.kind != "f":
            raise ImageError(
                f"NaN can be put back into reals of the shape {self.missing.shape}; got {result.dtype} "
                f"of {result.shape}"
            )
        whole = result.copy()
        whole[self.missing] = self.values
        return whole


def set_aside(image: ArrayLike, *, channel_axis: int | None = None) -> SetAside:
    """Replace what is NaN or infinite by the nearest value, so that an image can be treated; remember where.

    Flows then treat the gap's border as that of an image: nothing comes from beyond it but what is there already.

    Parameters
    ----------
    image : array_like
        Image of any real dtype; never written to.
    channel_axis : int, optional
        Axis of channels; each is filled by itself.

    Raises
    ------
    ImageError
        If a channel has no finite pixel at all.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Heat, Steps, evolve
    >>> whole = set_aside([[0.0, np.nan, 8.0], [0.0, 4.0, np.inf]])
    >>> whole.image
    array([[0., 0., 8.],
           [0., 4., 4.]])
    >>> smooth = evolve(whole.image, Heat(), until=Steps(3)).u
    >>> whole.restore(smooth).round(1)
    array([[1.1, nan, 4.3],
           [1.2, 2.6, inf]])
    """
    from scipy.ndimage import distance_transform_edt

    array = np.asarray(image)
    missing = ~np.isfinite(array)
    filled = array.copy()
    if missing.any():
        axis = None if channel_axis is None else channel_axis
        channels = [filled] if axis is None else list(np.moveaxis(filled, axis, 0))
        masks = [missing] if axis is None else list(np.moveaxis(missing, axis, 0))
        for channel, mask in zip(channels, masks, strict=True):
            if mask.all():
                raise ImageError("no pixel of the image, or of one channel, is finite")
            if mask.any():
                nearest = distance_transform_edt(mask, return_distances=False, return_indices=True)
                channel[...] = channel[tuple(nearest)]
    return SetAside(filled, missing, array[missing])
