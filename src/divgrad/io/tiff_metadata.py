"""What a TIFF says of itself, in the dialects of ImageJ, OME and tifffile."""

from __future__ import annotations

import html
import math
import re
from typing import Any, NamedTuple

from divgrad.io import exif, lengths

# Kept word by word, as raw bytes: text, XMP, IPTC, Photoshop, geographic reference, Micro-Manager.
KEPT_TAGS = (exif.DESCRIPTIVE - {270}) | {
    285,
    700,
    33550,
    33723,
    33922,
    34264,
    34377,
    34735,
    34736,
    34737,
    42112,
    42113,
    51123,
}
# EXIF, ICC and ImageJ's own go by other ways.
_HANDLED = KEPT_TAGS | exif.POINTERS | {34675, 50838, 50839}
_FIRST_PRIVATE = 32768
_LONGEST_TAG = 2**26
_MM_PER_UNIT = {2: 25.4, 3: 10.0, 4: 1.0, 5: 1e-3}  # ResolutionUnit: inch, cm, mm, um


class PixelSize(NamedTuple):
    """Spacing along every spatial axis, its unit, and whether it was measured."""

    spacing: tuple[float, ...] | None = None
    unit: str | None = None
    calibrated: bool = False


def pixel_size(tif: Any, series: Any, axes: str) -> PixelSize:
    """Return the pixel size along `axes` (such as ``"ZYX"``), where all of them are known."""
    if series.kind == "imagej":
        size = _imagej(tif, axes)
    elif (tif.pages.first.description or "").endswith("OME>"):
        size = _ome(tif.pages.first.description, axes)
    else:
        size = _stated(tif, axes)
    if size is not None:
        return size
    if axes != "YX":
        # The print resolution of a stack says nothing about the distance of its planes.
        return PixelSize()
    x, y, unit = resolution(tif) or (0, 0, 0)
    if unit in _MM_PER_UNIT:
        spacing = lengths.from_density(x, y, _MM_PER_UNIT[unit])
        return PixelSize(spacing, None if spacing is None else "mm", False)
    return PixelSize(lengths.from_aspect(x, y), None, False)


def resolution(tif: Any) -> tuple[float, float, int] | None:
    """Return the tags XResolution, YResolution and ResolutionUnit, if they are sound."""
    tags = tif.pages.first.tags
    try:
        x, y = (n / d for n, d in (tags.valueof(282), tags.valueof(283)))
        unit = int(tags.valueof(296, 2))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return None if lengths.sound(x, y) is None else (x, y, unit)


def _imagej(tif: Any, axes: str) -> PixelSize | None:
    """ImageJ: resolution tags in pixels per `unit`, and `spacing` between planes."""
    meta = tif.imagej_metadata or {}
    unit = lengths.unit_name(meta.get("unit", ""))
    x, y, _ = resolution(tif) or (1.0, 1.0, 1)
    planes = {"": (), "Z": (meta.get("spacing", 1.0),)}.get(axes[:-2])
    spacing = None if planes is None else lengths.sound(*planes, 1 / y, 1 / x)
    if spacing is None or (unit is None and "spacing" not in meta):
        return None
    if unit == "inch":  # ImageJ's way to keep a print resolution
        return PixelSize(lengths.millimetres(spacing, unit), "mm", len(spacing) == 3)
    return PixelSize(spacing, unit, True)


def _ome(xml: str, axes: str) -> PixelSize | None:
    """OME: attributes of the first Pixels element; micrometres where no unit is given."""
    element = re.search(r"<(?:\w+:)?Pixels\b[^>]*>", xml)
    if element is None:
        return None
    said = dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', element.group()))
    spacing = lengths.sound(*(said.get(f"PhysicalSize{a}") for a in axes))
    units = {lengths.unit_name(said.get(f"PhysicalSize{a}Unit", "um")) for a in axes}
    if spacing is None:
        return None
    if len(units) == 1:
        return PixelSize(spacing, units.pop(), True)
    each = [
        lengths.millimetres((h,), lengths.unit_name(said.get(f"PhysicalSize{a}Unit", "um")))
        for a, h in zip(axes, spacing, strict=True)
    ]
    return PixelSize(tuple(h[0] for h in each if h), "mm", True) if all(each) else None


def ome_place(tif: Any, axes: str, unit: str | None) -> tuple[float, ...] | None:
    """Return where the first pixel lies, (x, y[, z]) in `unit`, if the description says so."""
    plane = re.search(r"<(?:\w+:)?Plane\b[^>]*>", _ome_text(tif))
    said = dict(re.findall(r'(\w+)\s*=\s*"([^"]*)"', plane.group())) if plane else {}
    place = []
    for letter in "XYZ"[: len(axes)]:
        try:
            value = float(said[f"Position{letter}"])
        except (KeyError, ValueError):
            return None
        own = lengths.unit_name(said.get(f"Position{letter}Unit", ""))
        if own != unit:
            here, there = (lengths.millimetres((1.0,), u) for u in (own, unit))
            if here is None or there is None:
                return None
            value *= here[0] / there[0]
        place.append(value)
    return tuple(place) if all(map(math.isfinite, place)) and any(place) else None


def ome_names(tif: Any) -> tuple[str, ...]:
    """Return the names of the channels, if the description gives every one."""
    tags = re.findall(r"<(?:\w+:)?Channel\b([^>]*)>", _ome_text(tif))
    found = [re.search(r'\bName\s*=\s*"([^"]*)"', tag) for tag in tags]
    return tuple(html.unescape(name[1]) for name in found if name) if all(found) else ()


def _ome_text(tif: Any) -> str:
    text = tif.pages.first.description or ""
    return text if text.endswith("OME>") else ""


def _stated(tif: Any, axes: str) -> PixelSize | None:
    """Look into the JSON description, which we write where ImageJ cannot hold the dtype."""
    said: dict[str, Any] = (tif.shaped_metadata or ({},))[0]
    values = said.get("spacing")
    if not isinstance(values, list) or len(values) != len(axes):
        return None
    spacing = lengths.sound(*values)
    return (
        None
        if spacing is None
        else PixelSize(spacing, lengths.unit_name(said.get("unit", "")), True)
    )


def native(tif: Any, series: Any, axes: str) -> dict[str, Any]:
    """Return what only a TIFF can take."""
    page = tif.pages.first
    return {
        "kind": series.kind,
        "axes": axes,
        "dtype": series.dtype.newbyteorder("=").str,
        "photometric": int(page.photometric),
        "compressed": int(page.compression) != 1,
        "extrasamples": tuple(int(e) for e in page.extrasamples),
        "description": page.description if series.kind in ("uniform", "generic") else "",
        "imagej": dict(tif.imagej_metadata or {}) if series.kind == "imagej" else {},
        "colormap": page.colormap if series.kind == "imagej" else None,
        "resolution": resolution(tif),
        "order": tif.byteorder,
        "levels": len(series.levels),
        "tile": tuple(page.chunks[:2]) if page.is_tiled and page.planarconfig == 1 else None,
        "tags": tuple(_raw(tif, tag) for tag in page.tags if tag.code in KEPT_TAGS),
    }


def _raw(tif: Any, tag: Any) -> tuple[int, int, int, bytes]:
    tif.filehandle.seek(tag.valueoffset)
    value = tif.filehandle.read(min(tag.valuebytecount, _LONGEST_TAG))
    return tag.code, int(tag.dtype), tag.count, value


def names_other_files(tif: Any) -> bool:
    """Return whether the OME description counts planes of other files among its own."""
    xml = (tif.ome_metadata or "") if tif.is_ome else ""
    root = re.search(r'<(?:\w+:)?OME\b[^>]*\bUUID\s*=\s*"([^"]*)"', xml)
    parts = re.findall(r"<(?:\w+:)?UUID\b([^>]*)>([^<]*)<", xml)
    return any(
        (root is None or uuid.strip() != root[1]) and f'"{tif.filename}"' not in name
        for name, uuid in parts
    )


def dropped(tif: Any, series: Any) -> tuple[str, ...]:
    """Return a sentence for each thing in the file that is not taken along."""
    lost = []
    if len(tif.series) > 1:
        lost.append("the overviews in the TIFF were left aside")
    elif len(series.levels) > 1:
        lost.append("the overviews in the TIFF are made anew, of means")
    private = sorted({t.code for t in tif.pages.first.tags if t.code >= _FIRST_PRIVATE} - _HANDLED)
    if private:
        lost.append("the TIFF tags " + ", ".join(map(str, private[:8])) + " are not understood")
    if tif.is_bigtiff and not exif.POINTERS.isdisjoint(t.code for t in tif.pages.first.tags):
        lost.append("the EXIF and GPS entries of a BigTIFF are not kept")
    if len(tif.pages) > 1:
        said = tif.pages.get(1).description or ""  # of all pages it would take long
        if said and said != tif.pages.first.description:
            lost.append("the descriptions of single pages are not kept")
    if (tif.pages.first.description or "").endswith("OME>"):
        lost.append(
            "of the OME description only axes, voxel size, position and channel names are kept"
        )
    return tuple(lost)
