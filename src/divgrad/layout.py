"""Users' arrays in and out: dtype, channel axis, spacing and NaN are dealt with here, once, for everything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.dtypes import to_dtype
from divgrad.errors import ImageError, ParameterError
from divgrad.grid import Grid, Tiling
from divgrad.kernels.reductions import extent
from divgrad.operators import Image


@dataclass(frozen=True)
class Layout:
    """How a user's array and ``u[channel, *space]`` correspond."""

    channel_axis: int | None
    dtype: np.dtype[Any]
    shape: tuple[int, ...] = ()
    complex_valued: bool = False

    def arrange(self, array: ArrayLike, name: str, real: np.dtype[Any]) -> Image:
        """Return an array that belongs to the image as ``(channel, *space)``; one for all channels as (1, ...).

        Beside a complex image real numbers belong to its real and its imaginary parts alike.

        Raises
        ------
        ImageError
            If it is not of the image's shape, with or without channels, or not finite.
        """
        given = np.asarray(array)
        axis = self.channel_axis
        space = self.shape if axis is None else self.shape[:axis] + self.shape[axis + 1 :]
        if given.shape not in (self.shape, space):
            raise ImageError(
                f"{name} has the shape {given.shape}, the image {self.shape}: they must be the same"
            )
        one = axis is None or given.shape != self.shape
        moved = given[None] if axis is None or one else np.moveaxis(given, axis, 0)
        if self.complex_valued and (given.dtype.kind == "c" or not one):
            moved = parts(moved) if given.dtype.kind == "c" else np.concatenate([moved, moved])
        result = np.require(moved, real, ["C", "A"])
        if not np.isfinite(result).all():
            raise ImageError(f"{name} has pixels that are NaN or infinite")
        return result

    def leave(self, u: Image, dtype: Any = None) -> NDArray[Any]:
        """Return ``u[channel, *space]`` in the user's order of axes; integers rounded and clipped."""
        if self.complex_valued:
            u = whole(u)
        array = u[0] if self.channel_axis is None else np.moveaxis(u, 0, self.channel_axis)
        if dtype is None:
            return array
        return to_dtype(array, self.dtype if dtype == "same" else dtype)


def enter(
    image: ArrayLike,
    *,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    tiling: Tiling | None = None,
    imaginary: bool | None = False,
) -> tuple[Image, Grid, Layout]:
    """Return an image as ``u[channel, *space]``, float32 or float64, with its grid and the way back.

    Integers are cast, never rescaled: to float32, or to float64 where float32 cannot hold them. The
    user's array is never written to; where it fits as it is, it is not copied. Read-only arrays are: for
    them the kernels would be compiled a second time. A complex image has twice the channels: the first half are
    its real parts, the second its imaginary parts; ``imaginary`` says whether one is refused (False), taken
    where it is given (None), or made of a real one (True).

    Raises
    ------
    ImageError
        If it is empty, not of 1 to 3 spatial axes, not of real numbers, or not finite.
    ParameterError
        If the channel axis or the spacing do not fit it.
    """
    if not (tiling is None or isinstance(tiling, Tiling)):
        raise ParameterError(f"tiling must be a Tiling; got {tiling!r:.60}")
    array = _array(image)
    ndim = array.ndim
    axis = None
    if channel_axis is not None:
        if not (hasattr(channel_axis, "__index__") and -ndim <= channel_axis < ndim):
            raise ParameterError(
                f"channel_axis {channel_axis!r} is not an axis of an image of shape {array.shape}"
            )
        axis = int(channel_axis) % ndim
    space = ndim - (axis is not None)
    if not 1 <= space <= 3:
        raise ImageError(
            f"an image has 1 to 3 spatial axes, got shape {array.shape} with {channel_axis=}; "
            "name the axis of colours or channels with channel_axis="
        )
    if array.size == 0:
        raise ImageError(f"the image is empty: shape {array.shape}")
    given = array.dtype.kind == "c" and imaginary is not False
    real = working_dtype(array.real.dtype if given else array.dtype)
    moved = array[None] if axis is None else np.moveaxis(array, axis, 0)
    if given or imaginary:
        moved = parts(moved)
    u = np.require(moved, real, ["C", "A", "W"])
    grid = Grid(_spacing(spacing, space), tiling or Tiling())
    if array.dtype.kind in "fc":
        low, high = extent(u, grid)
        if not (math.isfinite(low) and math.isfinite(high)):
            bad = int(u.size - np.count_nonzero(np.isfinite(u)))
            raise ImageError(
                f"the image has {bad} pixels that are NaN or infinite: replace or inpaint them first"
            )
    return u, grid, Layout(axis, array.dtype, array.shape, bool(given or imaginary))


def parts(array: NDArray[Any]) -> NDArray[Any]:
    """Return the real parts and then the imaginary parts of all channels, which come first.

    >>> parts(np.array([[1 + 2j, 3]])).tolist()
    [[1.0, 3.0], [2.0, 0.0]]
    """
    return np.concatenate([array.real, array.imag])


def whole(u: Image) -> NDArray[Any]:
    """Return the complex channels that :func:`parts` has made two of each.

    >>> whole(np.array([[1.0, 3.0], [2.0, 0.0]])).tolist()
    [[(1+2j), (3+0j)]]
    """
    half = u.shape[0] // 2
    result = np.empty((half, *u.shape[1:]), np.result_type(u.dtype, np.complex64))
    result.real, result.imag = u[:half], u[half:]
    return result


def _array(image: ArrayLike) -> NDArray[Any]:
    if isinstance(image, np.ma.MaskedArray) and np.ma.is_masked(image):
        raise ImageError(
            "the image has masked pixels: fill them in (image.filled(value)) or inpaint them first"
        )
    try:
        return np.asarray(image)
    except (TypeError, ValueError) as error:
        raise ImageError(f"not an image: {' '.join(str(error).split())}") from error


def working_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return float32, or float64 for float64 and for integers of more than 24 bits.

    >>> working_dtype(np.dtype("uint16")), working_dtype(np.dtype("int32"))
    (dtype('float32'), dtype('float64'))
    """
    if dtype.kind in "bui" or (dtype.kind == "f" and dtype.itemsize <= 8):
        wide = dtype.itemsize > (2 if dtype.kind in "ui" else 4)
        return np.dtype(np.float64 if wide else np.float32)
    raise ImageError(f"an image of real numbers is needed, got dtype {dtype}")


def _spacing(spacing: float | Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    if spacing is None:
        return (1.0,) * ndim
    try:
        values = np.asarray(spacing, float)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim == 0:
        return (float(values),) * ndim
    if values.shape != (ndim,):
        given = " ".join(repr(spacing).split())
        raise ParameterError(
            f"spacing needs one length, or one for each of the {ndim} spatial axes; got {given:.60}"
        )
    return tuple(float(value) for value in values)
