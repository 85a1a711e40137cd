"""A file that is never asked for more than it has."""

from __future__ import annotations

import os
from typing import BinaryIO


class Clamped:
    """An open file whose reads end with it: a length in a header, however large, allots no memory.

    >>> import io
    >>> Clamped(io.BytesIO(b"abc")).read(2**60)
    b'abc'
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        here = file.tell()
        self._size = file.seek(0, os.SEEK_END)
        file.seek(here)

    def read(self, count: int = -1) -> bytes:
        """Return `count` bytes, or what there is."""
        left = max(self._size - self._file.tell(), 0)
        return self._file.read(left if count < 0 else min(count, left))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def close(self) -> None:
        """Leave the file to its owner."""
