"""The pixels of a DICOM data set: decoded by pydicom, or by imagecodecs what pydicom has no decoder for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import generate_frames
from pydicom.pixels import apply_color_lut

from divgrad.errors import ImageReadError
from divgrad.io.stated_size import stated

_CUT = "the file is damaged or cut short: copy it again"
_JPEG_LOSSLESS = {"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"}
_JPEG_EXTENDED = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
_JPEG_LS = {"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"}
_JPEG_2000 = {"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"}
_MOST_CHANNELS = 4


def declared(data: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape ([plane,] row, col[, channel]) and the dtype that the header states."""
    if "PixelData" not in data and not {"Rows", "Columns"} <= set(data.dir()):
        raise ImageReadError("the DICOM file holds no image, but a report, plan or signal")
    try:
        rows, cols = int(data.Rows), int(data.Columns)
        frames = int(data.get("NumberOfFrames") or 1)
        channels = int(data.get("SamplesPerPixel", 1))
        bits = int(data.BitsAllocated)
    except (AttributeError, TypeError, ValueError):
        raise ImageReadError(
            f"the DICOM header does not say how its pixels are stored; {_CUT}"
        ) from None
    if bits not in (1, 8, 16, 32, 64) or not 1 <= channels <= _MOST_CHANNELS or frames < 1:
        raise ImageReadError(
            f"the DICOM states {frames} frames of {channels} channels with {bits} bits; {_CUT}"
        )
    channels = 3 if has_palette(data) else channels
    shape = (frames,) * (frames > 1) + (rows, cols) + (channels,) * (channels > 1)
    return shape, np.dtype(f"u{max(bits // 8, 1)}")


def has_palette(data: Any) -> bool:
    """Return whether pixels are entries of a table of colours."""
    return bool(data.get("PhotometricInterpretation") == "PALETTE COLOR")


def decoded(data: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the pixels of the declared shape; raise where they are missing or of another size."""
    if "PixelData" not in data:
        raise ImageReadError(f"the DICOM file holds no pixels; {_CUT}")
    syntax = str(getattr(data, "file_meta", {}).get("TransferSyntaxUID", ""))
    packed = _JPEG_LOSSLESS | _JPEG_EXTENDED | _JPEG_LS | _JPEG_2000
    frames = int(data.get("NumberOfFrames") or 1)
    if syntax in packed:
        _refuse_other_sizes(data, shape, frames)
    try:
        array: NDArray[Any] = data.pixel_array
    except RuntimeError as error:  # pydicom has no decoder for it, or a damaged frame
        if syntax not in packed:
            raise ImageReadError(f"the pixels of the DICOM cannot be decoded; {_CUT}") from error
        array = _by_imagecodecs(data, syntax, frames)
    if has_palette(data):
        array = apply_color_lut(array, data)
    if array.shape != shape:
        raise ImageReadError(f"the DICOM decodes to the shape {array.shape}, not {shape}; {_CUT}")
    return array


def scaled(array: NDArray[Any], data: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return the values that the header scales the stored ones to, such as Hounsfield units; whole ones stay whole."""
    said: tuple[str, ...] = ()
    if data.get("PhotometricInterpretation") == "MONOCHROME1":
        said = ("zero is white in the DICOM: grey values are as stored",)
    if "ModalityLUTSequence" in data:
        said += ("the table of values in the DICOM was not applied",)
    slope = float(data.get("RescaleSlope", 1) or 1)
    inter = float(data.get("RescaleIntercept", 0) or 0)
    if (slope, inter) == (1.0, 0.0) or not np.isfinite([slope, inter]).all():
        return array, said
    if slope.is_integer() and inter.is_integer():
        low, high = (int(v) * int(slope) + int(inter) for v in (array.min(), array.max()))
        low, high = min(low, high), max(low, high)
        kinds = ("uint8", "int16", "uint16", "int32")
        fits = [k for k in kinds if np.iinfo(k).min <= low and high <= np.iinfo(k).max]
        kind = np.dtype("int16" if "int16" in fits else fits[0] if fits else "float64")
    else:
        kind = np.dtype("float32" if array.dtype.itemsize <= 2 else "float64")
    values = array.astype(np.float64) * slope + inter
    return values.astype(kind), (*said, f"stored values were scaled to {kind}, as the header says")


def _refuse_other_sizes(data: Any, shape: tuple[int, ...], frames: int) -> None:
    """Raise if a packed frame states another size than the header: its decoder would follow it."""
    rows_cols = (int(data.Rows), int(data.Columns))
    for frame in generate_frames(data.PixelData, number_of_frames=frames):
        found = stated(frame)
        if found != rows_cols:
            size = "no stated number of" if found is None else found
            raise ImageReadError(f"the DICOM packs {size} pixels as {rows_cols}; {_CUT}")


def _by_imagecodecs(data: Any, syntax: str, frames: int) -> NDArray[Any]:
    import imagecodecs

    if int(data.get("SamplesPerPixel", 1)) > 1 and data.PhotometricInterpretation != "RGB":
        raise ImageReadError(
            f"the DICOM packs colours as {data.PhotometricInterpretation:.20}; export it as RGB"
        )
    decode = (
        imagecodecs.jpeg2k_decode if syntax in _JPEG_2000
        else imagecodecs.jpegls_decode if syntax in _JPEG_LS
        else imagecodecs.jpeg_decode if syntax in _JPEG_EXTENDED
        else imagecodecs.ljpeg_decode if int(data.get("SamplesPerPixel", 1)) == 1
        else imagecodecs.jpegsof3_decode
    )  # fmt: skip
    packed = generate_frames(data.PixelData, number_of_frames=frames)
    array = np.stack([np.asarray(decode(frame)) for frame in packed])
    array = array[0] if frames == 1 else array
    bits = int(data.BitsStored)
    signed = int(data.get("PixelRepresentation", 0)) == 1
    width = 8 * max(int(data.BitsAllocated) // 8, 1)
    if signed and array.dtype.kind == "u":
        # As stored: two's complement of `bits` bits, whose sign is moved to the top and back.
        moved = array.astype(f"u{width // 8}") << (width - bits)
        return moved.view(f"i{width // 8}") >> (width - bits)
    return array.astype(f"{'i' if signed else 'u'}{width // 8}")
