"""A `Picture` as bytes: a JSON head, then its arrays and blocks one after the other. Nothing in it can be run."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from divgrad.errors import ImageReadError
from divgrad.io.picture import Metadata, Picture

_HEAD = struct.Struct("<Q")
_WRONG = (struct.error, ValueError, KeyError, TypeError, AttributeError, IndexError)
_KINDS = "biufcS"  # of NumPy's types: none that refers to anything


def packed(said: Mapping[str, Any]) -> list[bytes | memoryview]:
    """Return the parts of a parcel."""
    blocks: list[bytes | memoryview] = []
    head = json.dumps({key: _put(value, blocks) for key, value in said.items()}).encode()
    return [_HEAD.pack(len(head)), head, *blocks]


def unpacked(data: bytes) -> dict[str, Any]:
    """Return what is in a parcel.

    Raises
    ------
    ImageReadError
        What was ``refused``, if that is in it; or that the parcel is none.
    """
    try:
        (length,) = _HEAD.unpack_from(data)
        body = memoryview(data)[_HEAD.size + length :]
        head = json.loads(data[_HEAD.size : _HEAD.size + length])
        said = {key: _get(value, body) for key, value in head.items()}
    except _WRONG:
        raise _none() from None
    if "refused" in said:
        raise ImageReadError(str(said["refused"]))
    return said


def of_picture(picture: Picture) -> dict[str, Any]:
    """Return what a parcel with a picture is made of."""
    said = {f.name: getattr(picture, f.name) for f in fields(Picture)}
    return said | {
        "metadata": {f.name: getattr(picture.metadata, f.name) for f in fields(Metadata)}
    }


def picture(said: dict[str, Any]) -> Picture:
    """Return the picture in a parcel; raise ImageReadError if it has none."""
    try:
        return Picture(**{**said, "metadata": Metadata(**said["metadata"])})
    except _WRONG:
        raise _none() from None


def _none() -> ImageReadError:
    return ImageReadError("the process that decoded it sent no picture: it is damaged")


def _put(value: Any, blocks: list[bytes | memoryview]) -> Any:
    """Return what JSON can hold of a value; bytes and arrays go to `blocks`."""
    if isinstance(value, np.ndarray) and value.dtype.hasobject:  # texts
        return {"texts": [list(value.shape), [str(text) for text in value.flat]]}
    if isinstance(value, np.ndarray | np.generic):
        at = sum(len(block) for block in blocks)
        blocks.append(value.tobytes())
        kind = "array" if isinstance(value, np.ndarray) else "number"
        return {kind: [value.dtype.str, list(value.shape), at]}
    if isinstance(value, bytes):
        at = sum(len(block) for block in blocks)
        blocks.append(value)
        return {"bytes": [at, len(value)]}
    if isinstance(value, tuple):
        return {"tuple": [_put(part, blocks) for part in value]}
    if isinstance(value, list):
        return [_put(part, blocks) for part in value]
    if isinstance(value, Mapping):
        return {"pairs": [[_put(k, blocks), _put(v, blocks)] for k, v in value.items()]}
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def _get(value: Any, body: memoryview) -> Any:
    if isinstance(value, list):
        return [_get(part, body) for part in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "tuple":
        return tuple(_get(part, body) for part in held)
    if kind == "pairs":
        return {_get(key, body): _get(part, body) for key, part in held}
    if kind == "bytes":
        at, length = held
        return bytes(body[at : at + length])
    if kind == "texts":
        shape, texts = held
        flat = np.empty(len(texts), object)
        flat[:] = texts
        return flat.reshape(shape)
    name, shape, at = held
    dtype = np.dtype(name)
    if dtype.kind not in _KINDS:
        raise ValueError(name)
    count = math.prod(shape)
    flat = np.frombuffer(body[at : at + count * dtype.itemsize], dtype)
    return flat.reshape(shape).copy() if kind == "array" else flat[0]
