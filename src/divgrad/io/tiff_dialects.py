"""Which TIFF to write: plain, ImageJ's, OME's, or plain with our JSON description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.io.picture import Picture

_IMAGEJ_DTYPES = {"uint8", "uint16", "float32"}
_OME_DTYPES = {"int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "float64"}
_CLASSIC_BYTES = 2**32 - 2**25
# Written anew from the array; the rest of what ImageJ said is kept.
_IMAGEJ_COUNTS = {"ImageJ", "SCIFIO", "images", "channels", "slices", "frames"}
# Binary entries, which have tags of their own.
_IMAGEJ_TAGS = {"Info", "Labels", "Ranges", "LUTs", "Plot", "ROI", "Overlays", "Properties"}
_PER_CHANNEL = ("LUTs", "Ranges")


@dataclass(frozen=True, eq=False)
class Dialect:
    """How the array goes into the file."""

    name: str
    array: NDArray[Any]
    rgb: bool = False
    contiguous: bool = True
    metadata: dict[str, Any] | None = None
    lost: tuple[str, ...] = ()


def dialect_of(picture: Picture, native: Mapping[str, Any]) -> Dialect:
    """Return the dialect for `picture`; `native` is what the source, if a TIFF, said."""
    array, dtype = picture.array, str(picture.array.dtype)
    channels = array.shape[-1] if picture.channel_axis is not None else 0
    samples = native.get("axes", "S")[-1:] != "C"
    grey_samples = native.get("photometric") in (0, 1)
    coloured = native.get("photometric") == 2 or picture.alpha
    rgb = samples and not grey_samples and (channels == 3 or (channels == 4 and coloured))
    measured = picture.calibrated and picture.spacing is not None
    kind, lost = native.get("kind", ""), []
    placed = any(picture.origin or ()) or bool(picture.names)
    if (kind == "ome" or (kind != "imagej" and placed)) and dtype in _OME_DTYPES:
        return _ome(picture, native, rgb)
    if placed:
        lost.append("this TIFF cannot store the position and the names of the channels")
    if kind == "imagej" or measured:
        fits = dtype in _IMAGEJ_DTYPES and array.nbytes <= _CLASSIC_BYTES and not picture.alpha
        if fits and (not rgb or dtype == "uint8"):
            return _imagej(picture, native, rgb)
        if kind == "imagej":
            lost.append("ImageJ's TIFF cannot hold this image: its display settings were left out")
    if kind == "ome":
        lost.append(f"OME-TIFF cannot hold {dtype}: its description was left out")
    if measured:
        metadata = {
            "axes": _axes(picture, native) + "S" * bool(channels),
            "spacing": list(picture.spacing or ()),
            "unit": picture.unit or "",
        }
        return Dialect("shaped", array, rgb, metadata=metadata, lost=tuple(lost))
    return Dialect("plain", array, rgb, lost=tuple(lost))


def _axes(picture: Picture, native: Mapping[str, Any]) -> str:
    """Return the letters of the spatial axes; a leading one is depth unless the source differs."""
    if picture.ndim == 2:
        return "YX"
    given = str(native.get("axes", "")).rstrip("SC")
    return given if len(given) == 3 and given[0] in "TZ" else "ZYX"


def _planar(picture: Picture, rgb: bool) -> tuple[NDArray[Any], str, bool]:
    """Return the array, its channel letter, and whether channels stay in the pixel."""
    if picture.channel_axis is None:
        return picture.array, "", False
    if rgb or picture.alpha:
        return picture.array, "S", True
    return np.ascontiguousarray(np.moveaxis(picture.array, -1, -3)), "C", False


def _imagej(picture: Picture, native: Mapping[str, Any], rgb: bool) -> Dialect:
    array, letter, contiguous = _planar(picture, rgb)
    axes = _axes(picture, native)
    axes = axes + "S" if letter == "S" else axes[:-2] + letter + "YX"
    said = dict(native.get("imagej", {}))
    metadata = {k: v for k, v in said.items() if k in _IMAGEJ_TAGS or _one_ascii_line(k, v)}
    lost = []
    channels = array.shape[-3] if letter == "C" else 1
    if channels != said.get("channels", 1):
        for key in (*_PER_CHANNEL, "mode"):
            metadata.pop(key, None)
    labels = metadata.get("Labels")
    if labels and len(labels) != int(np.prod(array.shape)) // int(
        np.prod(array.shape[-3:] if contiguous else array.shape[-2:])
    ):
        del metadata["Labels"]
        lost.append("the labels of the planes were left out: their number has changed")
    if picture.spacing is not None:
        unit = picture.unit or "pixel"
        metadata["unit"] = unit.encode("ascii", "backslashreplace").decode()  # as ImageJ does
        if picture.ndim == 3:
            metadata["spacing"] = picture.spacing[0]
    metadata["axes"] = axes
    return Dialect("imagej", array, rgb, contiguous, metadata, tuple(lost))


def _one_ascii_line(key: str, value: object) -> bool:
    """Return whether the entry goes into ImageJ's description, and is not written anew."""
    line = f"{key}={value}"
    return key not in _IMAGEJ_COUNTS and line.isascii() and line.isprintable()


def _ome(picture: Picture, native: Mapping[str, Any], rgb: bool) -> Dialect:
    array, letter, contiguous = _planar(picture, rgb)
    axes = _axes(picture, native)
    metadata: dict[str, Any] = {
        "axes": axes + "S" if letter == "S" else axes[:-2] + letter + "YX",
    }
    unit = {"um": "µm"}.get(picture.unit or "", picture.unit)
    for axis, size in zip(axes, picture.spacing or (), strict=False):
        metadata[f"PhysicalSize{axis}"] = size
        if unit is not None:
            metadata[f"PhysicalSize{axis}Unit"] = unit
    planes = int(np.prod(array.shape[: -3 if letter == "S" else -2]))
    if any(picture.origin or ()):
        metadata["Plane"] = {}
        for axis, place in zip("XYZ", picture.origin or (), strict=False):
            metadata["Plane"][f"Position{axis}"] = [place] * planes
            if unit is not None:
                metadata["Plane"][f"Position{axis}Unit"] = [unit] * planes
    if picture.names and letter == "C":
        metadata["Channel"] = {"Name": list(picture.names)}
    lost: tuple[str, ...] = ()
    if picture.names and letter == "S":
        lost = ("OME-TIFF cannot store the names of the channels of a colour image",)
    return Dialect("ome", array, rgb, contiguous, metadata, lost)
