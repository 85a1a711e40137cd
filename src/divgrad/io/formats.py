"""The table of file formats: one file in this room and one line here make one format."""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple

_ALL = frozenset({"spacing", "origin", "direction", "names", "icc", "exif"})


class Format(NamedTuple):
    """A file format: how it is recognised, and what it can hold; None stands for everything.

    `marks` are (offset, first bytes); `keeps` says what of a `Picture` goes into a file; `extra` is what
    of divgrad is to be installed for it. Its module ``divgrad.io.<module>`` has ``decode`` and ``encode``.
    """

    name: str
    module: str
    suffixes: tuple[str, ...]
    marks: tuple[tuple[int, bytes], ...] = ()
    keeps: frozenset[str] = _ALL
    dtypes: tuple[str, ...] | None = None
    channels: tuple[int, ...] | None = None
    planes: bool = True
    writes: bool = True
    folder: bool = False
    parts: bool = False
    extra: str = ""


_PRINT = frozenset({"spacing", "icc", "exif"})
_PLACE = frozenset({"spacing", "origin", "direction"})
_GREYS = ("bool", "uint8", "uint16")
_NIFTI = (
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"
)  # fmt: skip
_TIFF = tuple((0, mark) for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))
_NII = ((344, b"n+"), (4, b"n+"), (0, b"\x1f\x8b"))
_HDF5 = tuple((at, b"\x89HDF\r\n\x1a\n") for at in (0, 512, 1024, 2048))
_MHA = tuple((0, word + b" =") for word in (b"ObjectType", b"NDims", b"Comment"))

#: Every format. The first whose mark fits counts: a DICOM file may begin like a TIFF.
FORMATS: tuple[Format, ...] = (
    Format("DICOM", "dicom", (".dcm",), ((128, b"DICM"),), writes=False, folder=True, extra="formats"),
    Format("PNG", "png", (".png",), ((0, b"\x89PNG\r\n\x1a\n"),), _PRINT, _GREYS, (1, 2, 3, 4), False),
    Format("JPEG", "jpeg", (".jpg", ".jpeg"), ((0, b"\xff\xd8\xff"),), _PRINT, ("uint8",), (1, 3), False),
    Format("TIFF", "tiff", (".tif", ".tiff"), _TIFF, _ALL - {"direction"}),
    Format("NPY", "npy", (".npy",), ((0, b"\x93NUMPY"),), frozenset()),
    Format("WebP", "webp", (".webp",), ((8, b"WEBP"),), _PRINT - {"spacing"}, ("uint8",), (3, 4), False),
    Format("NIfTI", "nifti", (".nii.gz", ".nii"), _NII, _PLACE, _NIFTI, extra="formats"),
    Format("NRRD", "nrrd", (".nrrd",), ((0, b"NRRD000"),), _PLACE, _NIFTI, extra="formats"),
    Format("MHA", "mha", (".mha",), _MHA, _PLACE, _NIFTI),
    Format("HDF5", "hdf5", (".h5", ".hdf5"), _HDF5, _ALL, parts=True, extra="formats"),
    Format("OME-Zarr", "zarr", (".zarr",), (), _ALL, folder=True, extra="formats"),
    Format("BMP", "bmp", (".bmp",), ((0, b"BM"),), frozenset({"spacing"}), ("bool", "uint8"), (1, 3), False),
)  # fmt: skip

#: Suffix -> format that is written under it.
WRITTEN = {suffix: form for form in FORMATS if form.writes for suffix in form.suffixes}
#: What a source is written as that is read only, or is a folder of files.
INSTEAD = ".nii.gz"
LONGEST_MARK = max(at + len(mark) for form in FORMATS for at, mark in form.marks)


def suffix_of(path: PurePath) -> str:
    """Return the suffix of a path, with both parts of one such as ``.nii.gz``.

    >>> suffix_of(PurePath("a/brain.v2.nii.gz")), suffix_of(PurePath("my.cells.tif"))
    ('.nii.gz', '.tif')
    """
    double = "".join(path.suffixes[-2:])
    return double if double.lower() in WRITTEN else path.suffix


def stem_of(path: PurePath) -> str:
    """Return the name of a path without its suffix.

    >>> stem_of(PurePath("a/brain.v2.nii.gz"))
    'brain.v2'
    """
    return path.name.removesuffix(suffix_of(path))
