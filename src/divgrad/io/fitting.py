"""What fits a format: which images, and what of their source goes with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageWriteError
from divgrad.io import exif
from divgrad.io.picture import Metadata, Picture

_WHITE_IS_ZERO = 0


class Format(NamedTuple):
    """A file format, and what it can hold; None stands for everything."""

    name: str
    dtypes: tuple[str, ...] | None = None
    channels: tuple[int, ...] | None = None
    planes: bool = True


_PNG = Format("PNG", ("bool", "uint8", "uint16"), (1, 2, 3, 4), planes=False)
_JPEG = Format("JPEG", ("uint8",), (1, 3), planes=False)
_TIFF = Format("TIFF")
_NPY = Format("NPY")
FORMATS = {
    ".png": _PNG,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".npy": _NPY,
}


def fitted(
    array: NDArray[Any], like: Picture | None, channel_axis: int | None, form: Format
) -> tuple[Picture, list[str]]:
    """Return what to write, as a picture, and what of `like` does not go with it."""
    source = Picture(array) if like is None else like
    if channel_axis is None and array.ndim == source.array.ndim:
        channel_axis = source.channel_axis
    _refuse_unfit(array, channel_axis, form)
    lost = list(source.metadata.dropped)
    if channel_axis is not None and array.shape[-1] == 1 and form in (_PNG, _JPEG):
        array, channel_axis = array[..., 0], None
    channels = array.shape[-1] if channel_axis is not None else 0
    before = source.array.shape[-1] if source.channel_axis is not None else 0
    alpha = source.alpha if channels == before else channels == 4
    spacing = source.spacing
    if spacing is not None and len(spacing) != array.ndim - (channels > 0):
        lost.append(f"the pixel size {spacing} has not as many axes as the image")
        spacing = None
    meta = source.metadata
    profiled = {b"RGB ": channels - alpha == 3, b"GRAY": channels - alpha in (0, 1)}
    if meta.icc is not None and not profiled.get(meta.icc[16:20], True):
        lost.append("the colour profile of the source does not fit the colours of the image")
        meta = replace(meta, icc=None)
    if form is not _TIFF and _white_is_zero(array, channels, meta):
        # Only TIFF can say so; elsewhere the image would look like its negative.
        top = array.dtype.type(2**meta.bits - 1)
        array = ~array if array.dtype.kind == "b" else top - np.minimum(array, top)
        lost.append("grey values were inverted: in the TIFF, zero was white")
    if meta.format and meta.format != form.name:
        lost += _foreign(source, form)
    picture = replace(
        source,
        array=np.ascontiguousarray(array, array.dtype.newbyteorder("=")),
        channel_axis=channel_axis,
        alpha=alpha,
        spacing=spacing,
        metadata=meta,
    )
    return picture, lost


def _refuse_unfit(array: NDArray[Any], channel_axis: int | None, form: Format) -> None:
    if channel_axis not in (None, -1, array.ndim - 1):
        raise ImageWriteError(
            f"channel_axis is {channel_axis}, needed is None or -1: move the axis"
        )
    spatial = array.ndim - (channel_axis is not None)
    if spatial not in (2, 3) or array.size == 0:
        raise ImageWriteError(f"the shape {array.shape} is not that of a 2-D image or a stack")
    if not storable(array.dtype):
        raise ImageWriteError(f"{array.dtype} cannot be stored; possible are {STORABLE}")
    if form.dtypes is not None and str(array.dtype) not in form.dtypes:
        fits = " or ".join(form.dtypes)
        raise ImageWriteError(
            f"{form.name} cannot store {array.dtype}; use to_dtype for {fits}, or write .tif"
        )
    if spatial == 3 and not form.planes:
        raise ImageWriteError(
            f"{form.name} cannot store the stack {array.shape}; write .tif or .npy "
            "(or pass channel_axis=-1 if the last axis is colour)"
        )
    channels = array.shape[-1] if channel_axis is not None else 1
    if form.channels is not None and channels not in form.channels:
        what = "opacity" if channels in (2, 4) else f"{channels} channels"
        raise ImageWriteError(f"{form.name} cannot store {what}; write .png or .tif")
    if array.dtype == bool and channels > 1 and form is not _NPY:
        # PNG has no such type, and what tifffile packs into bits it cannot unpack.
        raise ImageWriteError(f"{form.name} cannot store masks as channels; use to_dtype for uint8")


def _white_is_zero(array: NDArray[Any], channels: int, meta: Metadata) -> bool:
    """Return whether `array` has the grey values of a TIFF in which zero is white."""
    same = not channels and meta.native.get("dtype") == array.dtype.str
    return same and array.dtype.kind in "bu" and meta.native["photometric"] == _WHITE_IS_ZERO


def _foreign(source: Picture, form: Format) -> list[str]:
    """Return what only the format of the source can take."""
    native, came = source.metadata.native, source.metadata.format
    # what describes the picture goes with the EXIF block
    tags = [tag for tag in native.get("tags", ()) if tag[0] not in exif.DESCRIPTIVE]
    said = native.get("chunks") or native.get("segments") or tags
    text = native.get("description") or native.get("imagej")
    lost = []
    if said or text:
        lost.append(f"texts and private entries of the {came} file do not go into {form.name}")
    return lost
