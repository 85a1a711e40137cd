"""Is the TIFF whole? tifffile returns fewer pages, or an empty array, where a file is cut short."""

from __future__ import annotations

import math
import os
import struct
from typing import Any, BinaryIO

from divgrad.errors import ImageReadError
from divgrad.io.stated_size import stated

_MOST_PAGES = 2**20
_MOST_TAGS = 4096
_CUT = "the file is damaged or cut short: copy it again"
_UNCOMPRESSED = 1
_LERC = 34887
# Compressions of which every strip or tile is a picture: JPEG, JPEG 2000, PNG, WebP, LERC.
_PICTURES = {6, 7, 33003, 33004, 33005, 33007, 34712, _LERC, 34892, 34927, 34933, 50001}
# The others that are read: fax, LZW, deflate, PackBits, LZMA, Zstandard. Not JPEG XR, whose decoder crashes at damaged
# files, nor JPEG XL, which unpacks a few bytes to any size.
_PLAIN = {_UNCOMPRESSED, 2, 3, 4, 5, 8, 32773, 32946, 34925, 34926, 50000, 50013}
_HEADER_BYTES = 8
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_TYPE_SIZES |= {16: 8, 17: 8, 18: 8}  # BigTIFF


def count_pages(file: BinaryIO) -> int:
    """Return the number of pages; raise if a page lies beyond the end, or pages run in a circle."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(16).ljust(16, b"\0")
    order = "<" if head[:2] == b"II" else ">"
    (version,) = struct.unpack_from(order + "H", head, 2)
    # BigTIFF has wider counts, entries and offsets
    count, entry, pointer, start = ("Q", 20, "Q", 8) if version == 43 else ("H", 12, "I", 4)
    (offset,) = struct.unpack_from(order + pointer, head, start)
    seen: set[int] = set()
    first = offset
    while offset:
        if offset in seen or len(seen) >= _MOST_PAGES:
            raise ImageReadError(f"page {len(seen) + 1} of the TIFF leads back to another; {_CUT}")
        seen.add(offset)
        try:
            file.seek(offset)
            (entries,) = struct.unpack(order + count, file.read(struct.calcsize(count)))
            if offset == first:
                _refuse_cut_tags(file.read(min(entries, _MOST_TAGS) * entry), order, entry, size)
                file.seek(max(entries - _MOST_TAGS, 0) * entry, os.SEEK_CUR)
            else:
                file.seek(entries * entry, os.SEEK_CUR)
            (offset,) = struct.unpack(order + pointer, file.read(struct.calcsize(pointer)))
        except (struct.error, OverflowError, OSError):
            raise ImageReadError(
                f"page {len(seen)} of the TIFF lies beyond its {size:,} bytes; {_CUT}"
            ) from None
    file.seek(0)
    if not seen:
        raise ImageReadError(f"the TIFF holds no page; {_CUT}")
    return len(seen)


def _refuse_cut_tags(table: bytes, order: str, entry: int, size: int) -> None:
    """Raise if the value of a tag, such as the description with the voxel size, is cut off."""
    layout, room = (order + "HHQQ", 8) if entry == 20 else (order + "HHII", 4)
    for at in range(0, len(table) - entry + 1, entry):
        tag, kind, count, place = struct.unpack_from(layout, table, at)
        length = _TYPE_SIZES.get(kind, 0) * count
        if length > room and place < size < place + length:
            raise ImageReadError(f"tag {tag} of the TIFF ends beyond the file; {_CUT}")


def refuse_missing_pixels(series: Any, size: int) -> None:
    """Raise unless every strip and tile of tifffile's `series` lies within the file's `size`."""
    if series.dataoffset is not None:
        if not _HEADER_BYTES <= series.dataoffset <= size - series.nbytes:
            raise ImageReadError(f"the pixels of the TIFF are not within the file; {_CUT}")
        return
    for number, page in enumerate(series.pages, 1):
        if page is None:
            raise ImageReadError(
                f"page {number} of the TIFF is in another file or missing; save it as one file"
            )
        lengths = list(page.databytecounts)
        if page.keyframe.compression == _UNCOMPRESSED and len(lengths) == 1:
            # Some writers state too much. What is read is what the shape needs.
            lengths = [min(lengths[0], page.keyframe.nbytes)]
        offsets = list(page.dataoffsets)
        # Where a strip or tile is not even listed, tifffile leaves memory as it found it.
        whole = len(offsets) == len(lengths) >= math.prod(page.keyframe.chunked) > 0
        if not whole or any(
            at < _HEADER_BYTES or n <= 0 or at + n > size
            for at, n in zip(offsets, lengths, strict=True)
        ):
            raise ImageReadError(f"pixels of page {number} of the TIFF are missing; {_CUT}")


def refuse_other_sizes(file: BinaryIO, series: Any) -> None:
    """Raise if a strip or tile that is a JPEG, PNG, ... states to be larger than a strip or tile."""
    key = series.keyframe
    if key.compression not in _PICTURES:
        if key.compression not in _PLAIN:
            name = getattr(key.compression, "name", key.compression)
            raise ImageReadError(
                f"the TIFF is compressed by {name}, which is not read: save it with deflate or JPEG"
            )
        return
    rows, cols = (
        key.chunks[-3:-1] if key.planarconfig == 1 and key.samplesperpixel > 1 else key.chunks[-2:]
    )
    most = rows * key.samplesperpixel if key.compression == _LERC else max(rows, 8)
    for number, page in enumerate(series.pages, 1):
        for at, length in zip(page.dataoffsets, page.databytecounts, strict=True):
            file.seek(at)
            found = stated(file.read(length))
            if found is None and key.jpegheader is None:  # else tifffile puts it before
                name = getattr(key.compression, "name", key.compression)
                raise ImageReadError(
                    f"page {number} of the TIFF states no size of its {name}; save it with deflate or JPEG"
                )
            if found is not None and (found[0] > most or found[1] > max(cols, 8)):
                raise ImageReadError(
                    f"page {number} of the TIFF packs {found[0]} x {found[1]} pixels as {rows} x {cols}; {_CUT}"
                )
