"""Picture -> TIFF: as ImageJ or OME where the source was, or where a voxel size is to be kept."""

from __future__ import annotations

import os
import struct
from typing import Any, BinaryIO

import numpy as np

from divgrad.io import exif, lengths
from divgrad.io.picture import Picture
from divgrad.io.pyramid import SMALLEST, halved
from divgrad.io.quiet import quiet
from divgrad.io.tiff_dialects import Dialect, dialect_of

_CLASSIC_BYTES = 2**32 - 2**25  # offsets of a classic TIFF have 32 bits; leave room for tags
_WHITE_IS_ZERO = 0
_ALPHA_NAMES = {0: "unspecified", 1: "assocalpha", 2: "unassalpha"}
_SUB_DIRECTORIES = {34665: "ExifTag", 34853: "GPSTag"}
_LONG, _UNDEFINED = 4, 7  # types of tags
_ICC = 34675
_SMALLEST = 1e-8  # of pixel sizes, so that a fraction of 32-bit numbers holds them
_LARGEST_CLASSIC_KIND = 12  # tag types beyond belong to BigTIFF


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write a 2-D image or a stack, of any real dtype; `file` is open for reading, too."""
    from tifffile import TiffWriter

    meta, array = picture.metadata, picture.array
    native = meta.native if meta.format == "TIFF" else {}
    dialect = dialect_of(picture, native)
    lost = list(dialect.lost)
    directory, order = exif.parse_block(meta.exif or b"")
    order = native.get("order", order)
    big = array.nbytes > _CLASSIC_BYTES
    levels = _levels(picture, dialect, native)
    shared = {
        **_colours(picture, dialect, native),
        **_packing(picture, dialect, native, lost),
        "tile": native.get("tile") or ((256, 256) if len(levels) > 1 else None),
    }
    kinds = {"imagej": dialect.name == "imagej", "ome": dialect.name == "ome"}
    with quiet(), TiffWriter(file, bigtiff=big, byteorder=order, **kinds) as tif:
        tif.write(
            levels[0],
            subifds=len(levels) - 1,
            metadata=dialect.metadata,
            software=False,
            **_description(dialect, native, directory),
            **shared,
            **_resolution(picture, dialect, native, lost),
            extratags=_tags(meta.icc, native, directory, big),
        )
        for coarse in levels[1:]:
            tif.write(coarse, subfiletype=1, metadata=None, **shared)
    if _SUB_DIRECTORIES.keys() & directory.keys():
        if big:
            lost.append("a TIFF over 4 GB cannot hold the EXIF block")
        else:
            _append_directories(file, directory, order)
    return lost


def _levels(picture: Picture, dialect: Dialect, native: Any) -> list[Any]:
    """Return the image, and coarser ones where its source had them."""
    levels = [dialect.array]
    rows = -3 if picture.channel_axis is not None and dialect.contiguous else -2
    axes = (rows, rows + 1)
    same = native.get("dtype") == dialect.array.dtype.str
    if native.get("levels", 1) > 1 and same and dialect.name != "imagej":
        while min(levels[-1].shape[axis] for axis in axes) >= 2 * SMALLEST:
            levels.append(halved(levels[-1], axes))
    return levels


def _description(dialect: Dialect, native: Any, directory: exif.Directory) -> dict[str, Any]:
    if dialect.name in ("imagej", "ome"):
        return {}
    text = native.get("description") or ""
    stated = directory.get(270)
    data = text.encode() if text else stated.value if stated is not None else b""
    return {"description": data.rstrip(b"\0")} if isinstance(data, bytes) and data else {}


def _colours(picture: Picture, dialect: Dialect, native: Any) -> dict[str, Any]:
    """Return how the channels are to be understood."""
    if dialect.name == "imagej" and not dialect.rgb:
        colormap = native.get("colormap")
        if colormap is not None and colormap.shape == (3, 256) and picture.array.dtype == np.uint8:
            return {"colormap": colormap}
        return {"photometric": "minisblack"}
    if picture.channel_axis is None or not dialect.contiguous:
        same = native.get("dtype") == picture.array.dtype.str
        inverted = same and native.get("photometric") == _WHITE_IS_ZERO
        return {"photometric": "miniswhite" if inverted else "minisblack"}
    spare = picture.array.shape[-1] - (3 if dialect.rgb else 1)
    names = [_ALPHA_NAMES.get(n, "unspecified") for n in native.get("extrasamples", ())]
    if len(names) != spare or picture.alpha != (names[-1:] not in ([], ["unspecified"])):
        names = ["unspecified"] * spare
        if picture.alpha:
            names[-1] = "unassalpha"
    return {
        "photometric": "rgb" if dialect.rgb else "minisblack",
        "planarconfig": "contig",
        "extrasamples": names or None,
    }


def _packing(picture: Picture, dialect: Dialect, native: Any, lost: list[str]) -> dict[str, Any]:
    """Return bit depth and compression, as they were."""
    dtype, bits = picture.array.dtype, picture.metadata.bits
    if native.get("dtype") == dtype.str and dtype.kind == "u" and 1 < bits < 8 * dtype.itemsize:
        if dialect.name not in ("plain", "shaped") or int(picture.array.max()) >= 2**bits:
            lost.append(f"{bits} bits per sample became {8 * dtype.itemsize}")
        else:
            return {"bitspersample": bits}
    if not native.get("compressed") or dialect.name == "imagej":  # ImageJ reads no compressed stack
        return {}
    return {"compression": "zlib", "predictor": dtype.kind in "iuf" and dtype.itemsize <= 4}


def _resolution(picture: Picture, dialect: Dialect, native: Any, lost: list[str]) -> dict[str, Any]:
    """Return the density of pixels: per unit for ImageJ, else per inch or centimetre."""
    if picture.spacing is None:
        x, y, unit = native.get("resolution") or (0, 0, 0)
        return {"resolution": (x, y), "resolutionunit": unit} if unit in range(1, 6) else {}
    down, across = picture.spacing[-2:]
    if not all(_SMALLEST < h < 1 / _SMALLEST for h in (down, across)):
        lost.append(f"TIFF cannot store the pixel size {picture.spacing} {picture.unit}")
        return {}
    if dialect.name == "imagej":
        return {"resolution": (1 / across, 1 / down)}
    size = lengths.millimetres((down, across), picture.unit)
    if size is None:
        return {"resolution": (1 / across, 1 / down), "resolutionunit": "none"}
    metric = (native.get("resolution") or (0, 0, 0))[2] == 3
    scale = 10.0 if metric else 25.4
    return {
        "resolution": (scale / size[1], scale / size[0]),
        "resolutionunit": "centimeter" if metric else "inch",
    }


def _tags(
    icc: bytes | None, native: Any, directory: exif.Directory, big: bool
) -> list[tuple[int | str, int, int, Any, bool]]:
    """Return the tags kept word by word, and places for the EXIF directories."""
    tags: dict[int, tuple[int | str, int, int, Any, bool]] = {
        code: (code, kind, count, value, True)
        for code, kind, count, value in native.get("tags", ())
        if kind <= _LARGEST_CLASSIC_KIND and value
    }
    for code, entry in directory.items():
        if code in exif.DESCRIPTIVE - {270} and isinstance(entry.value, bytes):
            tags.setdefault(code, (code, entry.kind, entry.number, entry.value, True))
    if icc is not None:
        tags[_ICC] = (_ICC, _UNDEFINED, len(icc), icc, True)
    # tifffile refuses these by number, since it cannot fill them; _append_directories does
    places: list[tuple[int | str, int, int, Any, bool]] = [
        (name, _LONG, 1, 0, True)
        for code, name in _SUB_DIRECTORIES.items()
        if code in directory and not big
    ]
    return [*tags.values(), *places]


def _append_directories(file: BinaryIO, directory: exif.Directory, order: str) -> None:
    """Append the EXIF directories to the file, and let the places kept for them point there."""
    file.seek(4)
    (first,) = struct.unpack(order + "I", file.read(4))
    file.seek(first)
    (entries,) = struct.unpack(order + "H", file.read(2))
    codes = [struct.unpack_from(order + "H", file.read(12))[0] for _ in range(entries)]
    for code in _SUB_DIRECTORIES.keys() & directory.keys():
        inner = directory[code].value
        if isinstance(inner, exif.Directory):
            end = file.seek(0, os.SEEK_END)
            end += file.write(b"\0" * (end % 2))
            file.write(exif.pack(inner, order, end))
            file.seek(first + 2 + 12 * codes.index(code) + 8)
            file.write(struct.pack(order + "I", end))
