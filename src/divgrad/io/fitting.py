"""What fits a format: which images, and what of their source goes with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageWriteError
from divgrad.io import exif
from divgrad.io.formats import Format
from divgrad.io.picture import Metadata, Picture

_WHITE_IS_ZERO = 0


# What `Picture` calls it, and what a sentence does.
_PARTS = {
    "spacing": "the pixel size",
    "origin": "the position",
    "direction": "the orientation in space",
    "names": "the names of the channels",
    "icc": "the colour profile",
    "exif": "the EXIF block",
}
_FLAT = ("PNG", "JPEG", "WebP", "BMP")


def fitted(
    array: NDArray[Any], like: Picture | None, channel_axis: int | None, form: Format
) -> tuple[Picture, list[str]]:
    """Return what to write, as a picture, and what of `like` does not go with it."""
    source = Picture(array) if like is None else like
    if channel_axis is None and array.ndim == source.array.ndim:
        channel_axis = source.channel_axis
    _refuse_unfit(array, channel_axis, form)
    lost = list(source.metadata.dropped)
    if channel_axis is not None and array.shape[-1] == 1 and form.name in _FLAT:
        array, channel_axis = array[..., 0], None
    channels = array.shape[-1] if channel_axis is not None else 0
    before = source.array.shape[-1] if source.channel_axis is not None else 0
    alpha = source.alpha if channels == before else channels == 4
    axes = array.ndim - (channels > 0)
    if axes != source.ndim or (source.spacing is not None and len(source.spacing) != axes):
        if source.spacing is not None:
            lost.append(f"the pixel size {source.spacing} has not as many axes as the image")
        source = replace(source, spacing=None, origin=None, direction=None, axes="")
    names = source.names if len(source.names) == channels - alpha else ()
    meta = source.metadata
    profiled = {b"RGB ": channels - alpha == 3, b"GRAY": channels - alpha in (0, 1)}
    if meta.icc is not None and not profiled.get(meta.icc[16:20], True):
        lost.append("the colour profile of the source does not fit the colours of the image")
        meta = replace(meta, icc=None)
    if form.name != "TIFF" and _white_is_zero(array, channels, meta):
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
        names=names,
        metadata=meta,
    )
    return picture, lost + _unkept(picture, form)


def _unkept(picture: Picture, form: Format) -> list[str]:
    """Return a sentence for what the format has no place for."""
    meta = picture.metadata
    given = {
        "spacing": picture.spacing is not None and picture.calibrated,
        "origin": any(picture.origin or ()),
        "direction": picture.direction is not None,
        "names": bool(picture.names),
        "icc": meta.icc is not None,
        "exif": meta.exif is not None,
    }
    if form.name == "NPY":  # of a print resolution, too
        given["spacing"] = picture.spacing is not None
    return [
        f"{form.name} cannot store {_PARTS[part]}"
        for part, is_there in given.items()
        if is_there and part not in form.keeps
    ]


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
        raise ImageWriteError(
            f"{form.name} cannot store {array.dtype}; use to_dtype for {_shortly(form.dtypes)}, or write .tif"
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
    if array.dtype == bool and channels > 1 and form.name in ("TIFF", *_FLAT):
        # PNG has no such type, and what tifffile packs into bits it cannot unpack.
        raise ImageWriteError(f"{form.name} cannot store masks as channels; use to_dtype for uint8")


def _shortly(dtypes: tuple[str, ...]) -> str:
    return " or ".join(dtypes) if len(dtypes) < 4 else "uint8, int16 or float32"


def _white_is_zero(array: NDArray[Any], channels: int, meta: Metadata) -> bool:
    """Return whether `array` has the grey values of a TIFF in which zero is white."""
    same = not channels and meta.native.get("dtype") == array.dtype.str
    return same and array.dtype.kind in "bu" and meta.native.get("photometric") == _WHITE_IS_ZERO


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
