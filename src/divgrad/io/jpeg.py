"""JPEG <-> Picture: 8-bit grey and colour."""

from __future__ import annotations

import io
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageReadError, ImageWriteError
from divgrad.io import jpeg_segments as segments
from divgrad.io import lengths
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture

_MM_PER_DOT_UNIT = {1: 25.4, 2: 10.0}  # JFIF: 1 = dots per inch, 2 = dots per cm
_LARGEST_SIDE = 65535
# Near-lossless, with colour at full resolution: the loss is then below the noise of any camera.
_QUALITY = 95


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in a JPEG: the first one, if the file holds several."""
    data = file.read()
    parsed = segments.parse(data)
    frame = parsed.frame
    if frame.channels not in (1, 3):
        raise ImageReadError(
            f"the JPEG has {frame.channels} channels, needed is grey or RGB; convert it to RGB"
        )
    shape = (frame.rows, frame.cols, 3) if frame.channels == 3 else (frame.rows, frame.cols)
    refuse_oversize(shape, 1 if frame.bits <= 8 else 2, len(data), max_bytes)

    from imagecodecs import jpeg8_decode

    array: NDArray[Any] = jpeg8_decode(data)
    if array.shape != shape:
        raise ImageReadError(f"the JPEG decodes to the shape {array.shape}, not that of its header")
    spacing, unit = _pixel_size(parsed.first(0xE0, b"JFIF\0"))
    exif = parsed.first(0xE1, b"Exif\0\0")
    return Picture(
        np.ascontiguousarray(array),
        channel_axis=-1 if array.ndim == 3 else None,
        spacing=spacing,
        unit=unit,
        calibrated=False,
        metadata=Metadata(
            format="JPEG",
            bits=frame.bits,
            icc=parsed.profile(),
            exif=exif or None,
            native={
                "tables": parsed.tables(),
                "sampling": frame.sampling,
                "segments": parsed.verbatim(),
            },
        ),
    )


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write a uint8 image; with the tables, hence the quality, of the source if that was a JPEG."""
    from PIL import Image

    array = picture.array
    if max(array.shape) > _LARGEST_SIDE:
        raise ImageWriteError(
            f"JPEG has at most {_LARGEST_SIDE} pixels a side, given {array.shape}; write .png"
        )
    meta, lost = picture.metadata, []
    options: dict[str, Any] = {"quality": _QUALITY, "subsampling": 0}
    tables = meta.native.get("tables") if meta.format == "JPEG" else None
    if tables and len(tables) >= (2 if array.ndim == 3 else 1):
        options = {
            "qtables": tables[: 2 if array.ndim == 3 else 1],
            "subsampling": meta.native["sampling"],
        }
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", **options)

    extra = [segments.JFIF]
    if picture.spacing is not None:
        density = _density(picture.spacing[-2:], picture.unit)
        if density is None:
            lost.append(f"JPEG cannot store the pixel size {picture.spacing} {picture.unit}")
        else:
            extra = [segments.segment(0xE0, b"JFIF\0\1\1" + density + b"\0\0")]
    if meta.exif is not None:
        if len(meta.exif) <= segments.LONGEST_BODY - 6:
            extra.append(segments.segment(0xE1, b"Exif\0\0" + meta.exif))
        else:
            lost.append("the EXIF block is too long for a JPEG")
    if meta.icc is not None:
        extra += segments.profile_segments(meta.icc)
    if meta.format == "JPEG":
        extra += meta.native.get("segments", ())
    file.write(segments.with_segments(buffer.getvalue(), extra))
    return lost


def _pixel_size(jfif: bytes) -> tuple[tuple[float, float] | None, str | None]:
    if len(jfif) < 7:
        return None, None
    unit, x, y = struct.unpack_from(">BHH", jfif, 2)
    if unit in _MM_PER_DOT_UNIT:
        spacing = lengths.from_density(x, y, _MM_PER_DOT_UNIT[unit])
        return spacing, None if spacing is None else "mm"
    return lengths.from_aspect(x, y), None


def _density(spacing: tuple[float, ...], unit: str | None) -> bytes | None:
    """Return the JFIF unit and density of a (row, col) spacing, or None if it has none."""
    size = lengths.millimetres(spacing, unit)
    if size is None:
        if unit is not None:
            return None
        size, scales = spacing, {0: 1000.0 * min(spacing)}
    else:
        scales = _MM_PER_DOT_UNIT
    for code, scale in scales.items():
        exact = [scale / size[1], scale / size[0]]
        x, y = (round(v) for v in exact)
        # Only integers fit: 1 % of the pixel size is the most that rounding may cost.
        if all(0 < n < 65536 and abs(n - v) < 0.01 * v for n, v in zip((x, y), exact, strict=True)):
            return struct.pack(">BHH", code, x, y)
    return None
