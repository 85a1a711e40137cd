"""NIfTI-1 and -2 <-> Picture, plain and packed (.nii.gz), by nibabel."""

from __future__ import annotations

import gzip
import io
import os
from typing import Any, BinaryIO

import nibabel
import numpy as np
from numpy.typing import NDArray

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageReadError
from divgrad.io import lengths, volume_space
from divgrad.io.inflating import GZIP, Inflated, exactly
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture
from divgrad.io.volume_space import Space

_HEADER_BYTES = 540  # of NIfTI-2; NIfTI-1 has 348
_LONGEST_PREFIX = 2**24  # header and extensions
_SCANNER = 1  # code of a matrix: where the scanner says that the volume lies


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in a NIfTI file; scaled as its header says."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    stream = Inflated(file, GZIP) if packed else file
    header = _header(stream.read(_HEADER_BYTES))
    stored = header.get_data_dtype()
    dims = [int(n) for n in header["dim"][1 : 1 + int(header["dim"][0])]]
    rgb = stored.names is not None and stored.names[:3] == ("R", "G", "B")
    if not (rgb or storable(stored)):
        raise ImageReadError(f"the NIfTI holds {stored!s:.40}; readable are {STORABLE}")
    if min(dims, default=0) < 0:
        raise ImageReadError("the NIfTI header is damaged: copy the file again")
    refuse_oversize(dims, stored.itemsize, size, max_bytes)
    offset = float(header["vox_offset"])
    if not 0 <= offset <= _LONGEST_PREFIX:
        raise ImageReadError("the NIfTI header is damaged: its pixels begin nowhere")
    rest = int(offset) - _HEADER_BYTES
    if packed and rest < 0:  # NIfTI-1 without extensions: the pixels begin within what was read
        file.seek(0)
        stream = Inflated(file, GZIP)
        stream.read(int(offset))
    elif packed:
        stream.read(rest)
    else:
        file.seek(int(offset))
    pixels = exactly(stream, tuple(reversed(dims)), stored, "NIfTI")
    array, axes, fourth = _arranged(pixels, dims, rgb)
    array, dropped = _scaled(array, header)
    if rest > 0 and header["magic"] != b"n+2" and int(offset) > 352:
        dropped = (*dropped, "the extensions of the NIfTI header are not kept")
    space, matrix = _space(header, len(axes))
    unit = lengths.unit_name(header.get_xyzt_units()[0].replace("unknown", ""))
    unit = {"micron": "um", "meter": "m"}.get(unit or "", unit)
    factor = lengths.millimetres((1.0,), unit)
    return Picture(
        array,
        channel_axis=-1 if array.ndim > len(axes) else None,
        alpha=rgb and array.shape[-1] == 4,
        spacing=space.spacing,
        unit=unit if factor else None,
        origin=space.origin,
        direction=space.direction,
        axes=axes,
        metadata=Metadata(
            format="NIfTI",
            bits=8 if rgb else 8 * stored.itemsize,
            native={
                "space": tuple(space),
                "matrix": matrix,
                "codes": (int(header["sform_code"]), int(header["qform_code"])),
                "fourth": fourth,
                "rgb": rgb,
                "text": bytes(header["descrip"]),
            },
            dropped=dropped,
        ),
    )


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write a 2-D image or a volume; packed if the file's name ends so."""
    array, meta = picture.array, picture.metadata
    native = meta.native if meta.format == "NIfTI" else {}
    space, lost = volume_space.to_itk(picture)
    known = native.get("space") == (picture.spacing, picture.origin, picture.direction)
    matrix = native["matrix"] if known else volume_space.affine(space, picture.ndim)
    data: NDArray[Any] = array[None] if picture.ndim == 2 else array
    if picture.channel_axis is not None:
        if native.get("rgb") and array.dtype == np.uint8 and array.shape[-1] in (3, 4):
            kinds = [(name, "u1") for name in "RGBA"[: array.shape[-1]]]
            data = np.ascontiguousarray(data).view(np.dtype(kinds))[..., 0]
        else:
            data = np.moveaxis(data, -1, 0)
            data = data if native.get("fourth") else data[:, None]
    number = 2 if max(data.shape) > 32767 else 1
    make = nibabel.Nifti2Image if number == 2 else nibabel.Nifti1Image
    image = make(data.T, matrix, dtype=data.dtype)
    codes = native.get("codes", (_SCANNER, _SCANNER)) if known else (_SCANNER, _SCANNER)
    image.set_sform(matrix, codes[0])
    if codes[1]:
        image.set_qform(matrix, codes[1])
    image.header["descrip"] = native.get("text", b"")
    measured = picture.unit is not None and space.spacing is not None
    image.header.set_xyzt_units("mm" if measured else "unknown")
    if data.ndim == 5:
        image.header.set_intent("vector")
    if not str(getattr(file, "name", "")).endswith(".gz"):
        image.to_stream(file)
        return lost
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=3, mtime=0) as packed:
        image.to_stream(packed)
    return lost


def _header(head: bytes) -> Any:
    """Return the header, of either version and byte order."""
    order = "little" if int.from_bytes(head[:4], "little") in (348, 540) else "big"
    length = int.from_bytes(head[:4], order)  # type: ignore[arg-type]
    kind = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}.get(length)
    mark = head[344:346] if length == 348 else head[4:6]
    if kind is None or len(head) < length or mark != b"n+":
        raise ImageReadError("it holds no NIfTI image; if it is packed, unpack it")
    header = kind.from_fileobj(io.BytesIO(head[:length]), check=False)
    if not 1 <= int(header["dim"][0]) <= 7:
        raise ImageReadError("the NIfTI header is damaged: copy the file again")
    return header


def _arranged(pixels: NDArray[Any], dims: list[int], rgb: bool) -> tuple[NDArray[Any], str, bool]:
    """Return ([plane,] row, col[, channel]), the letters of its space, and whether channels are the fourth axis."""
    dims = dims + [1] * (3 - len(dims))
    further = [n for n, count in enumerate(dims) if n >= 3 and count > 1]
    if len(further) > 1 or (further and rgb):
        raise ImageReadError(
            f"the NIfTI has the extents {dims}; needed are x, y, z and at most one more; save a part of it"
        )
    axes = "ZYX" if dims[2] > 1 else "YX"
    space = tuple(reversed(dims[:3]))[3 - len(axes) :]
    native = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("="))
    if rgb:
        return native.view(np.uint8).reshape(*space, -1), axes, False
    if not further:
        return native.reshape(space), axes, False
    channels = native.reshape(dims[further[0]], *space)
    return np.ascontiguousarray(np.moveaxis(channels, 0, -1)), axes, further[0] == 3


def _scaled(array: NDArray[Any], header: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return real values, as the header scales the stored ones."""
    slope, inter = float(header["scl_slope"]), float(header["scl_inter"])
    inter = inter if np.isfinite(inter) else 0.0
    if slope == 0 or not np.isfinite(slope) or (slope, inter) == (1.0, 0.0):
        return array, ()
    wide = (array.dtype.itemsize > 2 and array.dtype.kind in "iu") or array.dtype == np.float64
    kind = np.dtype(np.float64 if wide else np.float32)
    scaled = array.astype(kind) * kind.type(slope) + kind.type(inter)
    return scaled, (f"the stored {array.dtype} values were scaled to {kind}, as the header says",)


def _space(header: Any, ndim: int) -> tuple[Space, NDArray[Any]]:
    matrix = np.asarray(header.get_best_affine(), float)
    spacing = tuple(float(h) for h in header["pixdim"][1 : 1 + ndim])
    if not (int(header["sform_code"]) or int(header["qform_code"])):
        return volume_space.from_itk(spacing, (), (), ndim), matrix
    lps = np.diag([-1.0, -1.0, 1.0]) @ matrix[:3]
    sizes = np.linalg.norm(lps[:, :ndim], axis=0)
    vectors = (lps[:, :ndim] / np.where(sizes > 0, sizes, 1)).T
    return volume_space.from_itk(tuple(sizes), tuple(lps[:, 3]), vectors.tolist(), ndim), matrix
