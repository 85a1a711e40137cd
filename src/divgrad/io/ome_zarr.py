"""OME-Zarr 0.4 and 0.5: what the attributes of a group say of its arrays, and the attributes to write.

The functions take and return what Zarr keeps as JSON, and read no pixels: whoever reads piece by piece
understands a group by the same lines as `divgrad.io.read`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from divgrad.errors import ImageReadError
from divgrad.io import lengths

VERSION = "0.5"
_UNITS = {"um": "micrometer", "nm": "nanometer", "mm": "millimeter", "pm": "picometer", "cm": "centimeter",
          "m": "meter", "km": "kilometer", "inch": "inch"}  # fmt: skip
_SPATIAL = "zyx"
_MOST_LEVELS = 64


class Level(NamedTuple):
    """One resolution: where its array is, and size and place of its first pixel along every axis."""

    path: str
    scale: tuple[float, ...]
    translation: tuple[float, ...]


class Understood(NamedTuple):
    """What a multiscale image is. Axes are letters such as ``"tczyx"``; `unit` is that of all spatial ones."""

    axes: str
    unit: str | None
    levels: tuple[Level, ...]
    names: tuple[str, ...]
    version: str
    name: str

    def spatial(self, level: int = 0) -> tuple[tuple[float, ...] | None, tuple[float, ...]]:
        """Return spacing and place along the spatial axes, in their order."""
        chosen = self.levels[level]
        at = [n for n, letter in enumerate(self.axes) if letter in _SPATIAL]
        spacing = lengths.sound(*(chosen.scale[n] for n in at))
        return spacing, tuple(chosen.translation[n] for n in at)


def understood(group: Any) -> Understood | None:
    """Return what the attributes of an opened group say; None if it is no multiscale image.

    Raises
    ------
    ImageReadError
        If it says to be one, but not of which axes and arrays.
    """
    attributes = dict(group.attrs)
    ome = attributes.get("ome")
    said: Mapping[str, Any] = ome if isinstance(ome, Mapping) else attributes
    multiscales = said.get("multiscales")
    if not isinstance(multiscales, Sequence) or not multiscales:
        return None
    try:
        return _understood(multiscales[0], said)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise ImageReadError("the attributes of the OME-Zarr are damaged: write it again") from None


def _understood(image: Mapping[str, Any], said: Mapping[str, Any]) -> Understood:
    version = str(said.get("version", image.get("version", "0.4")))
    listed = image.get("axes", [])
    named = [axis if isinstance(axis, Mapping) else {"name": str(axis)} for axis in listed]
    axes = "".join(_letter(axis) for axis in named)
    if not axes.endswith("yx") or len(set(axes)) < len(axes):
        raise ImageReadError(
            f"the OME-Zarr has the axes {[a.get('name') for a in named]!s:.60}; needed is an order such as tczyx"
        )
    units = [lengths.unit_name(a.get("unit", "")) for a in named if _letter(a) in _SPATIAL]
    factors = dict.fromkeys(range(len(axes)), 1.0)
    unit = units[0]
    if len(set(units)) > 1:
        each = [lengths.millimetres((1.0,), u) for u in units]
        unit = "mm" if all(each) else None
        at = [n for n, letter in enumerate(axes) if letter in _SPATIAL]
        factors |= {n: f[0] for n, f in zip(at, each, strict=True) if f and unit}
    whole, moved = _transformed(image.get("coordinateTransformations"), len(axes))
    levels = []
    for entry in image["datasets"][:_MOST_LEVELS]:
        scale, shift = _transformed(entry.get("coordinateTransformations"), len(axes))
        path = str(entry["path"])
        if ".." in path.split("/") or path.startswith("/"):
            raise ImageReadError("the OME-Zarr names arrays outside of itself: it is not read")
        levels.append(
            Level(
                path,
                tuple(
                    s * w * factors[n] for n, (s, w) in enumerate(zip(scale, whole, strict=True))
                ),
                tuple(
                    (s * w + m) * factors[n]
                    for n, (s, w, m) in enumerate(zip(shift, whole, moved, strict=True))
                ),
            )
        )
    if not levels:
        raise ImageReadError("the OME-Zarr lists no arrays: write it again")
    channels = (said.get("omero") or {}).get("channels") or []
    names = tuple(str(c.get("label", "")) for c in channels)
    return Understood(
        axes, unit, tuple(levels), names if any(names) else (), version, str(image.get("name", ""))
    )


def attributes(
    axes: str,
    unit: str | None,
    levels: Sequence[Level],
    *,
    names: Sequence[str] = (),
    ranges: Sequence[tuple[float, float]] = (),
    name: str = "",
    units: bool = True,
) -> dict[str, Any]:
    """Return the attributes of a group of version 0.5; `ranges` are the least and largest value of each channel.

    >>> said = attributes("yx", "um", [Level("0", (0.5, 0.5), (0.0, 0.0))])
    >>> said["ome"]["multiscales"][0]["axes"][0]
    {'name': 'y', 'type': 'space', 'unit': 'micrometer'}
    """
    listed = []
    for letter in axes:
        axis = {"name": letter, "type": {"t": "time", "c": "channel"}.get(letter, "space")}
        if letter in _SPATIAL and unit is not None and units:
            axis["unit"] = _UNITS.get(unit, unit)
        listed.append(axis)
    image: dict[str, Any] = {
        "name": name,
        "axes": listed,
        "datasets": [
            {
                "path": level.path,
                "coordinateTransformations": [
                    {"type": "scale", "scale": list(level.scale)},
                    {"type": "translation", "translation": list(level.translation)},
                ],
            }
            for level in levels
        ],
    }
    ome: dict[str, Any] = {"version": VERSION, "multiscales": [image]}
    if names:
        colours = ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF", "FFFFFF")
        ome["omero"] = {
            "channels": [
                {
                    "label": label,
                    "color": colours[n % len(colours)],
                    "active": True,
                    "window": {"min": low, "max": high, "start": low, "end": high},
                }
                for n, (label, (low, high)) in enumerate(zip(names, ranges, strict=True))
            ]
        }
    return {"ome": ome}


def _letter(axis: Mapping[str, Any]) -> str:
    name = str(axis["name"]).lower()
    kind = {"time": "t", "channel": "c"}.get(str(axis.get("type", "")))
    return kind or (name if name in tuple("tczyx") else "?")


def _transformed(given: Any, ndim: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return scale and translation of a list of transformations, in the order they are given."""
    scale, shift = [1.0] * ndim, [0.0] * ndim
    for step in given or ():
        numbers = [float(v) for v in step.get(step["type"], ())]
        if len(numbers) != ndim:
            continue
        if step["type"] == "scale":
            scale = [s * v for s, v in zip(scale, numbers, strict=True)]
            shift = [s * v for s, v in zip(shift, numbers, strict=True)]
        elif step["type"] == "translation":
            shift = [s + v for s, v in zip(shift, numbers, strict=True)]
    return tuple(scale), tuple(shift)
