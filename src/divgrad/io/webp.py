"""WebP <-> Picture: 8-bit colour, with or without opacity; written without loss."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageReadError, ImageWriteError
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture

_LARGEST_SIDE = 16383
_CUT = "the file is damaged or cut short: copy it again"
_ICC, _ALPHA, _EXIF, _ANIMATED = 0x20, 0x10, 0x08, 0x02  # flags of the VP8X chunk


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in a WebP file."""
    data = file.read()
    chunks = dict(reversed(list(_split(data))))
    first = next(iter(_split(data)), (b"", b""))
    if b"ANIM" in chunks or b"ANMF" in chunks:
        raise ImageReadError("the WebP is animated; save one of its images")
    pixels = next((k for k in (b"VP8 ", b"VP8L") if k in chunks), None)
    if pixels is None:
        raise ImageReadError(f"the WebP holds no pixels; {_CUT}")
    cols, rows, alpha = _lossy(chunks[pixels]) if pixels == b"VP8 " else _lossless(chunks[pixels])
    alpha = alpha or b"ALPH" in chunks
    if first[0] == b"VP8X" and len(first[1]) >= 10:
        canvas = [int.from_bytes(first[1][at : at + 3], "little") + 1 for at in (4, 7)]
        if canvas != [cols, rows]:
            raise ImageReadError(f"the WebP states two sizes, {canvas} and {[cols, rows]}; {_CUT}")
    refuse_oversize((rows, cols, 4), 1, len(data), max_bytes)

    from imagecodecs import webp_decode

    array: NDArray[Any] = webp_decode(data)
    if array.shape[:2] != (rows, cols) or array.ndim != 3:
        raise ImageReadError(f"the WebP decodes to the shape {array.shape}, not that of its header")
    if array.shape[2] == 4 and not alpha:
        array = array[..., :3]
    return Picture(
        np.ascontiguousarray(array),
        channel_axis=-1,
        alpha=array.shape[2] == 4,
        metadata=Metadata(
            format="WebP",
            bits=8,
            icc=chunks.get(b"ICCP"),
            exif=_plain_exif(chunks.get(b"EXIF", b"")),
            native={"segments": tuple(c for c in chunks.items() if c[0] == b"XMP ")},
            dropped=() if pixels == b"VP8L" else ("the lossy WebP is written anew without loss",),
        ),
    )


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write a uint8 image of three or four channels, without loss."""
    from imagecodecs import webp_encode

    array, meta = picture.array, picture.metadata
    if max(array.shape) > _LARGEST_SIDE:
        raise ImageWriteError(
            f"WebP has at most {_LARGEST_SIDE} pixels a side, given {array.shape}; write .png"
        )
    encoded = dict(_split(bytes(webp_encode(array, lossless=True))))
    kept = [c for c in meta.native.get("segments", ()) if meta.format == "WebP"]
    chunks = [(b"VP8L", encoded[b"VP8L"])]
    if meta.icc is not None or meta.exif is not None or kept:
        flags = _ALPHA * (array.shape[2] == 4) | 4 * bool(kept)
        if meta.icc is not None:
            flags |= _ICC
            chunks.insert(0, (b"ICCP", meta.icc))
        if meta.exif is not None:
            flags |= _EXIF
            chunks.append((b"EXIF", meta.exif))
        size = b"".join((n - 1).to_bytes(3, "little") for n in (array.shape[1], array.shape[0]))
        chunks = [(b"VP8X", bytes([flags, 0, 0, 0]) + size), *chunks, *kept]
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in chunks
    )
    file.write(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    return []


def _split(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, body) of every chunk."""
    end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    at = 12
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > len(data):
            raise ImageReadError(f"the WebP ends within a chunk; {_CUT}")
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _lossy(body: bytes) -> tuple[int, int, bool]:
    if len(body) < 10 or body[3:6] != b"\x9d\x01\x2a":
        raise ImageReadError(f"the WebP has no sound header; {_CUT}")
    cols, rows = struct.unpack_from("<HH", body, 6)
    return cols & 0x3FFF, rows & 0x3FFF, False


def _lossless(body: bytes) -> tuple[int, int, bool]:
    if len(body) < 5 or body[0] != 0x2F:
        raise ImageReadError(f"the WebP has no sound header; {_CUT}")
    bits = int.from_bytes(body[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)


def _plain_exif(block: bytes) -> bytes | None:
    """Return the block as it is elsewhere: some writers put JPEG's mark before it."""
    return block.removeprefix(b"Exif\0\0") or None
