"""PNG at the level of chunks: what Pillow would drop, and what libpng would complain of.

The pixels themselves are left to libpng, which alone keeps 16-bit colour (Pillow halves it to 8
bits). It is only handed the chunks that make the pixels, so that a damaged text or colour profile
can neither stop the reading nor print to the terminal.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from divgrad.errors import ImageReadError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# colour type -> (channels, allowed bit depths)
COLOUR_TYPES = {
    0: (1, (1, 2, 4, 8, 16)),
    2: (3, (8, 16)),
    3: (1, (1, 2, 4, 8)),
    4: (2, (8, 16)),
    6: (4, (8, 16)),
}
LONGEST_SIDE = 1_000_000  # libpng's own limit
_DAMAGED = "the file is damaged or cut short: copy it again"


class Header(NamedTuple):
    """The IHDR chunk."""

    cols: int
    rows: int
    bits: int
    colour: int
    compression: int
    filtering: int
    interlaced: int

    @classmethod
    def parse(cls, body: bytes) -> Header:
        """Return the header in `body`; raise if no PNG can have it."""
        if len(body) != 13:
            raise ImageReadError(f"the PNG header has {len(body)} bytes, not 13; {_DAMAGED}")
        head = cls(*struct.unpack(">IIBBBBB", body))
        if head.colour not in COLOUR_TYPES or head.bits not in COLOUR_TYPES[head.colour][1]:
            raise ImageReadError(
                f"PNG has no colour type {head.colour} with {head.bits} bits; {_DAMAGED}"
            )
        if max(head.rows, head.cols) > LONGEST_SIDE:
            raise ImageReadError(
                f"the PNG is to have {head.rows} x {head.cols} pixels, "
                f"at most {LONGEST_SIDE:,} a side are read; save it as TIFF"
            )
        if head.compression or head.filtering or head.interlaced > 1:
            raise ImageReadError(f"the PNG header names an unknown compression; {_DAMAGED}")
        return head

    def row_bytes(self, cols: int) -> int:
        """Return the bytes of a row of `cols` pixels, without its filter byte."""
        return (cols * COLOUR_TYPES[self.colour][0] * self.bits + 7) // 8


def split(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, body) of each chunk up to the end; a damaged auxiliary chunk is passed over."""
    at = len(SIGNATURE)
    while True:
        if at + 12 > len(data):
            raise ImageReadError(f"PNG without its end chunk; {_DAMAGED}")
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data) or not kind.isalpha():
            raise ImageReadError(f"PNG ends within a chunk; {_DAMAGED}")
        body = data[at + 8 : at + 8 + length]
        (stated,) = struct.unpack_from(">I", data, at + 8 + length)
        intact = zlib.crc32(body, zlib.crc32(kind)) == stated
        if kind == b"IEND":
            return
        if intact:
            yield kind, body
        elif kind[0] & 0x20 == 0:  # upper case: the image cannot be shown without this chunk
            raise ImageReadError(f"the checksum of PNG chunk {kind.decode()} is wrong; {_DAMAGED}")
        at += 12 + length


def join(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return a PNG file made of `chunks`."""
    parts = [SIGNATURE]
    for kind, body in chunks:
        crc = zlib.crc32(body, zlib.crc32(kind))
        parts += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", crc)]
    return b"".join(parts)


def inflate(body: bytes, longest: int) -> tuple[bytes, bool]:
    """Return up to `longest` bytes of the zlib stream `body`, and whether that was its end."""
    unpacker = zlib.decompressobj()
    try:
        return unpacker.decompress(body, longest), unpacker.eof
    except zlib.error:
        return b"", False
