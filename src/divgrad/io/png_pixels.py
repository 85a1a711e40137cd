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
    """Return the image in the joined IDAT bodies `packed`; `prefix` is palette and transparency.

    The bodies are unpacked here, and each pass of an interlaced image is given to libpng as an
    image of its own: of interlacing and of damaged bodies libpng complains on the terminal.
    """
    passes = []
    for row, col, down, across in _PASSES if head.interlaced else ((0, 0, 1, 1),):
        rows = len(range(row, head.rows, down))
        cols = len(range(col, head.cols, across))
        if rows and cols:
            passes.append((row, col, down, across, head._replace(rows=rows, cols=cols)))
    sizes = [part.rows * (1 + part.row_bytes(part.cols)) for *_, part in passes]
    # "+ 1": without it zlib would not look at the checksum behind the last byte
    raw, _ = png_chunks.inflate(packed, sum(sizes) + 1)
    if len(raw) < sum(sizes):
        raise ImageReadError("the PNG ends within its pixels; the file is damaged: copy it again")
    array: NDArray[Any] | None = None
    at = 0
    for (row, col, down, across, part), size in zip(passes, sizes, strict=True):
        decoded = _by_libpng(part, prefix, raw[at : at + size])
        at += size
        if len(passes) == 1:
            return decoded
        if array is None:
            array = np.empty((head.rows, head.cols, *decoded.shape[2:]), decoded.dtype)
        array[row::down, col::across] = decoded
    assert array is not None  # there is a first pixel, and the first pass holds it
    return array


def encode(array: NDArray[Any]) -> bytes:
    """Return a PNG of a bool, uint8 or uint16 image; the last of three axes holds the channels."""
    from imagecodecs import png_encode

    if array.dtype == bool:
        return _encode_bits(array)
    return bytes(png_encode(np.ascontiguousarray(array)))


def _by_libpng(head: png_chunks.Header, prefix: Chunks, raw: bytes) -> NDArray[Any]:
    from imagecodecs import png_decode

    header = struct.pack(">IIBBBBB", *head._replace(interlaced=0))
    stored = zlib.compress(raw, 0)
    chunks = [(b"IHDR", header), *prefix, (b"IDAT", stored), (b"IEND", b"")]
    decoded: NDArray[Any] = png_decode(png_chunks.join(chunks))
    return decoded


def _encode_bits(array: NDArray[Any]) -> bytes:
    """Encode a mask with one bit per pixel, which the codec does not offer."""
    rows, cols = array.shape
    packed = np.packbits(array, axis=1)
    filtered = np.zeros((rows, packed.shape[1] + 1), np.uint8)  # column 0: filter "none"
    filtered[:, 1:] = packed
    header = struct.pack(">IIBBBBB", cols, rows, 1, 0, 0, 0, 0)
    body = zlib.compress(filtered.tobytes())
    return png_chunks.join([(b"IHDR", header), (b"IDAT", body), (b"IEND", b"")])
