"""Zarr's codecs, held to the size of a chunk: none unpacks more than the metadata announce, none runs code.

Zarr's own ones follow the compressed stream, which may be ten thousand times as long as the file; and
arrays of version 2 may name any codec of numcodecs, one of which is pickle.
"""

from __future__ import annotations

import asyncio
import dataclasses
import io
import math
import struct
from typing import Any

import numcodecs.abc
from zarr import Array
from zarr.codecs import BloscCodec, GzipCodec, ShardingCodec, ZstdCodec
from zarr.core.array import AsyncArray

from divgrad.errors import ImageReadError, ImageWriteError
from divgrad.io.inflating import GZIP, ZLIB, Inflated

_PLAIN = {"BytesCodec", "TransposeCodec", "Crc32cCodec"}
_FILTERS = {"delta", "shuffle"}
_BLOSC = struct.Struct("<2xBBIII")  # flags, bytes of a value; bytes unpacked, of a block, packed
_COPIED = 2  # flag: not packed


def bounded(array: Any) -> Any:
    """Return the same array, read-only in effect, with codecs that keep to the size of its chunks.

    Raises
    ------
    ImageReadError
        If it names a codec other than blosc, zstd, gzip, zlib and LZ4.
    """
    meta = array.metadata
    if meta.zarr_format == 2:
        filters = {f.codec_id for f in meta.filters or ()}
        size = math.prod(meta.chunks) * array.dtype.itemsize
        name = getattr(meta.compressor, "codec_id", "")
        unknown = (filters - _FILTERS) | ({name} - _UNPACK.keys() - {""})
        if unknown:
            raise _refusal(min(unknown))
        if meta.compressor is not None:
            meta = dataclasses.replace(meta, compressor=_Held(meta.compressor, size))
    else:
        meta = dataclasses.replace(meta, codecs=tuple(_held(codec) for codec in meta.codecs))
    plain = array._async_array
    return Array(AsyncArray(metadata=meta, store_path=plain.store_path, config=plain.config))


def inner_chunks(array: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shape of what is stored as one file, and of what is packed as one piece."""
    outer = tuple(array.shards or array.chunks)
    return outer, tuple(array.chunks)


def _refusal(name: str) -> ImageReadError:
    return ImageReadError(f"the Zarr array is packed by {name:.40}; needed is blosc, zstd or gzip")


def _held(codec: Any) -> Any:
    """Return the bounded version of a codec of version 3."""
    if isinstance(codec, ShardingCodec):
        return ShardingCodec(
            chunk_shape=codec.chunk_shape,
            codecs=tuple(_held(inner) for inner in codec.codecs),
            index_codecs=codec.index_codecs,
            index_location=codec.index_location,
        )
    for own in (_Gzip, _Zstd, _Blosc):
        if type(codec) is own.__mro__[2]:
            same = own.__new__(own)
            for field in dataclasses.fields(codec):
                object.__setattr__(same, field.name, getattr(codec, field.name))
            return same
    if type(codec).__name__ not in _PLAIN:
        raise _refusal(type(codec).__name__)
    return codec


class _Unpacking:
    """A codec of version 3 that unpacks by a function of `_UNPACK`."""

    _name = ""

    async def _decode_single(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        return await asyncio.to_thread(self._decode_sync, chunk_bytes, chunk_spec)

    def _decode_sync(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        size = math.prod(chunk_spec.shape) * chunk_spec.dtype.to_native_dtype().itemsize
        data = _UNPACK[self._name](chunk_bytes.to_bytes(), size)
        return chunk_spec.prototype.buffer.from_bytes(data)


class _Gzip(_Unpacking, GzipCodec):  # type: ignore[misc]
    _name = "gzip"


class _Zstd(_Unpacking, ZstdCodec):  # type: ignore[misc]
    _name = "zstd"


class _Blosc(_Unpacking, BloscCodec):  # type: ignore[misc]
    _name = "blosc"


class _Held(numcodecs.abc.Codec):  # type: ignore[misc]
    """A compressor of version 2 that unpacks no more than a chunk."""

    codec_id = "held"

    def __init__(self, codec: Any, size: int) -> None:
        self.codec_id = codec.codec_id
        self._config = codec.get_config()
        self._size = size

    def encode(self, buf: Any) -> Any:
        """Refuse: by this arrays are only read."""
        raise ImageWriteError("arrays of Zarr 2 are read only: write Zarr 3 (a new path)")

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Unpack a chunk."""
        return _UNPACK[self.codec_id](bytes(buf), self._size)

    def get_config(self) -> Any:
        """Return the configuration of the codec that this stands for."""
        return self._config


def _inflate(kind: int, data: bytes, size: int) -> bytes:
    return _whole(Inflated(io.BytesIO(data), kind).read(size + 1), size)


def _zstd(data: bytes, size: int) -> bytes:
    from imagecodecs import zstd_decode

    return _whole(bytes(zstd_decode(data, out=size)), size)


def _blosc(data: bytes, size: int) -> bytes:
    from numcodecs.blosc import decompress

    if not _sound_blosc(data, size):
        raise ImageReadError("a chunk of the Zarr array is damaged: copy it again")
    return bytes(decompress(data))


def _sound_blosc(data: bytes, size: int) -> bool:
    """Whether lengths and places in the head of a Blosc chunk lie within it; Blosc itself reads beyond."""
    if len(data) < _BLOSC.size:
        return False
    flags, width, whole, block, packed = _BLOSC.unpack_from(data)
    if whole != size or not 0 < block <= max(size, 1) or not width or packed > len(data):
        return False
    if flags & _COPIED:
        return bool(packed >= _BLOSC.size + size)
    count = -(-size // block)
    first = _BLOSC.size + 4 * count
    if first > packed:
        return False
    places = struct.unpack_from(f"<{count}i", data, _BLOSC.size)
    return all(first <= place <= packed - 4 for place in places)


def _lz4(data: bytes, size: int) -> bytes:
    from numcodecs.lz4 import decompress

    if len(data) < 4 or struct.unpack_from("<I", data)[0] != size:
        raise ImageReadError("a chunk of the Zarr array is damaged: copy it again")
    return bytes(decompress(data))


def _whole(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ImageReadError("a chunk of the Zarr array is damaged: copy it again")
    return data


_UNPACK = {
    "gzip": lambda data, size: _inflate(GZIP, data, size),
    "zlib": lambda data, size: _inflate(ZLIB, data, size),
    "zstd": _zstd,
    "blosc": _blosc,
    "lz4": _lz4,
}
