"""EXIF between a TIFF, where it is spread over the file, and JPEG or PNG, where it is one block.

A block is itself a small TIFF: header, directory, sub-directories, with offsets from its beginning.
Moving it means to write its directories anew with other offsets.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

# directories within directories: Exif, GPS, Interoperability
POINTERS = {34665, 34853, 40965}
# Of the first directory, only what describes the picture; the rest describes how a TIFF stores it.
DESCRIPTIVE = {269, 270, 271, 272, 274, 305, 306, 315, 316, 33432}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_BYTES = 2**24  # of all values together: entries may overlap, and so ask for any amount
_MOST_ENTRIES = 4096


class Entry(NamedTuple):
    """One tag: its type and number of values, and the value as bytes or as a directory."""

    kind: int
    number: int
    value: bytes | Directory


class Directory(dict[int, Entry]):
    """Tag number -> entry."""


Fetch = Callable[[int, int], bytes]  # (offset, length) -> bytes, fewer at the end


def gather(fetch: Fetch, order: str, offset: int, keep: set[int] | None = None) -> Directory:
    """Return the directory at `offset`, with its sub-directories; what is damaged is left out.

    `order` is ``"<"`` or ``">"``; of the outermost directory, only tags in `keep` are taken.
    """
    return _gather(fetch, order, offset, keep, [_MOST_BYTES], 0)


def _gather(
    fetch: Fetch, order: str, offset: int, keep: set[int] | None, left: list[int], depth: int
) -> Directory:
    directory = Directory()
    seen: set[int] = set()
    start = fetch(offset, 2)
    if len(start) < 2 or depth > 2:
        return directory
    (entries,) = struct.unpack(order + "H", start)
    table = fetch(offset + 2, 12 * min(entries, _MOST_ENTRIES))
    for at in range(0, len(table) - 11, 12):
        tag, kind, count = struct.unpack_from(order + "HHI", table, at)
        if tag in seen or (keep is not None and tag not in keep):
            continue
        seen.add(tag)
        (pointer,) = struct.unpack_from(order + "I", table, at + 8)
        if tag in POINTERS:
            inner = _gather(fetch, order, pointer, None, left, depth + 1)
            if inner:
                directory[tag] = Entry(4, 1, inner)
            continue
        length = _SIZES.get(kind, 0) * count
        if not 0 < length <= left[0]:
            continue
        left[0] -= length
        value = table[at + 8 : at + 8 + length] if length <= 4 else fetch(pointer, length)
        if len(value) == length:
            directory[tag] = Entry(kind, count, value)
    return directory


def pack(directory: Directory, order: str, base: int) -> bytes:
    """Return `directory` as bytes that stand at offset `base` of a file."""
    entries = sorted(directory.items())
    head = struct.pack(order + "H", len(entries))
    # values and sub-directories follow the table, each at an even offset
    place = base + 2 + 12 * len(entries) + 4
    tail: list[bytes] = []
    for tag, entry in entries:
        value = entry.value
        short = isinstance(value, bytes) and len(value) <= 4
        if isinstance(value, Directory):
            value = pack(value, order, place)
        head += struct.pack(order + "HHI", tag, entry.kind, entry.number)
        if short:
            head += value.ljust(4, b"\0")
        else:
            head += struct.pack(order + "I", place)
            tail.append(value + b"\0" * (len(value) % 2))
            place += len(tail[-1])
    return b"".join((head, b"\0\0\0\0", *tail))


def block(directory: Directory, order: str) -> bytes:
    """Return `directory` as an EXIF block."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8) + pack(directory, order, 8)


def parse_block(data: bytes) -> tuple[Directory, str]:
    """Return the directory and the byte order of an EXIF block; empty if it is none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4], "")
    if not order or len(data) < 8:
        return Directory(), "<"
    (offset,) = struct.unpack_from(order + "I", data, 4)
    return gather(lambda at, length: data[at : at + length], order, offset), order


def orientation(data: bytes | None) -> int:
    """Return the orientation that an EXIF block states, 1 to 8; 1, upright, where it says none."""
    directory, order = parse_block(data or b"")
    entry = directory.get(274)
    if entry is None or not isinstance(entry.value, bytes) or entry.kind != 3:
        return 1
    (code,) = struct.unpack_from(order + "H", entry.value)
    return code if 1 <= code <= 8 else 1
