"""Pixel sizes: unit names, print densities (dots per inch) and their conversion."""

from __future__ import annotations

import math

_MILLIMETRES = {
    "pm": 1e-9,
    "nm": 1e-6,
    "um": 1e-3,
    "mm": 1.0,
    "cm": 10.0,
    "inch": 25.4,
    "m": 1000.0,
    "km": 1e6,
}
_ALIASES = {
    "µm": "um",  # micro sign
    "μm": "um",  # Greek mu
    "\\u00b5m": "um",  # ImageJ escapes it
    "micron": "um",
    "microns": "um",
    "micrometer": "um",
    "micrometers": "um",
    "micrometre": "um",
    "nanometer": "nm",
    "nanometre": "nm",
    "millimeter": "mm",
    "millimetre": "mm",
    "centimeter": "cm",
    "meter": "m",
    "metre": "m",
    "in": "inch",
    "inches": "inch",
}
_NO_UNIT = {"", "pixel", "pixels", "none", "null", "-"}


def unit_name(raw: object) -> str | None:
    """Return the usual short name of a unit of length, or None where none is meant.

    An unknown unit keeps its own name: it is still true of the image.
    """
    text = str(raw).strip().strip("\0")
    low = _ALIASES.get(text.lower(), text.lower())
    if low in _NO_UNIT:
        return None
    return low if low in _MILLIMETRES else text[:20]


def sound(*values: object) -> tuple[float, ...] | None:
    """Return `values` as floats if each can be a pixel size or a density, else None."""
    try:
        numbers = tuple(float(v) for v in values)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    if all(math.isfinite(v) and 1e-15 < v < 1e15 for v in numbers):
        return numbers
    return None


def millimetres(spacing: tuple[float, ...], unit: str | None) -> tuple[float, ...] | None:
    """Return `spacing` in mm, or None if `unit` is no known length."""
    factor = _MILLIMETRES.get(unit or "")
    return None if factor is None else tuple(factor * h for h in spacing)


def from_density(x: object, y: object, per_mm: float) -> tuple[float, float] | None:
    """Return the (row, col) spacing in mm of `x` by `y` dots in each `per_mm` millimetres."""
    dots = sound(x, y)
    return None if dots is None else (per_mm / dots[1], per_mm / dots[0])


def from_aspect(x: object, y: object) -> tuple[float, float] | None:
    """Return the relative (row, col) spacing of a density without unit; None if pixels are square.

    Square pixels of unknown size say nothing about the spacing.
    """
    dots = sound(x, y)
    return None if dots is None or dots[0] == dots[1] else (dots[0] / dots[1], 1.0)
