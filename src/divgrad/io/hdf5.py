"""HDF5 <-> Picture: one array of a file, with its pixel size where the attributes say it, by h5py."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import h5py
import numpy as np

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageReadError
from divgrad.io import hdf5_chunks, lengths
from divgrad.io.hdf5_heaps import Watched
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture

_MOST_OBJECTS = 10_000
_MOST_ATTRIBUTES = 256
_LONGEST_ATTRIBUTE = 2**24
_LONGEST_BLOCK = 2**26
_NAME = "image"  # of the array that we write
# What we write beside ilastik's and Fiji's element_size_um, all in the order of the array's axes.
_OURS = ("axes", "spacing", "unit", "origin", "direction", "names", "alpha")


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in an HDF5 file that holds one."""
    return decode_part(file, "", max_bytes)


def decode_part(file: BinaryIO, part: str, max_bytes: int | None = None) -> Picture:
    """Return the array called `part`; if empty, the only one that can be an image."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    watched = Watched(file)
    with h5py.File(watched, "r") as opened:
        watched.length_bytes = opened.id.get_create_plist().get_sizes()[1]
        array = _named(opened, part) if part else _only(opened)
        if not storable(array.dtype):
            raise ImageReadError(f"{array.name} holds {array.dtype!s:.40}; readable are {STORABLE}")
        if array.external or array.is_virtual:
            raise ImageReadError(f"the pixels of {array.name:.40} are in other files; save a copy")
        refuse_oversize(array.shape, array.dtype.itemsize, size, max_bytes)
        keys = list(array.attrs)
        said = {key: array.attrs[key] for key in keys[:_MOST_ATTRIBUTES] if _plain(array, key)}
        lost = [key for key in keys if key not in said] + [f"/{key}" for key in opened.attrs]
        watched.looking = False  # pixels have no heap
        return _picture(array, hdf5_chunks.whole(array, size), said, lost)


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write the array as ``/image``, with gzip where the source had it, and what is known as attributes."""
    meta, array = picture.metadata, picture.array
    native = meta.native if meta.format == "HDF5" else {}
    options: dict[str, Any] = {}
    if native.get("packed"):
        options = {"chunks": True, "compression": "gzip", "compression_opts": 3, "shuffle": True}
    with h5py.File(file, "w") as opened:
        data = opened.create_dataset(native.get("name", _NAME), data=array, **options)
        for key, value in native.get("attributes", {}).items():
            data.attrs[key] = value
        axes = picture.axes or "ZYX"[3 - picture.ndim :] if picture.ndim <= 3 else ""
        said: dict[str, Any] = {
            "axes": axes.lower() + "c" * (picture.channel_axis is not None),
            "spacing": picture.spacing if picture.calibrated else None,
            "unit": picture.unit if picture.calibrated else None,
            "origin": picture.origin,
            "direction": picture.direction,
            "names": list(picture.names) or None,
            "alpha": picture.alpha or None,
        }
        for key, value in said.items():
            if value is not None:
                data.attrs[key] = value
        for key, block in (("icc", meta.icc), ("exif", meta.exif)):
            if block is not None:  # too long for an attribute
                opened.create_dataset(f"{data.name}.{key}", data=np.frombuffer(block, np.uint8))
        size = None
        if picture.spacing is not None and picture.calibrated:
            size = lengths.millimetres(picture.spacing, picture.unit)
        if size is not None:
            data.attrs["element_size_um"] = [1000 * h for h in size]
    return []


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
    """Return the arrays that can be images.

    Group by group, since HDF5's own visitor measures what it meets and crashes at a damaged array.
    """
    found: list[Any] = []
    seen: set[int] = set()  # places of objects, which may have several names
    groups: list[h5py.Group] = [opened]
    while groups:
        group = groups.pop(0)
        for name in sorted(group):
            link = group.id.links.get_info(name.encode("utf-8", "surrogateescape"))
            if link.type != h5py.h5l.TYPE_HARD or link.u in seen:
                continue
            seen.add(link.u)
            if len(seen) > _MOST_OBJECTS:
                raise ImageReadError(
                    f"the HDF5 file holds over {_MOST_OBJECTS:,} objects; name one"
                )
            node = group[name]
            if isinstance(node, h5py.Group):
                groups.append(node)
            elif isinstance(node, h5py.Dataset) and _image_like(node):
                found.append(node)
    return found


def _image_like(node: Any) -> bool:
    return node.shape is not None and 2 <= len(node.shape) <= 4 and node.dtype.kind in "biuf"


def _picture(array: Any, pixels: Any, said: dict[str, Any], lost: list[str]) -> Picture:
    letters = str(said.get("axes", "")).lower()
    if not (
        len(letters) == pixels.ndim and set(letters) <= set("tzyxc") and "c" not in letters[:-1]
    ):
        letters = ""
    channel = letters.endswith("c") or (not letters and pixels.ndim == 4)
    space = pixels.ndim - channel
    spacing, unit = _spacing(said, space)
    icc, exif = (_block(array, key) for key in ("icc", "exif"))
    origin = _floats(said.get("origin"))
    place = origin is not None and len(origin) in (2, 3)
    direction = [_floats(row) for row in np.atleast_1d(said.get("direction", ()))]
    turned = place and len(direction) == space and all(
        row is not None and len(row) == len(origin or ()) for row in direction
    )  # fmt: skip
    names, alpha = said.get("names"), said.get("alpha")
    attributes = {k: v for k, v in said.items() if k not in (*_OURS, "element_size_um")}
    dropped = [] if letters else ["the HDF5 array does not name its axes: plane, row, col"]
    if lost:
        dropped.append(
            f"the HDF5 attributes {', '.join(f'{k:.30}' for k in lost[:4])} are not kept"
        )
    return Picture(
        np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("=")),
        channel_axis=-1 if channel else None,
        alpha=channel and isinstance(alpha, np.bool_) and bool(alpha),
        spacing=spacing,
        unit=unit,
        origin=origin if place else None,
        direction=tuple(row for row in direction if row is not None) if turned else None,
        names=tuple(map(str, names)) if isinstance(names, np.ndarray) and names.ndim == 1 else (),
        axes=letters.rstrip("c").upper(),
        metadata=Metadata(
            format="HDF5",
            bits=8 * pixels.dtype.itemsize,
            icc=icc,
            exif=exif,
            native={
                "name": array.name.strip("/"),
                "packed": array.compression is not None,
                "attributes": attributes,
            },
            dropped=tuple(dropped),
        ),
    )


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


def _floats(value: Any) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(v) for v in value)
    except (TypeError, ValueError):
        return None
    return numbers if np.isfinite(numbers).all() else None


def _spacing(said: dict[str, Any], axes: int) -> tuple[tuple[float, ...] | None, str | None]:
    values = _floats(said.get("spacing"))
    if values is not None and len(values) == axes:
        return lengths.sound(*values), lengths.unit_name(said.get("unit", ""))
    values = _floats(said.get("element_size_um"))  # always of three axes
    if values is not None and len(values) >= axes:
        spacing = lengths.sound(*values[-axes:])
        return spacing, None if spacing is None else "um"
    return None, None
