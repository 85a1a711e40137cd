"""NRRD <-> Picture, its header by pynrrd; pixels in another file are not looked for."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import nrrd
import numpy as np

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageReadError
from divgrad.io import lengths, volume_space
from divgrad.io.inflating import GZIP, Inflated, exactly
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture

_LONGEST_HEADER = 2**20
_SPATIAL = {"domain", "space"}
# Signs that turn a space into left, posterior, superior.
_SPACES = {
    "left-posterior-superior": (1, 1, 1),
    "LPS": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "RAS": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "LAS": (1, -1, 1),
}
_UNDERSTOOD = {
    "type", "dimension", "space", "sizes", "space directions", "kinds", "endian", "encoding", "spacings",
    "space origin", "space dimension", "space units", "units", "centerings", "centers", "content",
}  # fmt: skip


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in an NRRD file."""
    size = file.seek(0, os.SEEK_END)
    said = _header(file)
    if {"data file", "datafile"} & said.keys():
        raise ImageReadError("the pixels of the header are in another file; save it as one .nrrd")
    if any(int(said.get(key, 0)) for key in ("line skip", "lineskip", "byte skip", "byteskip")):
        raise ImageReadError("the NRRD skips bytes before its pixels; save it anew")
    endian = {"little": "<", "big": ">"}.get(said.get("endian", "little"), "<")
    try:
        stored = np.dtype(nrrd.reader._TYPEMAP_NRRD2NUMPY[said["type"]]).newbyteorder(endian)
    except KeyError:
        raise ImageReadError(
            f"the NRRD holds {said.get('type', '')!s:.20}; readable are {STORABLE}"
        ) from None
    extents = [int(n) for n in said.get("sizes", ())]
    if not storable(stored) or min(extents, default=-1) < 0:
        raise ImageReadError(f"the NRRD holds {stored!s:.20}; readable are {STORABLE}")
    encoding = said.get("encoding", "")
    if encoding not in ("raw", "gzip", "gz"):
        raise ImageReadError(f"the NRRD has the encoding {encoding!s:.20}; save it as raw or gzip")
    shape = tuple(reversed(extents))
    refuse_oversize(shape, stored.itemsize, size, max_bytes)
    array: Any = exactly(file if encoding == "raw" else Inflated(file, GZIP), shape, stored, "NRRD")
    axes = _spatial_axes(said, extents)
    channel = next((n for n in range(len(extents)) if n not in axes), None)
    if len(axes) not in (2, 3) or len(extents) - len(axes) > 1:
        raise ImageReadError(
            f"the NRRD has the extents {extents}; needed are two or three, and channels"
        )
    if channel is not None:
        array = np.moveaxis(array, len(extents) - 1 - channel, -1)
    spacing, origin, vectors, unit = _placed(said, axes)
    space = volume_space.from_itk(spacing, origin, vectors, len(axes))
    extra = sorted(key for key in said if key not in _UNDERSTOOD)
    return Picture(
        np.ascontiguousarray(array, stored.newbyteorder("=")),
        channel_axis=None if channel is None else -1,
        spacing=space.spacing,
        unit=unit if space.spacing else None,
        origin=space.origin,
        direction=space.direction,
        axes="ZYX"[-len(axes) :],
        metadata=Metadata(
            format="NRRD",
            bits=8 * stored.itemsize,
            native={"packed": encoding != "raw", "content": str(said.get("content", ""))},
            dropped=(f"the entries {', '.join(extra[:4])} of the NRRD are not kept",)
            if extra
            else (),
        ),
    )


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write a 2-D image or a stack."""
    array, ndim = picture.array, picture.ndim
    space, lost = volume_space.to_itk(picture)
    native = picture.metadata.native if picture.metadata.format == "NRRD" else {}
    said: dict[str, Any] = {"encoding": "gzip" if native.get("packed") else "raw"}
    channels = picture.channel_axis is not None
    if native.get("content"):
        said["content"] = native["content"]
    measured = picture.unit is not None and space.spacing is not None
    dimensions = 3 if ndim == 3 else len(space.origin or (0, 0))
    if space.origin is not None:
        vectors = np.array(space.direction or np.eye(ndim, dimensions))
        vectors = vectors * np.array(space.spacing or (1.0,) * ndim)[:, None]
        none = np.full((1, dimensions), np.nan)
        said["space directions"] = np.concatenate([none, vectors]) if channels else vectors
        said["space origin"] = np.array(space.origin)
        if dimensions == 3:
            said["space"] = "left-posterior-superior"
        else:
            said["space dimension"] = dimensions
        if measured:
            said["space units"] = ["mm"] * dimensions
    elif space.spacing is not None:
        said["spacings"] = [np.nan] * channels + list(space.spacing)
        if measured:
            said["units"] = [""] * channels + ["mm"] * ndim
    said["kinds"] = ["vector"] * channels + ["domain"] * ndim
    nrrd.write(file, array, said, index_order="C", compression_level=3)
    return lost


def _header(file: BinaryIO) -> dict[str, Any]:
    """Return the header; `file` is then at the pixels."""
    file.seek(0)
    lines: list[bytes] = []
    left = _LONGEST_HEADER
    while left > 0:
        line = file.readline(left)
        left -= len(line)
        lines.append(line)
        if line in (b"", b"\n", b"\r\n"):
            break
    if not lines[-1].strip() == b"" or not lines[-1]:
        raise ImageReadError("the NRRD has no complete header; the file is damaged: copy it again")
    return dict(nrrd.read_header(lines))


def _spatial_axes(said: dict[str, Any], extents: list[int]) -> list[int]:
    """Return which axes of the file are in space."""
    directions = said.get("space directions")
    if directions is not None and len(directions) == len(extents):
        return [n for n, v in enumerate(directions) if v is not None and not np.isnan(v).any()]
    kinds = said.get("kinds", [])
    if len(kinds) == len(extents):
        return [n for n, kind in enumerate(kinds) if kind in _SPATIAL]
    return list(range(len(extents)))


def _placed(
    said: dict[str, Any], axes: list[int]
) -> tuple[list[float], list[float], list[list[float]], str | None]:
    """Return spacing, origin and unit vectors of the spatial axes, and the unit."""
    units = [lengths.unit_name(u) for u in said.get("space units", ())]
    directions = said.get("space directions")
    if directions is None:
        sizes = said.get("spacings", ())
        listed = said.get("units", ())
        units = [lengths.unit_name(listed[n]) for n in axes if n < len(listed)]
        spacing = [float(sizes[n]) for n in axes] if len(sizes) > max(axes, default=0) else []
        return spacing, [], [], units[0] if len(set(units)) == 1 else None
    vectors = np.array([directions[n] for n in axes], float)
    space = str(said.get("space", ""))
    signs = np.array(_SPACES.get(space, (1, 1, 1)))[: vectors.shape[1]]
    if space in _SPACES and not said.get("space units"):
        units = ["mm"]  # as every program takes it
    sizes = np.linalg.norm(vectors, axis=1)
    origin = np.array(said.get("space origin", ()), float)
    if origin.shape == signs.shape:
        origin = origin * signs
    vectors = vectors * signs / np.where(sizes > 0, sizes, 1)[:, None]
    unit = units[0] if units and len(set(units)) == 1 else None
    return sizes.tolist(), origin.tolist(), vectors.tolist(), unit
