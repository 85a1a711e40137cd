"""OME-Zarr <-> Picture: 0.4 and 0.5 are read, 0.5 is written; in memory, whole."""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageReadError
from divgrad.io.limits import DEFAULT_BYTES, refuse_oversize, refuse_piece
from divgrad.io.ome_zarr import Level, Understood, attributes, understood
from divgrad.io.picture import Metadata, Picture
from divgrad.io.pyramid import SMALLEST, halved
from divgrad.io.quiet import silent
from divgrad.io.zarr_codecs import bounded, inner_chunks

_OWN = "divgrad"  # what OME-Zarr has no place for


def decode_folder(folder: Path, max_bytes: int | None = None) -> Picture:
    """Return the finest resolution of an image, or one array of it where the folder is that of an array."""
    with silent("zarr"):
        try:
            node = zarr.open(str(folder), mode="r")
        except ImportError:
            raise
        except Exception as error:
            raise ImageReadError("the metadata of the Zarr are damaged: write it again") from error
        said, level = None, 0
        group: Any = node
        if isinstance(node, zarr.Array):
            said, level, group = _parent(folder)
        else:
            said = understood(node)
            node = _array(node, said)
        array = bounded(node)
        if not storable(array.dtype):
            raise ImageReadError(f"the Zarr holds {array.dtype!s:.40}; readable are {STORABLE}")
        if said is not None and len(said.axes) != array.ndim:
            raise ImageReadError(
                f"the OME-Zarr has {array.ndim} axes, called {said.axes}: write it again"
            )
        needed = math.prod(array.shape) * array.dtype.itemsize
        stored = _stored(folder) if max_bytes is None and needed > DEFAULT_BYTES else 0
        refuse_oversize(array.shape, array.dtype.itemsize, stored, max_bytes)
        for piece in inner_chunks(array):
            refuse_piece(piece, array.shape, array.dtype.itemsize)
        pixels = np.asarray(array[...])
    return _picture(pixels, said, level, dict(group.attrs) if group is not None else {})


def encode_folder(folder: Path, picture: Picture) -> list[str]:
    """Write the image, with coarser resolutions where its source had them."""
    array, meta = picture.array, picture.metadata
    native = meta.native if meta.format == "OME-Zarr" else {}
    channels = picture.channel_axis is not None
    space = (picture.axes or "ZYX"[3 - picture.ndim :]).lower() if picture.ndim <= 3 else "tzyx"
    axes = "c" * channels + space
    if space[0] == "t" and channels:
        axes = f"tc{space[1:]}"
        array = np.moveaxis(array, -1, 1)
    elif channels:
        array = np.moveaxis(array, -1, 0)
    measured = picture.spacing if picture.calibrated else None
    sizes = dict(zip(space, measured or (), strict=False))
    places = dict(zip("xyz", picture.origin or (), strict=False))
    scale = tuple(sizes.get(letter, 1.0) for letter in axes)
    shift = tuple(places.get(letter, 0.0) for letter in axes)
    ranges = (
        [(float(c.min()), float(c.max())) for c in np.moveaxis(picture.array, -1, 0)]
        if channels
        else []
    )
    pyramid = native.get("levels", 1) > 1 and native.get("dtype") == array.dtype.str
    group = zarr.open_group(str(folder), mode="w-", zarr_format=3)
    levels: list[Level] = []
    while True:
        levels.append(Level(str(len(levels)), scale, shift))
        chunks = tuple(
            min(n, _side(letter, array.ndim)) for n, letter in zip(array.shape, axes, strict=True)
        )
        stored = group.create_array(
            levels[-1].path,
            shape=array.shape,
            dtype=array.dtype,
            chunks=chunks,
            dimension_names=list(axes),
        )
        stored[...] = array
        plane = (axes.index("y"), axes.index("x"))
        if not pyramid or min(array.shape[-2:]) < 2 * SMALLEST:
            break
        array = halved(array, plane)
        finer, scale = scale, tuple(s * (1 + (n in plane)) for n, s in enumerate(scale))
        shift = tuple(t + (s - f) / 2 for t, s, f in zip(shift, scale, finer, strict=True))
    group.attrs.update(
        attributes(
            axes, picture.unit if measured else None, levels, names=picture.names, ranges=ranges,
            name=native.get("name", ""),
        )
    )  # fmt: skip
    own: dict[str, Any] = {
        "icc": None if meta.icc is None else base64.b64encode(meta.icc).decode(),
        "exif": None if meta.exif is None else base64.b64encode(meta.exif).decode(),
        "direction": picture.direction,
        "origin": picture.origin if picture.direction is not None else None,
        "alpha": picture.alpha or None,
        "spaced": None if measured else False,
        "bits": meta.bits if 0 < meta.bits < 8 * array.dtype.itemsize else None,
    }
    own = {key: value for key, value in own.items() if value is not None}
    if own:
        group.attrs[_OWN] = own
    return []


def _array(group: Any, said: Understood | None) -> Any:
    """Return the finest array of a group."""
    if said is None:
        arrays = [node for _, node in group.arrays()]
        if len(arrays) == 1:
            return arrays[0]
        names = [name for name, _ in group.members()][:3]
        raise ImageReadError(
            f"the Zarr group is no image, but holds {', '.join(names) or 'nothing'}: put one behind its name"
        )
    try:
        node = group[said.levels[0].path]
    except KeyError:
        raise ImageReadError("the finest array of the OME-Zarr is missing: copy it again") from None
    if not isinstance(node, zarr.Array):
        raise ImageReadError("the finest array of the OME-Zarr is none: write it again")
    return node


def _parent(folder: Path) -> tuple[Understood | None, int, Any]:
    """Return what the group around an array says of it."""
    try:
        group = zarr.open_group(str(folder.parent), mode="r")
    except Exception:
        return None, 0, None
    said = understood(group)
    names = [level.path for level in said.levels] if said else []
    if folder.name not in names:
        return None, 0, None
    return said, names.index(folder.name), group


def _stored(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _picture(
    pixels: NDArray[Any], said: Understood | None, level: int, attrs: dict[str, Any]
) -> Picture:
    axes = said.axes if said else ""
    if said is None:
        if not 2 <= pixels.ndim <= 3:
            raise ImageReadError(
                f"the Zarr array has {pixels.ndim} axes without names; write OME-Zarr"
            )
        return Picture(
            np.ascontiguousarray(pixels),
            metadata=Metadata(
                format="OME-Zarr",
                bits=8 * pixels.dtype.itemsize,
                dropped=("the Zarr array does not name its axes: plane, row, col",),
            ),
        )
    keep = [n for n, letter in enumerate(axes) if pixels.shape[n] > 1 or letter in "yx"]
    kept = "".join(axes[n] for n in keep)
    array = pixels.reshape([pixels.shape[n] for n in keep])
    space = kept.replace("c", "")
    if len(space) > 3:
        raise ImageReadError(f"the OME-Zarr has the axes {axes}; save one time point of it")
    if "c" in kept:
        array = np.moveaxis(array, kept.index("c"), -1)
    every, places = said.spatial(level)
    given = attrs.get(_OWN)
    own: dict[str, Any] = given if isinstance(given, dict) else {}
    at = [letter for letter in axes if letter in "zyx"]
    spacing = None
    if every is not None and set(space) <= set(at) and own.get("spaced", True):
        spacing = tuple(every[at.index(letter)] for letter in space)
    dropped: tuple[str, ...] = ()
    if space[0] == "t":
        dropped = ("the pixel size of the time series is not kept",)
    origin: tuple[float, ...] | None = tuple(places[at.index(letter)] for letter in reversed(at))
    direction = own.get("direction")
    if direction:
        origin, direction = tuple(own["origin"]), tuple(tuple(map(float, row)) for row in direction)
    ome = attrs.get("ome", attrs)
    if "labels" in ome or "well" in ome or "plate" in ome:
        dropped += ("labels and plates of the OME-Zarr are left aside",)
    return Picture(
        np.ascontiguousarray(array, array.dtype.newbyteorder("=")),
        channel_axis=-1 if "c" in kept else None,
        alpha="c" in kept and bool(own.get("alpha", False)),
        spacing=spacing,
        unit=said.unit if spacing else None,
        origin=origin if any(origin or ()) else None,
        direction=direction or None,
        names=said.names if "c" in kept and len(said.names) == array.shape[-1] else (),
        axes=space.upper(),
        metadata=Metadata(
            format="OME-Zarr",
            bits=int(own.get("bits", 8 * pixels.dtype.itemsize)),
            icc=base64.b64decode(own["icc"]) if "icc" in own else None,
            exif=base64.b64decode(own["exif"]) if "exif" in own else None,
            native={
                "levels": len(said.levels),
                "dtype": array.dtype.newbyteorder("=").str,
                "name": said.name,
                "version": said.version,
            },
            dropped=dropped,
        ),
    )


def _side(letter: str, ndim: int) -> int:
    """Return the extent of a chunk along an axis: 1 MB of 2-D images, 2 MB of volumes, in bytes each."""
    if letter in "tc":
        return 1
    return {"z": 32}.get(letter, 1024 if ndim == 2 else 256)
