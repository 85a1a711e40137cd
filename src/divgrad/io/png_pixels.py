"""The pixels of a PNG, by libpng."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageReadError
from divgrad.io import png_chunks

Chunks = list[tuple[bytes, bytes]]
# Adam7: first row, first col, row step, col step of each of the seven passes
_PASSES = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def decode(head: png_chunks.Header, prefix: Chunks, packed: bytes) -> NDArray[Any]:
    """Return the image in the joined IDAT bodies `packed`; `prefix` is palette and transparency."""
    return (_interlaced if head.interlaced else _plain)(head, prefix, packed)


def encode(array: NDArray[Any]) -> bytes:
    """Return a PNG of a bool, uint8 or uint16 image; the last of three axes holds the channels."""
    from imagecodecs import png_encode

    if array.dtype == bool:
        return _encode_bits(array)
    return bytes(png_encode(np.ascontiguousarray(array)))


def _plain(head: png_chunks.Header, prefix: Chunks, packed: bytes) -> NDArray[Any]:
    from imagecodecs import png_decode

    header = struct.pack(">IIBBBBB", *head._replace(interlaced=0))
    chunks = [(b"IHDR", header), *prefix, (b"IDAT", packed), (b"IEND", b"")]
    decoded: NDArray[Any] = png_decode(png_chunks.join(chunks))
    return decoded


def _interlaced(head: png_chunks.Header, prefix: Chunks, packed: bytes) -> NDArray[Any]:
    """Decode the seven passes as seven images: libpng, row by row, warns of interlacing."""
    passes = []
    for row, col, down, across in _PASSES:
        rows = len(range(row, head.rows, down))
        cols = len(range(col, head.cols, across))
        passes.append((rows, cols, rows * (1 + head.row_bytes(cols)) if cols else 0))
    raw = png_chunks.inflate(packed, sum(size for *_, size in passes) + 1)
    if raw is None or len(raw) != sum(size for *_, size in passes):
        raise ImageReadError("the PNG ends within its pixels; the file is damaged: copy it again")
    array: NDArray[Any] | None = None
    at = 0
    for (row, col, down, across), (rows, cols, size) in zip(_PASSES, passes, strict=True):
        if size:
            small = head._replace(rows=rows, cols=cols)
            part = _plain(small, prefix, zlib.compress(raw[at : at + size], 1))
            if array is None:
                array = np.empty((head.rows, head.cols, *part.shape[2:]), part.dtype)
            array[row::down, col::across] = part
        at += size
    assert array is not None  # the first pass holds the first pixel, and there is one
    return array


def _encode_bits(array: NDArray[Any]) -> bytes:
    """Encode a mask with one bit per pixel, which the codec does not offer."""
    rows, cols = array.shape
    packed = np.packbits(array, axis=1)
    filtered = np.zeros((rows, packed.shape[1] + 1), np.uint8)  # column 0: filter "none"
    filtered[:, 1:] = packed
    header = struct.pack(">IIBBBBB", cols, rows, 1, 0, 0, 0, 0)
    body = zlib.compress(filtered.tobytes())
    return png_chunks.join([(b"IHDR", header), (b"IDAT", body), (b"IEND", b"")])
