"""Write an image file, with what its source said of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageWriteError
from divgrad.io.codecs import codec, folder_codec
from divgrad.io.fitting import fitted
from divgrad.io.formats import WRITTEN, Format, suffix_of
from divgrad.io.picture import Picture
from divgrad.io.replacing import write_whole, write_whole_folder
from divgrad.io.wording import one_line, quoted, shown

suffixes: tuple[str, ...] = tuple(WRITTEN)
_EXISTS = "the file exists; give another name, or allow overwriting"


def write(
    path: str | os.PathLike[str],
    array: NDArray[Any],
    *,
    like: Picture | None = None,
    channel_axis: int | None = None,
    overwrite: bool = True,
) -> list[str]:
    """Write an image whole or not at all; the suffix of `path` says in which format.

    The file is written under a temporary name beside `path` and then moved there in one step: on
    any failure the file that was there is untouched, and nothing is left behind.

    Parameters
    ----------
    path : str or path
        Where to; `suffixes` lists the endings known. TIFF, OME-Zarr and HDF5 store every real dtype and
        stacks; NIfTI, NRRD and MHA the place of a volume in space, too; PNG bool, uint8 and uint16; JPEG,
        BMP and WebP (lossless) uint8.
    array : ndarray
        Image ([plane,] row, col[, channel]). Its dtype must fit the format: see `to_dtype`.
    like : Picture, optional
        The picture that the image was made from: spacing, colour profile, EXIF and so on are taken
        from it. Its array is not looked at.
    channel_axis : None or -1
        -1 if the last axis holds channels. By default that of `like`, if it has as many axes.
    overwrite : bool
        Whether a file may be replaced.

    Returns
    -------
    list of str
        A sentence for each thing that could not be kept.

    Raises
    ------
    ImageWriteError
        If the format cannot hold the image, or the disk refuses; on one line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> image = np.zeros((2, 3), np.float32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(pathlib.Path(folder) / "zero.tif", image)
    []
    """
    name = shown(path)
    try:
        target, form = _target(path, overwrite)
        picture, lost = fitted(np.asarray(array), like, channel_axis, form)
        if form.folder:
            fill = folder_codec(form, ImageWriteError).encode_folder
            return lost + write_whole_folder(target, lambda at: fill(at, picture), overwrite)
        encode = codec(form, ImageWriteError).encode
        return lost + write_whole(target, lambda file: encode(file, picture), overwrite)
    except ImageWriteError as refusal:
        raise ImageWriteError(one_line(f"{name}: {refusal}")) from None
    except FileExistsError:
        raise ImageWriteError(one_line(f"{name}: {_EXISTS}")) from None
    except OSError as error:
        reason = error.strerror or quoted(error)
        raise ImageWriteError(
            one_line(f"{name}: cannot be written ({reason}); choose another folder or free space")
        ) from error
    except Exception as error:
        raise ImageWriteError(
            one_line(f"{name}: cannot be encoded ({quoted(error)}); write .npy instead")
        ) from error


def _target(path: object, overwrite: bool) -> tuple[Path, Format]:
    if not isinstance(path, str | os.PathLike):
        raise ImageWriteError("a path is needed, as str or pathlib.Path")
    target = Path(path)
    form = WRITTEN.get(suffix_of(target).lower())
    if form is None:
        known = ", ".join(suffixes)
        raise ImageWriteError(f"the suffix {target.suffix!r:.20} is unknown; use one of {known}")
    if not target.parent.is_dir():
        raise ImageWriteError("its folder does not exist; make it first")
    if Path(os.path.realpath(target)).is_symlink():  # what is left of a link when all are followed
        raise ImageWriteError("it is a link to itself; remove it")
    if target.exists():
        if not overwrite:
            raise ImageWriteError(_EXISTS)
        if not (_is_zarr(target) if form.folder else target.is_file()):
            raise ImageWriteError("it exists and is no regular file; give another name")
    return target, form


def _is_zarr(target: Path) -> bool:
    """Return whether a folder may be replaced: it is an image, not just any folder."""
    return target.is_dir() and any((target / name).is_file() for name in ("zarr.json", ".zgroup"))
