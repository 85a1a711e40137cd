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
_KINDS = "biufcS"  # of NumPy's types: none that refers to anything


def packed(result: Picture | str) -> list[bytes | memoryview]:
    """Return the parts of a parcel with a picture, or with what was wrong with the file."""
    blocks: list[bytes | memoryview] = []
    if isinstance(result, str):
        said: Any = {"refused": result}
    else:
        said = {
            f.name: _put(getattr(result, f.name), blocks)
            for f in fields(Picture)
            if f.name != "metadata"
        }
        said["metadata"] = {
            f.name: _put(getattr(result.metadata, f.name), blocks) for f in fields(Metadata)
        }
    head = json.dumps(said).encode()
    return [_HEAD.pack(len(head)), head, *blocks]


def opened(data: bytes) -> Picture:
    """Return the picture in a parcel.

    Raises
    ------
    ImageReadError
        What was wrong with the file; or that the parcel is none.
    """
    try:
        (length,) = _HEAD.unpack_from(data)
        said = json.loads(data[_HEAD.size : _HEAD.size + length])
        if "refused" in said:
            raise ImageReadError(str(said["refused"]))
        body = memoryview(data)[_HEAD.size + length :]
        metadata = Metadata(
            **{key: _get(value, body) for key, value in said.pop("metadata").items()}
        )
        return Picture(**{key: _get(value, body) for key, value in said.items()}, metadata=metadata)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise ImageReadError("the process that decoded it sent no picture: it is damaged") from None


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
