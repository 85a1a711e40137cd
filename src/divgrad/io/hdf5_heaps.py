"""A file for the HDF5 library to read from, in which damaged global heaps are refused before it sees them.

A global heap holds what has no fixed length, as the text of attributes. The library goes from object to object
by the lengths written there, and goes on for ever where one of them leads back or to itself.
"""

from __future__ import annotations

import io
import os
import re
import struct
from typing import Any, BinaryIO

from divgrad.errors import ImageReadError

_MAGIC = b"GCOL"
_VERSION = 1
_MOST_OBJECTS = 2**16  # their numbers have 16 bits
# The library reads a heap in one block of its own, or among other metadata in blocks no longer than this.
_LONGEST_METADATA = 2**20


class Watched(io.RawIOBase):
    """A file opened for reading, looked through while `looking`.

    `length_bytes` is the width of a length in it, known once it is open.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.length_bytes = 8
        self.looking = True
        self._file = file
        self._sound: set[int] = set()  # places of heaps that were looked at

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(place, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def readinto(self, block: Any) -> int:
        """Fill a block, or what there is of it; raise where a heap in it is damaged."""
        start = self._file.tell()
        got = int(self._file.readinto(block))  # type: ignore[attr-defined]
        if self.looking:
            self._look(start, bytes(memoryview(block)[: min(got, _LONGEST_METADATA)]))
            self._file.seek(start + got)
        return got

    def _look(self, start: int, block: bytes) -> None:
        """Check every heap that begins in a block, or in the three bytes before it."""
        lead = min(len(_MAGIC) - 1, start)
        self._file.seek(start - lead)
        for mark in re.finditer(_MAGIC, self._file.read(lead) + block):
            place = start - lead + mark.start()
            if place not in self._sound:
                self._check(place)
                self._sound.add(place)

    def _check(self, place: int) -> None:
        """Go from object to object as the library does; raise where that would not come to an end."""
        width = self.length_bytes
        step = _aligned(8 + width)  # of both headers: 8 bytes and a length
        self._file.seek(place)
        head = self._file.read(step)
        whole = int.from_bytes(head[8 : 8 + width], "little")
        left = self._file.seek(0, os.SEEK_END) - place
        if len(head) < step or head[len(_MAGIC)] != _VERSION or not step <= whole <= left:
            return  # pixels that look like the mark; or a heap that the library refuses
        at = step
        for _ in range(_MOST_OBJECTS):
            if whole - at < step:  # too little for an object: free, or the end
                return
            self._file.seek(place + at)
            entry = self._file.read(step)
            number = struct.unpack_from("<H", entry)[0]
            size = int.from_bytes(entry[8 : 8 + width], "little")
            need = (
                step + _aligned(size) if number else size
            )  # number 0 is what is free, header included
            if not step <= need <= whole - at:
                break
            at += need
        raise ImageReadError("the HDF5 file is damaged where its texts lie: copy the file again")


def _aligned(size: int) -> int:
    return -(-size // 8) * 8
