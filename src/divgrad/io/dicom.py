"""DICOM -> Picture: a file, or the files of one series in a folder, by pydicom; read only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pydicom
from numpy.typing import NDArray

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageReadError
from divgrad.io import dicom_pixels, dicom_space, volume_space
from divgrad.io.clamped import Clamped
from divgrad.io.inflating import RAW, Inflated
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture
from divgrad.io.quiet import silent

_MOST_FILES = 20_000
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_MOST_DEFLATED = 2**26


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in a DICOM file: one frame, or frames as planes."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    with silent("pydicom"):
        _refuse_bomb(file, size, max_bytes)
        data = pydicom.dcmread(Clamped(file))
        shape, stored = dicom_pixels.declared(data)
        refuse_oversize(shape, stored.itemsize, size, max_bytes)
        array = dicom_pixels.decoded(data, shape)
        array, dropped = dicom_pixels.scaled(array, data)
        return _picture([data], array, dropped, dicom_space.of_file(data))


def decode_folder(folder: Path, max_bytes: int | None = None) -> Picture:
    """Return the volume of the one series in a folder, its planes in the order of their places."""
    with silent("pydicom"):
        slices = _series(folder)
        first = slices[0][1]
        shape, stored = dicom_pixels.declared(first)
        whole = (len(slices), *shape)
        refuse_oversize(whole, stored.itemsize, 0, max_bytes)
        volume: NDArray[Any] | None = None
        dropped: tuple[str, ...] = ()
        for number, (path, head) in enumerate(slices):
            with path.open("rb") as file:
                data = pydicom.dcmread(Clamped(file))
            if dicom_pixels.declared(data)[0] != shape:
                raise ImageReadError(
                    f"{path.name:.30} has another size than the first of the series"
                )
            plane, dropped = dicom_pixels.scaled(dicom_pixels.decoded(data, shape), head)
            if volume is None:
                volume = np.empty((len(slices), *plane.shape), plane.dtype)
            elif not np.can_cast(plane.dtype, volume.dtype):
                volume = volume.astype(np.result_type(plane.dtype, volume.dtype))
            volume[number] = plane
        assert volume is not None  # a series has a first file
        heads = [head for _, head in slices]
        if len(heads) == 1:
            return _picture(heads, volume[0], dropped, dicom_space.of_file(first))
        return _picture(heads, volume, dropped, dicom_space.of_series(heads))


def _refuse_bomb(file: BinaryIO, size: int, max_bytes: int | None) -> None:
    """Raise if a data set that is deflated as a whole unpacks to far more than its size; pydicom has no limit."""
    file.seek(132)
    head = file.read(2**12)
    if _DEFLATED in head:
        file.seek(144 + int.from_bytes(head[8:12], "little"))
        most = max_bytes or max(_MOST_DEFLATED, 16 * size)
        stream, count = Inflated(file, RAW), 0
        room = np.empty(2**20, np.uint8)
        while (got := stream.fill(room).size) > 0:
            count += got
            if count > most:
                raise ImageReadError(
                    f"it unpacks to over {most:,} bytes; if you trust the file, raise max_bytes"
                )
    file.seek(0)


def _series(folder: Path) -> list[tuple[Path, Any]]:
    """Return the files of the only series, with their headers, sorted along the volume."""
    series: dict[str, list[tuple[Path, Any]]] = {}
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    if len(paths) > _MOST_FILES:
        raise ImageReadError(f"the folder holds over {_MOST_FILES:,} files; give one series")
    for path in paths:
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM":
                continue
            _refuse_bomb(file, path.stat().st_size, None)
            head = pydicom.dcmread(Clamped(file), stop_before_pixels=True)
        if "Rows" in head:  # not a report, not the index of the disc
            series.setdefault(str(head.get("SeriesInstanceUID", "")), []).append((path, head))
    if not series:
        raise ImageReadError("the folder holds DICOM files, but no images; give another folder")
    if len(series) > 1:
        numbers = ", ".join(f"{len(found)} files" for found in list(series.values())[:3])
        raise ImageReadError(
            f"the folder holds {len(series)} series ({numbers}, ...); put one into a folder of its own"
        )
    return dicom_space.ordered(next(iter(series.values())))


def _picture(
    heads: list[Any], array: NDArray[Any], dropped: tuple[str, ...], space: volume_space.Space
) -> Picture:
    head = heads[0]
    if not storable(array.dtype):
        raise ImageReadError(f"the DICOM holds {array.dtype}; readable are {STORABLE}")
    channels = int(head.get("SamplesPerPixel", 1)) > 1 or dicom_pixels.has_palette(head)
    axes = array.ndim - channels
    dropped += ("the texts of the DICOM header (patient, examination) are not kept",)
    return Picture(
        np.ascontiguousarray(array, array.dtype.newbyteorder("=")),
        channel_axis=-1 if channels else None,
        spacing=space.spacing if space.spacing and len(space.spacing) == axes else None,
        unit="mm" if space.spacing and len(space.spacing) == axes else None,
        origin=space.origin,
        direction=space.direction if space.direction and len(space.direction) == axes else None,
        axes="ZYX"[3 - axes :],
        metadata=Metadata(
            format="DICOM",
            bits=int(head.get("BitsStored", 8 * array.itemsize)),
            icc=bytes(head.ICCProfile) if "ICCProfile" in head else None,
            dropped=dropped,
        ),
    )
