"""The pixels of an HDF5 array. Its chunks are unpacked here, each no further than a chunk can be.

HDF5's own filters unpack a chunk to whatever length its stream has, a thousand times that of the file, and some of
them end the process at a damaged one.
"""

from __future__ import annotations

import io
import math
from typing import Any

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


def whole(array: Any, file_size: int) -> NDArray[Any]:
    """Return all pixels of a dataset; raise where chunks are damaged, or far larger than the array."""
    plan = array.id.get_create_plist()
    filters = [plan.get_filter(n)[::2] for n in range(plan.get_nfilters())]
    unknown = {kind for kind, _ in filters} - _KNOWN
    if unknown:
        raise ImageReadError(
            f"the HDF5 array is packed by filter {min(unknown)}, needed is gzip, LZF or szip: repack it"
        )
    if array.chunks is None:
        if array.id.get_storage_size() not in (0, array.nbytes):
            raise ImageReadError("the pixels of the HDF5 array are cut short; copy the file again")
        return np.asarray(array[()])
    refuse_piece(array.chunks, array.shape, array.dtype.itemsize)
    pixels = np.full(array.shape, array.fillvalue, array.dtype)
    chunks: list[Any] = []
    array.id.chunk_iter(chunks.append)
    for info in chunks:
        start = info.chunk_offset
        if info.size > file_size or any(a >= n for a, n in zip(start, array.shape, strict=True)):
            raise _damaged()
        mask, packed = array.id.read_direct_chunk(start)
        try:
            chunk = _unpacked(packed, filters, mask, array)
        except (RuntimeError, ValueError) as error:  # of decoders
            raise _damaged() from error
        place = tuple(
            slice(a, min(a + n, end))
            for a, n, end in zip(start, array.chunks, array.shape, strict=True)
        )
        pixels[place] = chunk[tuple(slice(0, s.stop - s.start) for s in place)]
    return pixels


def _unpacked(packed: bytes, filters: list[Any], mask: int, array: Any) -> NDArray[Any]:
    """Undo the filters of a chunk, the last one first; `mask` tells which were left out."""
    size = math.prod(array.chunks) * array.dtype.itemsize
    data = packed
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
            data = unscaled(data, said, math.prod(array.chunks), array.dtype, array.fillvalue)
        else:
            data = _in_order(data, array.dtype.itemsize)
    if len(data) != size:
        raise _damaged()
    return np.frombuffer(data, array.dtype).reshape(array.chunks)


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
