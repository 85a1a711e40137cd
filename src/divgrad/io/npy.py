"""NPY <-> Picture: the array and nothing else; never pickled objects."""

from __future__ import annotations

import ast
import math
import os
from typing import BinaryIO

import numpy as np

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageReadError
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the array in an NPY file; its axes are taken as spatial, since it does not say."""
    size = file.seek(0, os.SEEK_END)
    file.seek(len(MAGIC))
    version = file.read(2)[:1]
    length = int.from_bytes(file.read(2 if version == b"\1" else 4), "little")
    # numpy's own reader warns of files from Python 2, and hands anything to pickle that asks for it
    text = file.read(min(length, _LONGEST_HEADER)).decode("latin-1").strip()
    try:
        header = ast.literal_eval(text)
        dtype, shape = np.dtype(header["descr"]), header["shape"]
        fortran = bool(header["fortran_order"])
        sound = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        sound = False
    if not sound:
        raise ImageReadError("the NPY header is damaged: write the array again with numpy.save")
    if not storable(dtype):
        raise ImageReadError(f"the NPY holds {dtype!s:.40}; readable are {STORABLE}")
    if not 2 <= len(shape) <= 4:
        raise ImageReadError(f"the NPY holds a {len(shape)}-D array; an image has 2 to 4 axes")
    refuse_oversize(shape, dtype.itemsize, size, max_bytes)
    count = math.prod(shape)
    if size - file.tell() < count * dtype.itemsize:
        raise ImageReadError(
            f"the NPY is cut short: {count * dtype.itemsize:,} bytes of pixels are needed, "
            f"{size - file.tell():,} are there; copy it again"
        )
    flat = np.frombuffer(bytearray(file.read(count * dtype.itemsize)), dtype)
    array = flat.reshape(shape, order="F" if fortran else "C")
    return Picture(
        np.ascontiguousarray(array, dtype.newbyteorder("=")),
        metadata=Metadata(format="NPY", bits=1 if dtype.kind == "b" else 8 * dtype.itemsize),
    )


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write the array; everything else is lost."""
    np.lib.format.write_array(file, picture.array, allow_pickle=False)
    return []
