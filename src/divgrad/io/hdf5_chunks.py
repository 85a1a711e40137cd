"""The pixels of an HDF5 array. Its chunks are unpacked here, each no further than a chunk can be.

HDF5's own filters unpack a chunk to whatever length its stream has, a thousand times that of the file, and some of
them end the process at a damaged one.
"""

from __future__ import annotations

import io
import math
import os
from typing import Any, BinaryIO

import numpy as np
from imagecodecs import h5checksum_fletcher32, lzf_decode, szip_decode
from numpy.typing import NDArray

from divgrad.errors import ImageReadError
from divgrad.io.hdf5_scale import unscaled
from divgrad.io.inflating import ZLIB, Inflated
from divgrad.io.limits import refuse_piece

_DEFLATE, _SHUFFLE, _FLETCHER32, _SZIP, _SCALE, _LZF = 1, 2, 3, 4, 6, 32000
_KNOWN = {_DEFLATE, _SHUFFLE, _FLETCHER32, _SZIP, _SCALE, _LZF}
_CHECKSUM_BYTES = 4
_ADDED = 32  # bytes: at most what other filters put to a chunk
_SZIP_HEAD = 4  # bytes: the length of what is packed
_SZIP_BITS, _SZIP_MOST = 64, 32  # bits of a pixel; pixels of a block


def whole(file: BinaryIO, told: dict[str, Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return all pixels of an array; raise where chunks are damaged, or far larger than the array.

    Parameters
    ----------
    file
        The open file.
    told
        What :func:`divgrad.io.hdf5_look.looked` says of the array.
    dtype
        Type of its pixels.
    """
    shape, chunks, filters = told["shape"], told["chunks"], told["filters"]
    unknown = {kind for kind, _ in filters} - _KNOWN
    if unknown:
        raise ImageReadError(
            f"the HDF5 array is packed by filter {min(unknown)}, needed is gzip, LZF or szip: repack it"
        )
    if told["held"] is not None:
        return np.frombuffer(told["held"], dtype).reshape(shape)
    if chunks is None:
        return _contiguous(file, told, dtype)
    refuse_piece(chunks, shape, dtype.itemsize)
    file_size = file.seek(0, os.SEEK_END)
    pixels, count = np.full(shape, told["fill"], dtype), math.prod(chunks)
    for at, length, mask, *start in told["table"].tolist():
        if length > file_size - at or any(a >= n for a, n in zip(start, shape, strict=True)):
            raise _damaged()
        file.seek(at)
        try:
            data = _unpacked(file.read(length), filters, mask, count, dtype, told["fill"])
            chunk = np.frombuffer(data, dtype).reshape(chunks)
        except (RuntimeError, ValueError) as error:  # of decoders
            raise _damaged() from error
        place = tuple(
            slice(a, min(a + n, end)) for a, n, end in zip(start, chunks, shape, strict=True)
        )
        pixels[place] = chunk[tuple(slice(0, s.stop - s.start) for s in place)]
    return pixels


def _contiguous(file: BinaryIO, told: dict[str, Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the pixels of an array that is stored as one piece, or not at all."""
    if not len(told["table"]):
        return np.full(told["shape"], told["fill"], dtype)
    pixels = np.empty(told["shape"], dtype)
    file.seek(int(told["table"][0, 0]))
    if file.readinto(pixels.reshape(-1).view(np.uint8)) != pixels.nbytes:  # type: ignore[attr-defined]
        raise ImageReadError("the pixels of the HDF5 array are cut short; copy the file again")
    return pixels


def _unpacked(
    data: bytes, filters: list[Any], mask: int, count: int, dtype: np.dtype[Any], fill: Any
) -> bytes:
    """Undo the filters of a chunk of `count` pixels, the last one first; `mask` tells which were left out."""
    size = count * dtype.itemsize
    for number, (kind, said) in reversed(list(enumerate(filters))):
        if mask >> number & 1:
            continue
        if kind == _FLETCHER32:
            data = _checked(data)
        elif kind == _DEFLATE:
            data = Inflated(io.BytesIO(data), ZLIB).read(size + _ADDED)
        elif kind == _LZF:
            data = bytes(lzf_decode(data, out=size + _ADDED))
        elif kind == _SZIP:
            data = _szip(data, said, size)
        elif kind == _SCALE:
            data = unscaled(data, said, count, dtype, fill)
        else:
            data = _in_order(data, dtype.itemsize)
    if len(data) != size:
        raise _damaged()
    return data


def _in_order(data: bytes, width: int) -> bytes:
    """Undo the shuffling of bytes; those that are left over stand at the end."""
    end = len(data) // width * width
    return np.frombuffer(data[:end], np.uint8).reshape(width, -1).T.tobytes() + data[end:]


def _checked(data: bytes) -> bytes:
    """Return what stands before a checksum that is right, in either of the two orders that HDF5 has written."""
    body, said = data[:-_CHECKSUM_BYTES], int.from_bytes(data[-_CHECKSUM_BYTES:], "little")
    if not body:
        raise _damaged()
    real = h5checksum_fletcher32(body)
    swapped = (real & 0x00FF00FF) << 8 | (real & 0xFF00FF00) >> 8
    if said not in (real, swapped):
        raise _damaged()
    return body


def _szip(data: bytes, said: Any, size: int) -> bytes:
    """Unpack szip; ``said`` are its options, pixels of a block, bits of a pixel, pixels of a line."""
    if len(said) != 4 or len(data) < _SZIP_HEAD:
        raise _damaged()
    options, block, bits, line = said
    if not (0 < block <= _SZIP_MOST and block % 2 == 0 and 0 < bits <= _SZIP_BITS and line > 0):
        raise _damaged()
    if int.from_bytes(data[:_SZIP_HEAD], "little") > size + _ADDED:
        raise _damaged()
    return bytes(szip_decode(data, options, block, bits, line, header=True))


def _damaged() -> ImageReadError:
    return ImageReadError("a chunk of the HDF5 array is damaged: copy the file again")
