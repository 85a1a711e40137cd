"""TIFF -> Picture: single pages, stacks, ImageJ and OME, 1 to 64 bits, integer and floating."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from divgrad.dtypes import STORABLE, storable
from divgrad.errors import ImageReadError
from divgrad.io import exif, tiff_metadata
from divgrad.io.limits import refuse_oversize, refuse_piece
from divgrad.io.picture import Metadata, Picture
from divgrad.io.quiet import quiet
from divgrad.io.tiff_pages import count_pages, refuse_missing_pixels, refuse_other_sizes

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_JPEG = {6, 7, 33007, 34892}  # whose decoder turns YCbCr into RGB
_CONTIGUOUS = 1
_ALPHA = {1, 2}  # associated (colour multiplied by it) and unassociated


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in a TIFF; pages of one shape and dtype make a stack."""
    from tifffile import TiffFile

    size = file.seek(0, os.SEEK_END)
    pages = count_pages(file)
    # Micro-Manager and NDTiff data sets would be sought in other files; their own pages suffice.
    with quiet(), TiffFile(file, is_mmstack=False, is_ndtiff=False) as tif:
        if tiff_metadata.names_other_files(tif):
            tif.is_ome = False  # tifffile would open them; only our own pages are read
        series = _only_series(tif, pages)
        page = series.keyframe
        if page.dtype is None or not storable(np.dtype(page.dtype)):
            bits = f"{page.bitspersample} bits, sample format {int(page.sampleformat)}"
            raise ImageReadError(f"the TIFF holds samples of {bits}; readable are {STORABLE}")
        _refuse_colour_space(page)
        if page.bitspersample == 1 and page.samplesperpixel > 1:
            raise ImageReadError("the TIFF has channels of one bit; convert it to 8 bits")
        refuse_oversize(series.shape, page.dtype.itemsize, size, max_bytes)
        if page.is_tiled:
            samples = page.samplesperpixel if page.planarconfig == _CONTIGUOUS else 1
            piece = (page.tiledepth, page.tilelength, page.tilewidth, samples)
            refuse_piece(piece, series.shape, page.dtype.itemsize)
        refuse_missing_pixels(series, size)
        refuse_other_sizes(file, series)
        array = series.asarray()
        if array.shape != series.shape:
            raise ImageReadError(f"the TIFF decodes to the shape {array.shape}, not {series.shape}")
        array, axes = _arranged(array, series.axes)
        dropped = tiff_metadata.dropped(tif, series)
        if page.photometric == _PALETTE and series.kind != "imagej":
            array, axes = _expanded(array, page), axes if axes[-1] == "S" else axes + "S"
            dropped += ("the palette of the TIFF was expanded to colour",)
        spatial = axes.rstrip("SC")
        sizes = tiff_metadata.pixel_size(tif, series, spatial)
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        names = tiff_metadata.ome_names(tif) if axes[-1] in "SC" else ()
        measured = sizes.spacing is not None and sizes.calibrated
        return Picture(
            array,
            channel_axis=-1 if axes[-1] in "SC" else None,
            alpha=axes[-1] == "S" and bool(page.extrasamples) and page.extrasamples[-1] in _ALPHA,
            spacing=sizes.spacing,
            unit=sizes.unit,
            calibrated=sizes.calibrated,
            origin=tiff_metadata.ome_place(tif, spatial, sizes.unit) if measured else None,
            names=names if len(names) == array.shape[-1] else (),
            axes=spatial,
            metadata=Metadata(
                format="TIFF",
                bits=int(page.bitspersample),
                icc=page.tags.valueof(34675),
                exif=_exif_block(file, tif),
                native=tiff_metadata.native(tif, series, axes),
                dropped=dropped,
            ),
        )


def _only_series(tif: Any, pages: int) -> Any:
    """Return tifffile's one series of pages, overviews and masks left aside."""
    if tif.is_shaped and len(tif.series) > 1:  # pages were appended, each with its own shape
        tif.is_shaped = False
        del tif.series
    series = [
        s
        for s in tif.series
        if not (s.keyframe.is_subifd or s.keyframe.is_reduced or s.keyframe.is_mask)
    ]
    if not series:
        raise ImageReadError("the TIFF holds overviews or masks only, no image; save it again")
    if len(series) > 1:
        shapes = " and ".join(f"{s.keyframe.shape} {s.keyframe.dtype}" for s in series[:2])
        raise ImageReadError(
            f"the {pages} pages of the TIFF differ, as {shapes}; save pages that agree as one file"
        )
    description = tif.imagej_metadata or {}
    if description and series[0].kind != "imagej":
        # tifffile falls back to what it finds when the planes that ImageJ announces are not there
        planes = description.get("images", 1)
        if not isinstance(planes, int) or planes > pages:
            raise ImageReadError(
                f"the TIFF announces {planes} planes but holds {pages}: "
                "it is damaged or cut short, copy it again"
            )
    return series[0]


def _refuse_colour_space(page: Any) -> None:
    space = page.photometric
    if space in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        return
    if space == _PALETTE and page.colormap is not None and page.dtype.kind in "bu":
        return
    if space == _YCBCR and page.compression in _JPEG:
        return
    name = getattr(space, "name", str(space))
    raise ImageReadError(f"the TIFF is in the colour space {name}; convert it to grey or RGB")


def _arranged(array: NDArray[Any], axes: str) -> tuple[NDArray[Any], str]:
    """Return `array` as ([plane,] row, col[, channel]) and the letters of its axes."""
    given = axes
    keep = [n for n, a in enumerate(axes) if array.shape[n] > 1 or a in "YX"]
    array = array.reshape([array.shape[n] for n in keep])
    axes = "".join(axes[n] for n in keep)
    channel = "S" if "S" in axes else "C" if "C" in axes else ""
    planes = axes.replace(channel, "").removesuffix("YX")
    if not axes.replace(channel, "").endswith("YX") or len(planes) > 1 or planes in ("S", "C"):
        raise ImageReadError(
            f"the TIFF has the axes {given}; needed are at most plane, row, col and channel: "
            "save one time point or channel"
        )
    if channel:
        array = np.moveaxis(array, axes.index(channel), -1)
    return array, planes + "YX" + channel


def _expanded(array: NDArray[Any], page: Any) -> NDArray[Any]:
    """Return colours for the palette indices in `array`, whose last axis may add opacity."""
    colours = np.moveaxis(np.asarray(page.colormap), 0, -1)
    # A palette has 16 bits per colour; writers either repeat an 8-bit value or pad it with zeros.
    low, high = colours & 255, colours >> 8
    if np.all((low == 0) | (low == high)):
        colours = high.astype(np.uint8)
    if array.shape[-1:] == (2,) and page.samplesperpixel == 2:
        opacity = array[..., 1:].astype(colours.dtype)
        if colours.dtype == np.uint16 and array.dtype == np.uint8:
            opacity *= 257
        return np.concatenate([colours[array[..., 0]], opacity], axis=-1)
    if page.samplesperpixel != 1:
        raise ImageReadError("the TIFF mixes a palette with channels; convert it to RGB")
    expanded: NDArray[Any] = colours[array.astype(np.intp)]
    return expanded


def _exif_block(file: BinaryIO, tif: Any) -> bytes | None:
    """Return what describes the picture, and its EXIF directories, as one block."""
    if tif.is_bigtiff:  # its directories have another layout, and no camera writes it
        return None

    def fetch(at: int, length: int) -> bytes:
        file.seek(at)
        return file.read(length)

    keep = (exif.DESCRIPTIVE - {270}) | exif.POINTERS
    directory = exif.gather(fetch, tif.byteorder, tif.pages.first.offset, keep)
    return exif.block(directory, tif.byteorder) if directory else None
