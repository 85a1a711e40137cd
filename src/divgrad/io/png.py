"""PNG <-> Picture: 1 to 16 bits, grey, colour, alpha, palette."""

from __future__ import annotations

import struct
import zlib
from typing import BinaryIO

import numpy as np

from divgrad.errors import ImageReadError, ImageWriteError
from divgrad.io import lengths, png_chunks, png_pixels
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture

_MM_PER_METRE = 1000.0
_LARGEST_PROFILE = 2**24
# Kept word by word. Not tIME (it is no longer true), nor what belongs to a palette.
_KEPT = {b"cHRM", b"gAMA", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"tEXt", b"zTXt", b"iTXt"}
# Kept only if colour type and bit depth stay: their layout depends on both.
_KEPT_IF_SAME_TYPE = {b"sBIT", b"bKGD"}


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in a PNG; a palette is expanded, 2 and 4 bits are stretched to 8."""
    data = file.read()
    chunks = list(png_chunks.split(data))
    if not chunks or chunks[0][0] != b"IHDR":
        raise ImageReadError("the PNG does not begin with its header: the file is damaged")
    head = png_chunks.Header.parse(chunks[0][1])
    once = dict(reversed(chunks))  # of a chunk given twice, the first counts
    transparent = _transparency(head, once)
    channels = 3 if head.colour == 3 else png_chunks.COLOUR_TYPES[head.colour][0]
    channels += transparent is not None
    itemsize = 2 if head.bits == 16 else 1
    refuse_oversize((head.rows, head.cols, channels), itemsize, len(data), max_bytes)

    prefix = _palette(head, once)
    if transparent is not None:
        prefix.append((b"tRNS", transparent))
    packed = b"".join(body for kind, body in chunks if kind == b"IDAT")
    if not packed:
        raise ImageReadError("the PNG holds no pixels; the file is damaged: copy it again")
    array = png_pixels.decode(head, prefix, packed)
    if array.shape != (
        (head.rows, head.cols, channels) if channels > 1 else (head.rows, head.cols)
    ):
        raise ImageReadError(f"the PNG decodes to the shape {array.shape}, not that of its header")
    if head.bits == 1 and head.colour == 0 and channels == 1:
        array = array > 0
    spacing, unit = _pixel_size(once.get(b"pHYs", b""))
    return Picture(
        np.ascontiguousarray(array),
        channel_axis=-1 if channels > 1 else None,
        alpha=channels in (2, 4),
        spacing=spacing,
        unit=unit,
        calibrated=False,
        metadata=Metadata(
            format="PNG",
            bits=head.bits,
            icc=_profile(once.get(b"iCCP", b"")),
            exif=once.get(b"eXIf"),
            native={
                "kind": (head.colour, head.bits),
                "chunks": tuple(c for c in chunks if c[0] in _KEPT | _KEPT_IF_SAME_TYPE),
            },
            dropped=_dropped(head, once),
        ),
    )


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write a 2-D bool, uint8 or uint16 image of 1 to 4 channels."""
    if max(picture.array.shape) > png_chunks.LONGEST_SIDE:
        raise ImageWriteError(
            f"PNG has at most {png_chunks.LONGEST_SIDE:,} pixels a side; write .tif or .npy"
        )
    encoded = png_pixels.encode(picture.array)
    (_, header), *pixels = png_chunks.split(encoded)
    head = png_chunks.Header.parse(header)
    meta, lost = picture.metadata, []
    extra: list[tuple[bytes, bytes]] = []
    if meta.icc is not None:
        extra.append((b"iCCP", b"icc\0\0" + zlib.compress(meta.icc)))
    if meta.format == "PNG":
        same = meta.native.get("kind") == (head.colour, head.bits)
        kept = _KEPT | _KEPT_IF_SAME_TYPE if same else _KEPT
        extra += [c for c in meta.native.get("chunks", ()) if c[0] in kept]
    if picture.spacing is not None:
        body = _physical(picture.spacing[-2:], picture.unit)
        if body is None:
            lost.append(f"PNG cannot store the pixel size {picture.spacing} {picture.unit}")
        else:
            extra.append((b"pHYs", body))
    if meta.exif is not None:
        extra.append((b"eXIf", meta.exif))
    file.write(png_chunks.join([(b"IHDR", header), *extra, *pixels, (b"IEND", b"")]))
    return lost


def _transparency(head: png_chunks.Header, once: dict[bytes, bytes]) -> bytes | None:
    """Return the tRNS chunk if it is one that the colour type can have."""
    body = once.get(b"tRNS")
    if body is None or head.colour not in (0, 2, 3):
        return None
    if head.colour == 3:
        return body[: 2**head.bits] or None
    return body if len(body) == (2 if head.colour == 0 else 6) else None


def _palette(head: png_chunks.Header, once: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    if head.colour != 3:
        return []
    body = once.get(b"PLTE", b"")
    if not body or len(body) % 3:
        raise ImageReadError("the palette of the PNG is missing or cut: the file is damaged")
    # Filled up with black, so that an index beyond the palette is black rather than undefined.
    full = 3 * 2**head.bits
    return [(b"PLTE", body[:full].ljust(full, b"\0"))]


def _pixel_size(body: bytes) -> tuple[tuple[float, float] | None, str | None]:
    if len(body) != 9:
        return None, None
    x, y, unit = struct.unpack(">IIB", body)
    if unit == 1:
        spacing = lengths.from_density(x, y, _MM_PER_METRE)
        return spacing, None if spacing is None else "mm"
    return lengths.from_aspect(x, y), None


def _physical(spacing: tuple[float, ...], unit: str | None) -> bytes | None:
    """Return the pHYs chunk for a (row, col) spacing, or None if it has none."""
    size = lengths.millimetres(spacing, unit)
    if size is None and unit is not None:
        return None
    down, across = size or spacing
    scale = _MM_PER_METRE if size else 1000.0 * min(spacing)
    x, y = round(scale / across), round(scale / down)
    if not (0 < x < 2**31 and 0 < y < 2**31):
        return None
    return struct.pack(">IIB", x, y, 1 if size else 0)


def _profile(body: bytes) -> bytes | None:
    name, _, packed = body.partition(b"\0")
    profile, whole = png_chunks.inflate(packed[1:], _LARGEST_PROFILE)
    return profile if name and whole else None


def _dropped(head: png_chunks.Header, once: dict[bytes, bytes]) -> tuple[str, ...]:
    lost = []
    if b"acTL" in once:
        lost.append("the PNG is animated: only its still image was read")
    if head.colour == 3:
        lost.append("the palette of the PNG was expanded to colour")
    elif head.bits in (2, 4):
        lost.append(f"the {head.bits}-bit grey values of the PNG were stretched to 8 bits")
    return tuple(lost)
