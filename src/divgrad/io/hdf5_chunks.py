"""The pixels of an HDF5 array. What is deflated is unpacked here, no further than a chunk can be.

HDF5's own filter unpacks a chunk to whatever length its stream has, a thousand times that of the file.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageReadError
from divgrad.io.inflating import ZLIB, Inflated
from divgrad.io.limits import refuse_piece

_DEFLATE, _SHUFFLE, _CHECKSUM, _SZIP, _NBIT, _SCALE, _LZF = 1, 2, 3, 4, 5, 6, 32000
_BUILT_IN = {_DEFLATE, _SHUFFLE, _CHECKSUM, _SZIP, _NBIT, _SCALE, _LZF}
_CHECKSUM_BYTES = 4


def whole(array: Any) -> NDArray[Any]:
    """Return all pixels of a dataset; raise where chunks are damaged, or far larger than the array."""
    plan = array.id.get_create_plist()
    filters = [plan.get_filter(n)[0] for n in range(plan.get_nfilters())]
    unknown = set(filters) - _BUILT_IN
    if unknown:
        raise ImageReadError(
            f"the HDF5 array is packed by filter {min(unknown)}, needed is gzip, LZF or szip: repack it"
        )
    if array.chunks is None:
        if array.id.get_storage_size() not in (0, array.nbytes):
            raise ImageReadError("the pixels of the HDF5 array are cut short; copy the file again")
        return np.asarray(array[()])
    refuse_piece(array.chunks, array.shape, array.dtype.itemsize)
    if _DEFLATE not in filters or not set(filters) <= {_DEFLATE, _SHUFFLE, _CHECKSUM}:
        return np.asarray(array[()])
    pixels = np.full(array.shape, array.fillvalue, array.dtype)
    for number in range(array.id.get_num_chunks()):
        info = array.id.get_chunk_info(number)
        mask, packed = array.id.read_direct_chunk(info.chunk_offset)
        chunk = _unpacked(packed, filters, mask, array)
        place = tuple(
            slice(at, min(at + n, end))
            for at, n, end in zip(info.chunk_offset, array.chunks, array.shape, strict=True)
        )
        pixels[place] = chunk[tuple(slice(0, s.stop - s.start) for s in place)]
    return pixels


def _unpacked(packed: bytes, filters: list[int], mask: int, array: Any) -> NDArray[Any]:
    """Undo the filters of a chunk, the last one first; `mask` tells which were left out."""
    size = math.prod(array.chunks) * array.dtype.itemsize
    data = packed
    for number, kind in reversed(list(enumerate(filters))):
        if mask >> number & 1:
            continue
        if kind == _CHECKSUM:
            data = data[:-_CHECKSUM_BYTES]
        elif kind == _DEFLATE:
            data = Inflated(io.BytesIO(data), ZLIB).read(size + _CHECKSUM_BYTES)
        elif array.dtype.itemsize > 1:
            data = (
                np.frombuffer(data, np.uint8)[:size].reshape(array.dtype.itemsize, -1).T.tobytes()
            )
    if len(data) != size:
        raise ImageReadError("a chunk of the HDF5 array is damaged: copy the file again")
    return np.frombuffer(data, array.dtype).reshape(array.chunks)
