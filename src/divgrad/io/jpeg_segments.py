"""JPEG at the level of segments: what stands beside the pixels, and whether the file is whole."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import NamedTuple

from divgrad.errors import ImageReadError

LONGEST_BODY = 65533
_ICC = b"ICC_PROFILE\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
# start of frame: all of 0xC0 to 0xCF but DHT, JPG and DAC
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# A marker within the scan: neither a stuffed zero, nor a restart, nor a fill byte.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# colour at full, at half horizontal, and at half resolution, as Pillow counts them
_SAMPLING = {(1, 1): 0, (2, 1): 1, (2, 2): 2}
_DAMAGED = "the file is damaged or cut short: copy it again"
# positions of the zigzag order, in which JPEG stores its tables
_ZIGZAG = sorted(
    range(64), key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8)
)


class Frame(NamedTuple):
    """What the frame header says."""

    rows: int
    cols: int
    bits: int
    channels: int
    sampling: int


@dataclass(frozen=True)
class Segments:
    """The segments of a JPEG, as (marker, body), and its frame header."""

    bodies: tuple[tuple[int, bytes], ...]
    frame: Frame

    def first(self, marker: int, label: bytes) -> bytes:
        """Return what follows `label` in the first such segment, or nothing."""
        found = (b for m, b in self.bodies if m == marker and b.startswith(label))
        return next(found, b"")[len(label) :]

    def profile(self) -> bytes | None:
        """Return the ICC profile, put together, or None if it is absent or incomplete."""
        parts = {
            b[12]: b for m, b in self.bodies if m == 0xE2 and b.startswith(_ICC) and len(b) > 14
        }
        if not parts or sorted(parts) != list(range(1, next(iter(parts.values()))[13] + 1)):
            return None
        return b"".join(parts[n][14:] for n in sorted(parts))

    def verbatim(self) -> tuple[bytes, ...]:
        """Return what is kept word by word: XMP, IPTC and comments."""
        kept = (
            (m, b)
            for m, b in self.bodies
            if (m == 0xE1 and b.startswith(_XMP)) or m == 0xED or m == 0xFE
        )
        return tuple(segment(m, b) for m, b in kept)

    def tables(self) -> list[list[int]]:
        """Return the quantisation tables, row by row; they make the quality of the file."""
        tables: dict[int, list[int]] = {}
        for marker, body in self.bodies:
            at = 0
            while marker == 0xDB and at < len(body):
                number, wide = body[at] & 15, body[at] >> 4
                layout = ">64H" if wide else ">64B"
                if at + 1 + struct.calcsize(layout) > len(body):
                    break
                table = [0] * 64
                for value, place in zip(
                    struct.unpack_from(layout, body, at + 1), _ZIGZAG, strict=True
                ):
                    table[place] = value
                tables[number] = table
                at += 1 + struct.calcsize(layout)
        if sorted(tables) != list(range(len(tables))) or len(tables) > 2:
            return []  # three tables: no encoder could be told which channel has which
        return [tables[n] for n in sorted(tables)]


def parse(data: bytes) -> Segments:
    """Return the segments of the first image in `data`; raise if it is not whole."""
    bodies: list[tuple[int, bytes]] = []
    frame: Frame | None = None
    at = 2
    while True:
        found = _MARKER.search(data, at)
        if found is None:
            raise ImageReadError(f"JPEG without its end marker; {_DAMAGED}")
        marker = data[found.start() + 1]
        at = found.end()
        if marker == 0xD9:
            break
        if marker in (0x01, 0xD8):  # no body
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + length]
        if len(body) < length - 2 or length < 2:
            if frame is not None:  # a stray marker within the pixels: let the decoder judge
                continue
            raise ImageReadError(f"JPEG ends within a segment; {_DAMAGED}")
        at += length
        if marker in _FRAMES and frame is None:
            frame = _frame(body)
        bodies.append((marker, body))
    if frame is None or not any(marker == 0xDA for marker, _ in bodies):
        raise ImageReadError(f"JPEG without pixels; {_DAMAGED}")
    return Segments(tuple(bodies), frame)


def _frame(body: bytes) -> Frame:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise ImageReadError(f"the JPEG frame header is cut; {_DAMAGED}")
    bits, rows, cols, channels = struct.unpack_from(">BHHB", body)
    factors = [(body[7 + 3 * n] >> 4, body[7 + 3 * n] & 15) for n in range(channels)]
    subsampled = channels == 3 and factors[1:] == [(1, 1), (1, 1)]
    sampling = _SAMPLING.get(factors[0], 0) if subsampled else 0
    return Frame(rows, cols, bits, channels, sampling)


def segment(marker: int, body: bytes) -> bytes:
    """Return a segment as it stands in the file."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


JFIF = segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def profile_segments(profile: bytes) -> list[bytes]:
    """Return the ICC profile cut into segments."""
    room = LONGEST_BODY - 14
    pieces = [profile[n : n + room] for n in range(0, len(profile), room)][:255]
    return [
        segment(0xE2, _ICC + bytes((n, len(pieces))) + piece) for n, piece in enumerate(pieces, 1)
    ]


def with_segments(data: bytes, extra: list[bytes]) -> bytes:
    """Return the JPEG `data` with its JFIF segment replaced by `extra`."""
    at = 2
    if data[at : at + 2] == b"\xff\xe0":
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return b"".join((data[:2], *extra, data[at:]))
