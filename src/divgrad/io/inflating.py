"""Unpack as much of a compressed stream as the header calls for, and never more."""

from __future__ import annotations

import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageReadError

ZLIB, GZIP, RAW = 15, 31, -15  # what zlib calls its window bits
_PIECE = 2**20


class Inflated:
    """A compressed stream, read from its beginning; several streams in a row count as one.

    Parameters
    ----------
    file : binary file
        At the first byte of the stream.
    kind : int
        ``ZLIB``, ``GZIP``, or ``RAW`` without header and checksum.
    """

    def __init__(self, file: BinaryIO, kind: int) -> None:
        self._file = file
        self._kind = kind
        self._unpacker = zlib.decompressobj(kind)
        self._packed = b""

    def read(self, count: int) -> bytes:
        """Return `count` bytes, fewer at the end; only for counts that are known to be small."""
        return self.fill(np.empty(count, np.uint8)).tobytes()

    def fill(self, room: NDArray[Any]) -> NDArray[Any]:
        """Fill a flat array of bytes, and return as much of it as there was to unpack."""
        at = 0
        while at < room.size:
            piece = self._more(min(_PIECE, room.size - at))
            if not piece:
                break
            room[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
            at += len(piece)
        return room[:at]

    def _more(self, most: int) -> bytes:
        """Return up to `most` bytes, none at the end."""
        while True:
            if not self._packed:
                self._packed = self._file.read(_PIECE)
            if self._unpacker.eof:
                if not self._packed:
                    return b""
                self._unpacker = zlib.decompressobj(self._kind)
            try:
                out = self._unpacker.decompress(self._packed, most)
            except zlib.error:
                raise ImageReadError(
                    "its compressed pixels are damaged: copy the file again"
                ) from None
            at_end = not self._packed
            self._packed = self._unpacker.unconsumed_tail or self._unpacker.unused_data
            if out or at_end:
                return out


def exactly(stream: Any, shape: tuple[int, ...], dtype: np.dtype[Any], what: str) -> NDArray[Any]:
    """Return an array of `shape`, read or unpacked from `stream`; raise if there is less.

    `stream` is an `Inflated`, or a plain binary file.
    """
    array = np.empty(shape, dtype)
    room = array.reshape(-1).view(np.uint8)
    inflated = isinstance(stream, Inflated)
    found = stream.fill(room).size if inflated else stream.readinto(room.data)
    if found < room.size:
        raise ImageReadError(
            f"the {what} is cut short: {room.size:,} bytes of pixels are needed, "
            f"{found:,} are there; copy it again"
        )
    return array
