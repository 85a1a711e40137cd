"""Read an image file: by its first bytes, not by its name."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from divgrad.errors import ImageReadError
from divgrad.io.codecs import codec
from divgrad.io.picture import Picture
from divgrad.io.wording import one_line, quoted, shown

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\x93NUMPY": "NPY",
}
# (offset, first bytes, name): known, not read, so that the refusal can name them
_OTHERS = (
    (128, b"DICM", "DICOM"),
    (8, b"WEBP", "WebP"),
    (0, b"BM", "BMP"),
    (0, b"GIF8", "GIF"),
    (4, b"jP  ", "JPEG 2000"),
    (4, b"ftyp", "HEIF, AVIF or MP4"),
    (0, b"\x89HDF", "HDF5"),
    (0, b"SIMPLE  =", "FITS"),
    (0, b"8BPS", "PSD"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"PK\3\4", "zip"),
    (0, b"%PDF", "PDF"),
)
_LONGEST_MAGIC = 132


def read(path: str | os.PathLike[str], *, max_bytes: int | None = None) -> Picture:
    """Read a PNG, JPEG, TIFF or NPY file; the content decides which, not the suffix.

    Parameters
    ----------
    path : str or path
        The file.
    max_bytes : int, optional
        Largest size of the decoded pixels that the file may ask for. By default 2 GiB, or four
        times the file's own size if that is more.

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
        with _opened(path) as file:
            kind = _format(file)
            return codec(kind).decode(file, max_bytes)
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


def _opened(path: object) -> BinaryIO:
    if not isinstance(path, str | os.PathLike):
        raise ImageReadError("a path is needed, as str or pathlib.Path")
    try:
        # Looked at before it is opened: opening a pipe would wait for its other end.
        mode = Path(path).stat().st_mode
        if stat.S_ISREG(mode):
            return Path(path).open("rb")
    except FileNotFoundError:
        raise ImageReadError("there is no such file; check the path") from None
    except PermissionError:
        raise ImageReadError("no permission to read it; ask the owner of the file") from None
    except (OSError, ValueError) as error:
        raise ImageReadError(f"cannot be opened ({quoted(error)}); check the path") from None
    what = "a folder" if stat.S_ISDIR(mode) else "a device or pipe"
    raise ImageReadError(f"it is {what}; give the path of an image file")


def _format(file: BinaryIO) -> str:
    head = file.read(_LONGEST_MAGIC)
    file.seek(0)
    if not head:
        raise ImageReadError("the file is empty; copy it again")
    for magic, found in _MAGIC.items():
        if head.startswith(magic):
            return found
    for offset, magic, name in _OTHERS:
        if head[offset:].startswith(magic):
            raise ImageReadError(
                f"it is a {name} file; needed is PNG, JPEG, TIFF or NPY: convert it"
            )
    raise ImageReadError("it is no image known here; needed is PNG, JPEG, TIFF or NPY: convert it")
