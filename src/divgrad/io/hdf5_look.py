"""What is in an HDF5 file, and where: found by the HDF5 library, in a process of its own.

At damaged files the library runs without end, asks for gigabytes, and writes beyond its memory. So the process that
wants the image never loads the file by it: it is told where the pixels lie, and reads them itself.
"""

from __future__ import annotations

import os
import sys
from typing import Any, BinaryIO

import h5py
import numpy as np

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageReadError

_MOST_OBJECTS = 10_000
_MOST_ATTRIBUTES = 256
_LONGEST_ATTRIBUTE = 2**24
_LONGEST_BLOCK = 2**26
_LONGEST_RANGE = 2**16  # of bytes that are compared to find out where places are counted from


def looked(file: BinaryIO, part: str) -> dict[str, Any]:
    """Return what is said of the array called `part`; if empty, of the only one that can be an image.

    Its ``name``, ``shape``, ``dtype``, ``attributes``, those ``lost``, ``icc`` and ``exif``; the ``chunks``,
    ``filters`` and ``fill`` value; and the ``table`` of pieces, a row for each: where it begins in the file, its
    bytes, filters left out, and its first pixel. An array without chunks is one piece, or is ``held`` in the header.
    """
    with h5py.File(file, "r") as opened:
        array = _named(opened, part) if part else _only(opened)
        if not storable(array.dtype):
            raise ImageReadError(f"{array.name} holds {array.dtype!s:.40}; readable are {STORABLE}")
        if array.external or array.is_virtual:
            raise ImageReadError(f"the pixels of {array.name:.40} are in other files; save a copy")
        _refuse_other_numbers(array)
        keys = list(array.attrs)
        said = {key: array.attrs[key] for key in keys[:_MOST_ATTRIBUTES] if _plain(array, key)}
        plan = array.id.get_create_plist()
        return {
            "name": array.name.strip("/"),
            "shape": array.shape,
            "dtype": array.dtype.str,
            "attributes": said,
            "lost": [key for key in keys if key not in said] + [f"/{key}" for key in opened.attrs],
            "icc": _block(array, "icc"),
            "exif": _block(array, "exif"),
            "chunks": array.chunks,
            "filters": [plan.get_filter(n)[::2] for n in range(plan.get_nfilters())],
            "fill": np.asarray(array.fillvalue, array.dtype),
            **_pieces(array, plan, file),
        }


def _pieces(array: Any, plan: Any, file: BinaryIO) -> dict[str, Any]:
    """Return where the pixels lie."""
    rows: list[Any] = []
    if array.chunks is None:
        size = array.id.get_storage_size()
        if size not in (0, array.nbytes):
            raise ImageReadError("the pixels of the HDF5 array are cut short; copy the file again")
        if plan.get_layout() == h5py.h5d.COMPACT:
            return {"held": array[()].tobytes(), "table": None}
        if size:
            rows = [(array.id.get_offset(), size, 0) + (0,) * array.ndim]
    else:
        infos: list[Any] = []
        array.id.chunk_iter(infos.append)
        rows = [(i.byte_offset, i.size, i.filter_mask, *i.chunk_offset) for i in infos]
        if rows and array.file.userblock_size:  # some versions count from behind it
            before = array.file.userblock_size
            _, packed = array.id.read_direct_chunk(infos[0].chunk_offset)
            file.seek(rows[0][0])
            if file.read(min(rows[0][1], _LONGEST_RANGE)) != packed[:_LONGEST_RANGE]:
                rows = [(row[0] + before, *row[1:]) for row in rows]
    return {"held": None, "table": np.array(rows, np.int64).reshape(len(rows), 3 + array.ndim)}


def _refuse_other_numbers(array: Any) -> None:
    """Raise if numbers are not stored as NumPy's are, as those of 12 of 16 bits may be."""
    stored = array.id.get_type()
    if isinstance(stored, h5py.h5t.TypeEnumID) and array.dtype.kind != "b":
        stored = stored.get_super()
    if not stored.equal(h5py.h5t.py_create(np.dtype(array.dtype.str))):
        raise ImageReadError(
            f"{array.name:.40} stores its numbers in an unusual way: repack it as {array.dtype}"
        )


def _named(opened: h5py.File, part: str) -> Any:
    """Return an array by its name; links that lead elsewhere are not followed."""
    node: Any = opened
    for word in part.strip("/").split("/"):
        link = node.get(word, getlink=True) if isinstance(node, h5py.Group) else None
        if not isinstance(link, h5py.HardLink):
            raise ImageReadError(
                f"the HDF5 file has no array {part:.30}; it holds {_listed(opened)}"
            )
        node = node[word]
    if not isinstance(node, h5py.Dataset) or not _image_like(node):
        raise ImageReadError(f"{part:.30} is no image; the HDF5 file holds {_listed(opened)}")
    return node


def _only(opened: h5py.File) -> Any:
    found = _arrays(opened)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ImageReadError("the HDF5 file holds no array of two to four axes; export an image")
    raise ImageReadError(
        f"the HDF5 file holds {len(found)} arrays; put one behind its name: {_listed(opened)}"
    )


def _listed(opened: h5py.File) -> str:
    names = [array.name for array in _arrays(opened)]
    return ", ".join(f"{name:.30}" for name in names[:3]) + ", ..." * (len(names) > 3) or "none"


def _arrays(opened: h5py.File) -> list[Any]:
    """Return the arrays that can be images."""
    found: list[Any] = []
    seen = 0

    def look(name: str, node: Any) -> None:
        nonlocal seen
        seen += 1
        if seen > _MOST_OBJECTS:
            raise ImageReadError(f"the HDF5 file holds over {_MOST_OBJECTS:,} objects; name one")
        if isinstance(node, h5py.Dataset) and _image_like(node):
            found.append(node)

    opened.visititems(look)
    return found


def _image_like(node: Any) -> bool:
    return node.shape is not None and 2 <= len(node.shape) <= 4 and node.dtype.kind in "biuf"


def _plain(array: Any, key: str) -> bool:
    """Return whether an attribute is text or numbers, of moderate size, and has a value."""
    info = array.attrs.get_id(key)
    text = h5py.check_string_dtype(info.dtype) is not None
    space = info.get_space()
    return (
        (text or info.dtype.kind in "biufS")
        and space.get_simple_extent_type() != h5py.h5s.NULL
        and space.get_simple_extent_npoints() * info.dtype.itemsize <= _LONGEST_ATTRIBUTE
    )


def _block(array: Any, key: str) -> bytes | None:
    """Return the bytes that lie beside the array."""
    name = f"{array.name}.{key}"
    if not isinstance(array.file.get(name, getlink=True), h5py.HardLink):
        return None
    node = array.file[name]
    sound = isinstance(node, h5py.Dataset) and node.dtype == np.uint8 and not node.external
    if not sound or node.chunks is not None or not 0 < node.nbytes <= _LONGEST_BLOCK:
        return None
    return bytes(node[()].tobytes())


def main(words: list[str]) -> None:
    """Look at the file that is standard input, within so many bytes of memory and seconds, for a part."""
    from divgrad.io.decoding import limit, send

    memory, seconds, part = words
    limit(int(memory), float(seconds))
    try:
        with os.fdopen(sys.stdin.fileno(), "rb", closefd=False) as file:
            file.seek(0)
            said = looked(file, part)
    except ImageReadError as refusal:
        said = {"refused": str(refusal)}
    send(said)


if __name__ == "__main__":
    main(sys.argv[1:])
