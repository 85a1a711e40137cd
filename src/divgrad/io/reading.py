"""Read an image file: by its first bytes, not by its name."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from divgrad.errors import ImageReadError
from divgrad.io.codecs import codec, folder_codec, part_codec
from divgrad.io.formats import FORMATS, LONGEST_MARK, Format
from divgrad.io.isolation import Isolation, read_isolated
from divgrad.io.picture import Picture
from divgrad.io.wording import one_line, quoted, shown

# (offset, first bytes, name): known, not read, so that the refusal can name them
_OTHERS = (
    (0, b"GIF8", "GIF"),
    (4, b"jP  ", "JPEG 2000"),
    (4, b"ftyp", "HEIF, AVIF or MP4"),
    (0, b"SIMPLE  =", "FITS"),
    (0, b"8BPS", "PSD"),
    (344, b"ni1", "NIfTI header without its pixels"),
    (0, b"PK\3\4", "zip"),
    (0, b"%PDF", "PDF"),
)
_ZARR = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
_LOOKED_AT = 20  # files of a folder, to tell whether it is a DICOM series
_NEEDED = "save it as PNG, TIFF, OME-Zarr, NIfTI, NRRD or HDF5"


def read(
    path: str | os.PathLike[str], *, max_bytes: int | None = None, isolated: Isolation | None = None
) -> Picture:
    """Read an image file, or a folder that is one image; the content decides how, not the suffix.

    PNG, JPEG, WebP, BMP; TIFF, ImageJ and OME-TIFF; OME-Zarr 0.4 and 0.5; NIfTI, NRRD, MHA; DICOM files and
    series; HDF5; NPY.

    Parameters
    ----------
    path : str or path
        The file, or the folder of an OME-Zarr image or a DICOM series. One of several arrays in an HDF5
        file is named behind it: ``scan.h5/entry/data``.
    max_bytes : int, optional
        Largest size of the decoded pixels that the file may ask for. By default 2 GiB, or four
        times the file's own size if that is more.
    isolated : Isolation, optional
        Decode in a process of its own with these limits, for files that are not trusted.

    Returns
    -------
    Picture
        Pixels as stored, their axes and spacing, and the metadata. An NPY does not say what its
        axes are: they are taken as spatial, and may be four.

    Raises
    ------
    ImageReadError
        If anything is wrong with the file, on one line; nothing else is raised, warned or logged.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> from divgrad.io import read, write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "ramp.png"
    ...     _ = write(path, np.arange(6, dtype=np.uint16).reshape(2, 3))
    ...     picture = read(path)
    >>> picture.array.dtype, picture.array.shape
    (dtype('uint16'), (2, 3))
    """
    name = shown(path)
    kind = "image"
    try:
        place, part = placed(path)
        if isolated is not None:
            return read_isolated(Path(path).absolute(), max_bytes, isolated)
        if _is_folder(place):
            form = _folder_format(place)
            kind = form.name
            return folder_codec(form, ImageReadError).decode_folder(place, max_bytes)
        with _opened(place) as file:
            form = _format(file)
            kind = form.name
            if not part:
                return codec(form, ImageReadError).decode(file, max_bytes)
            if not form.parts:
                raise ImageReadError(
                    f"a {kind} file has no parts such as {part:.30}; name the file"
                )
            return part_codec(form, ImageReadError).decode_part(file, part, max_bytes)
    except ImageReadError as refusal:
        raise ImageReadError(one_line(f"{name}: {refusal}")) from None
    except MemoryError as error:
        raise ImageReadError(
            one_line(f"{name}: not enough memory for this {kind} file; close programs, or cut it")
        ) from error
    except Exception as error:
        # Decoders raise whatever a damaged file leads them into; the caller needs to know one type.
        raise ImageReadError(
            one_line(
                f"{name}: the {kind} file cannot be decoded ({quoted(error)}); "
                "it is damaged or unusual: copy or save it again"
            )
        ) from error


def placed(path: object) -> tuple[Path, str]:
    """Return the file or folder, and what the path names within a file."""
    if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
        raise ImageReadError("a path is needed, as str or pathlib.Path")
    place = Path(path)
    with contextlib.suppress(OSError, ValueError):  # said when it is opened
        for parent in place.parents:
            if parent.is_file():
                return parent, place.relative_to(parent).as_posix()
    return place, ""


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except (OSError, ValueError):  # said when it is opened
        return False


def _opened(place: Path) -> BinaryIO:
    try:
        # Looked at before it is opened: opening a pipe would wait for its other end.
        if stat.S_ISREG(place.stat().st_mode):
            return place.open("rb")
    except FileNotFoundError:
        raise ImageReadError("there is no such file; check the path") from None
    except PermissionError:
        raise ImageReadError("no permission to read it; ask the owner of the file") from None
    except (OSError, ValueError) as error:
        raise ImageReadError(f"cannot be opened ({quoted(error)}); check the path") from None
    raise ImageReadError("it is a device or pipe; give the path of an image file")


def _format(file: BinaryIO) -> Format:
    head = file.read(LONGEST_MARK)
    file.seek(0)
    if not head:
        raise ImageReadError("the file is empty; copy it again")
    for form in FORMATS:
        if any(head[at:].startswith(mark) for at, mark in form.marks):
            return form
    for offset, magic, name in _OTHERS:
        if head[offset:].startswith(magic):
            raise ImageReadError(f"it is a {name} file; {_NEEDED}")
    raise ImageReadError(f"it is no image known here; {_NEEDED}")


def is_picture(folder: Path) -> bool:
    """Whether a folder is read as a picture: an OME-Zarr or a DICOM series."""
    with contextlib.suppress(ImageReadError):
        return bool(_folder_format(folder))
    return False


def _folder_format(folder: Path) -> Format:
    """Return OME-Zarr, or DICOM if one of the first files in the folder is."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
        if any(name in names for name in _ZARR):
            return next(form for form in FORMATS if form.name == "OME-Zarr")
        for name in names[:_LOOKED_AT]:
            with (folder / name).open("rb") as file:
                if file.read(132).endswith(b"DICM"):
                    return next(form for form in FORMATS if form.name == "DICOM")
    except OSError as error:
        raise ImageReadError(f"cannot be opened ({quoted(error)}); check the path") from None
    raise ImageReadError(
        "it is a folder, neither OME-Zarr nor a DICOM series; give the path of an image file"
    )
