"""HDF5 <-> Picture: one array of a file, with its pixel size where the attributes say it, by h5py."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import h5py
import numpy as np

from divgrad.io import hdf5_chunks, lengths
from divgrad.io.isolation import told
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture

# Limits of the process that looks at a file, enough for one of millions of chunks: seconds of the processor and of
# the clock, and memory.
_SECONDS, _PATIENCE, _BYTES_A_SECOND = 5.0, 60.0, 10**9
_MEMORY, _BYTES_FOR_ONE = 2**29, 16
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
    words = [str(_MEMORY + size // _BYTES_FOR_ONE), str(_SECONDS + size / _BYTES_A_SECOND), part]
    said = told("divgrad.io.hdf5_look", words, _PATIENCE + size / _BYTES_A_SECOND, file)
    shape, dtype = said["shape"], np.dtype(said["dtype"])
    refuse_oversize(shape, dtype.itemsize, size, max_bytes)
    return _picture(said, hdf5_chunks.whole(file, said, dtype))


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


def _picture(looked: dict[str, Any], pixels: Any) -> Picture:
    said = looked["attributes"]
    letters = str(said.get("axes", "")).lower()
    if not (
        len(letters) == pixels.ndim and set(letters) <= set("tzyxc") and "c" not in letters[:-1]
    ):
        letters = ""
    channel = letters.endswith("c") or (not letters and pixels.ndim == 4)
    space = pixels.ndim - channel
    spacing, unit = _spacing(said, space)
    origin = _floats(said.get("origin"))
    place = origin is not None and len(origin) in (2, 3)
    direction = [_floats(row) for row in np.atleast_1d(said.get("direction", ()))]
    turned = place and len(direction) == space and all(
        row is not None and len(row) == len(origin or ()) for row in direction
    )  # fmt: skip
    names, alpha = said.get("names"), said.get("alpha")
    attributes = {k: v for k, v in said.items() if k not in (*_OURS, "element_size_um")}
    dropped = [] if letters else ["the HDF5 array does not name its axes: plane, row, col"]
    lost = looked["lost"]
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
            icc=looked["icc"],
            exif=looked["exif"],
            native={
                "name": looked["name"],
                "packed": bool(looked["filters"]),
                "attributes": attributes,
            },
            dropped=tuple(dropped),
        ),
    )


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
