"""The size that a packed picture within a file states of itself: its decoder would follow it, not the file around."""

from __future__ import annotations

import struct

_CODESTREAM = b"\xff\x4f\xff\x51"  # of JPEG 2000: its first two marks


def stated(data: bytes) -> tuple[int, int] | None:
    """Return rows and cols that a JPEG, JPEG-LS, JPEG 2000, PNG, WebP or LERC stream states, or None.

    >>> stated(bytes.fromhex("ffd8ffc0000b080020004001011100"))
    (32, 64)
    """
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        cols, rows = struct.unpack_from(">II", data, 16)
        return rows, cols
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data[:6] == b"Lerc2 " and len(data) >= 26:
        return _lerc(data)
    if data[:4] == _CODESTREAM or data[4:8] == b"jP  ":
        return _jpeg2000(data)
    return _jpeg(data) if data[:2] == b"\xff\xd8" else None


def _jpeg2000(data: bytes) -> tuple[int, int] | None:
    """Return the size that the codestream states, which stands bare or in a box of its own."""
    at = 0
    while data[at : at + 4] != _CODESTREAM:
        length = int.from_bytes(data[at : at + 4], "big")
        head = 16 if length == 1 else 8
        if length == 1:
            length = int.from_bytes(data[at + 8 : at + 16], "big")
        if data[at + 4 : at + 8] == b"jp2c":
            length = head  # to what is in it
        elif length < head:
            return None
        at += length
        if at >= len(data):
            return None
    if len(data) < at + 24:
        return None
    right, down, left, top = struct.unpack_from(">IIII", data, at + 8)
    return down - top, right - left


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        mark, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if mark == 0xFF:  # fill byte
            at += 1
            continue
        if mark == 0xF7 or (0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC)):
            rows, cols = struct.unpack_from(">HH", data, at + 5)
            return rows, cols
        at += 2 + max(length, 2)
    return None


def _lerc(data: bytes) -> tuple[int, int]:
    """Return rows, times depth and bands, and cols."""
    (version,) = struct.unpack_from("<i", data, 6)
    place = 14 if version >= 3 else 10  # behind a checksum
    rows, cols, depth = struct.unpack_from("<iii", data, place)
    return rows * (max(depth, 1) if version >= 4 else 1) * data.count(b"Lerc2 "), cols


def _webp(data: bytes) -> tuple[int, int] | None:
    kind, body = data[12:16], data[20:40]
    if kind == b"VP8X" and len(body) >= 10:
        cols, rows = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        return rows, cols
    if kind == b"VP8L" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    if kind == b"VP8 " and len(body) >= 10:
        cols, rows = struct.unpack_from("<HH", body, 6)
        return rows & 0x3FFF, cols & 0x3FFF
    return None
