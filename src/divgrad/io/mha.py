"""MHA (MetaImage) <-> Picture: volumes with their place in space, in one file."""

from __future__ import annotations

import os
import zlib
from typing import Any, BinaryIO

import numpy as np

from divgrad.errors import ImageReadError
from divgrad.io import volume_space
from divgrad.io.inflating import ZLIB, Inflated, exactly
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture

_LONGEST_HEADER = 2**16
_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4",
    "MET_UINT": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_TRUE = "true"
_UNDERSTOOD = {
    "ObjectType", "NDims", "DimSize", "ElementType", "ElementNumberOfChannels", "ElementSpacing", "Offset",
    "Position", "Origin", "TransformMatrix", "Orientation", "Rotation", "BinaryData", "ElementByteOrderMSB",
    "BinaryDataByteOrderMSB", "CompressedData", "CompressedDataSize", "ElementDataFile", "HeaderSize",
    "AnatomicalOrientation", "CenterOfRotation", "ElementSize",
}  # fmt: skip


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in an MHA file; pixels in another file are not looked for."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    said = _header(file)
    extents = _numbers(said, "DimSize")
    dtype = _TYPES.get(said.get("ElementType", ""))
    channels = int(said.get("ElementNumberOfChannels", "1"))
    ndim = len(extents)
    if dtype is None or ndim not in (2, 3) or not all(n == int(n) >= 0 for n in extents):
        raise ImageReadError(
            f"the MHA holds {ndim}-D {said.get('ElementType', 'nothing'):.20}; readable are 2-D and "
            "3-D numbers"
        )
    if said["ElementDataFile"] != "LOCAL":
        raise ImageReadError("the pixels of the header are in another file; save it as one .mha")
    if said.get("BinaryData", _TRUE).lower() != _TRUE:
        raise ImageReadError("the MHA holds its pixels as text; save it as binary")
    if not 1 <= channels <= 2**16:
        raise ImageReadError(f"the MHA has {channels} channels; save it again")
    shape = tuple(int(n) for n in reversed(extents)) + (channels,) * (channels > 1)
    high_first = said.get("ElementByteOrderMSB", said.get("BinaryDataByteOrderMSB", "")).lower()
    stored = np.dtype((">" if high_first == _TRUE else "<") + dtype)
    refuse_oversize(shape, stored.itemsize, size, max_bytes)
    packed = said.get("CompressedData", "").lower() == _TRUE
    array = exactly(Inflated(file, ZLIB) if packed else file, shape, stored, "MHA")
    matrix = _numbers(said, "TransformMatrix", "Orientation", "Rotation")
    extra = sorted(said.keys() - _UNDERSTOOD)
    space = volume_space.from_itk(
        _numbers(said, "ElementSpacing", "ElementSize"),
        _numbers(said, "Offset", "Position", "Origin"),
        [matrix[n : n + ndim] for n in range(0, len(matrix), ndim)],
        ndim,
    )
    return Picture(
        np.ascontiguousarray(array, stored.newbyteorder("=")),
        channel_axis=-1 if channels > 1 else None,
        spacing=space.spacing,
        unit="mm" if space.spacing else None,
        origin=space.origin,
        direction=space.direction,
        axes="ZYX"[-ndim:],
        metadata=Metadata(
            format="MHA",
            bits=8 * stored.itemsize,
            native={"compressed": packed},
            dropped=(f"the entries {', '.join(extra[:4])} of the MHA are not kept",)
            if extra
            else (),
        ),
    )


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write a 2-D image or a stack, as ITK does."""
    array, ndim = picture.array, picture.ndim
    space, lost = volume_space.to_itk(picture)
    if ndim == 2 and space.direction is not None and len(space.direction[0]) == 3:
        space, lost = (
            space.flat(),
            [*lost, "a plane's orientation in space does not go into an MHA"],
        )
    names = {f"<{code}" if code[1] != "1" else f"|{code}": name for name, code in _TYPES.items()}
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    packed = picture.metadata.native.get("compressed") is True
    data: Any = zlib.compress(np.ascontiguousarray(little).data) if packed else little.tobytes()
    matrix = space.direction or np.eye(ndim).tolist()
    said = {
        "ObjectType": "Image",
        "NDims": ndim,
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": packed,
        **({"CompressedDataSize": len(data)} if packed else {}),
        "TransformMatrix": _text(v for row in matrix for v in row),
        "Offset": _text((space.origin or (0.0,) * ndim)[:ndim]),
        "ElementSpacing": _text(space.spacing or (1.0,) * ndim),
        "DimSize": " ".join(map(str, reversed(array.shape[:ndim]))),
        **(
            {"ElementNumberOfChannels": array.shape[-1]} if picture.channel_axis is not None else {}
        ),
        "ElementType": names[little.dtype.str],
        "ElementDataFile": "LOCAL",
    }
    file.write("".join(f"{key} = {value}\n" for key, value in said.items()).encode())
    file.write(data)
    return lost


def _header(file: BinaryIO) -> dict[str, str]:
    """Return the lines ``key = value``, up to the one that the pixels follow."""
    said: dict[str, str] = {}
    left = _LONGEST_HEADER
    while left > 0:
        line = file.readline(left)
        left -= len(line)
        key, equals, value = line.decode("latin-1").partition("=")
        if not line or not equals:
            break
        said[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            return said
    raise ImageReadError("the MHA has no complete header; the file is damaged: copy it again")


def _numbers(said: dict[str, str], *keys: str) -> list[float]:
    text = next((said[key] for key in keys if key in said), "")
    try:
        return [float(word) for word in text.split()[:64]]
    except ValueError:
        raise ImageReadError(f"the MHA has no numbers as {keys[0]}; save it again") from None


def _text(values: Any) -> str:
    return " ".join(repr(float(value)) for value in values)
