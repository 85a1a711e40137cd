"""Images as people look at them: 8-bit colour, marks drawn over, several side by side."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MARK = (255, 96, 0)  # of a mask
TINT = 0.35  # of a region's inside; its border is opaque
GAP, TITLE = 6, 18  # pixels between panels, and above them
LEAST = 160  # pixels that a panel is wide at least, by repeating pixels


def span(array: NDArray[Any]) -> tuple[float, float]:
    """Return what shall be black and white: bytes as they are, all else from its least to its largest.

    >>> span(np.array([0.0, 5.0, np.nan])), span(np.array([3, 9], np.uint8))
    ((0.0, 5.0), (0.0, 255.0))
    """
    if array.dtype == np.uint8:
        return 0.0, 255.0
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    if finite.size == 0:
        return 0.0, 1.0
    return float(finite.min()), float(finite.max())


def visible(
    array: NDArray[Any], channel_axis: int | None = None, among: tuple[float, float] | None = None
) -> NDArray[np.uint8]:
    """Return an image as (row, col, 3) of 8 bits; of a volume its middle plane, NaN magenta.

    Parameters
    ----------
    array
        Image or volume; its channels, if any, are colours (others than three are shown as their mean).
    channel_axis
        Axis of the channels.
    among
        Grey values that shall be black and white; None: :func:`span`.
    """
    low, high = span(array) if among is None else among
    pixels = array if channel_axis is None else np.moveaxis(array, channel_axis, -1)
    if pixels.ndim - (channel_axis is not None) == 3:
        pixels = pixels[len(pixels) // 2]
    if channel_axis is not None and pixels.shape[-1] != 3:
        pixels = pixels.mean(axis=-1)
    rgb = pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)
    rgb = np.atleast_3d(rgb).astype(np.float64)
    bad = ~np.isfinite(rgb)
    scaled = (np.where(bad, low, rgb) - low) * (255.0 / (high - low) if high > low else 1.0)
    shown = np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)
    shown[bad.any(axis=-1)] = (255, 0, 255)
    return shown


def overlaid(picture: NDArray[np.uint8], marks: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a picture with a mask or with numbered regions drawn over it: insides tinted, borders opaque.

    Parameters
    ----------
    picture
        (row, col, 3), 8 bits.
    marks
        True and False, or whole numbers with 0 for the ground, (row, col), or with planes before, of which
        the middle one is shown.
    """
    marks = marks[len(marks) // 2] if marks.ndim == 3 else marks
    border = np.zeros(marks.shape, bool)
    for axis in range(2):
        ahead, behind = np.moveaxis(marks, axis, 0)[1:], np.moveaxis(marks, axis, 0)[:-1]
        edge = np.moveaxis(border, axis, 0)
        edge[1:] |= ahead != behind
        edge[:-1] |= ahead != behind
    strength = np.where(marks != 0, np.where(border, 1.0, TINT), 0.0)[..., None]
    mixed = picture * (1.0 - strength) + colours(marks) * strength
    return np.asarray(np.rint(mixed).astype(np.uint8))


def labelled(labels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return numbered regions in colours, the ground, 0, black; of a volume the middle plane."""
    labels = labels[len(labels) // 2] if labels.ndim == 3 else labels
    return np.where((labels != 0)[..., None], colours(labels), np.uint8(0))


def colours(marks: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a colour for every pixel of a mask or of numbered regions: neighbours in number far apart in hue."""
    if marks.dtype.kind == "b":
        return np.broadcast_to(np.array(MARK, np.uint8), (*marks.shape, 3))
    numbers, places = np.unique(marks, return_inverse=True)
    hues = [colorsys.hsv_to_rgb(n * 0.61803 % 1.0, 0.85, 1.0) for n in numbers.tolist()]
    table = np.rint(255 * np.array(hues).reshape(-1, 3)).astype(np.uint8)
    return np.asarray(table[places.reshape(marks.shape)])


def side_by_side(panels: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return pictures in a row on white, each under its title, at 1:1; small ones enlarged by whole numbers."""
    from PIL import Image, ImageDraw

    largest = max(max(picture.shape[:2]) for picture in panels.values())
    shown = []
    for picture in panels.values():
        times = max(1, LEAST // largest) * max(1, round(largest / max(picture.shape[:2])))
        shown.append(picture.repeat(times, axis=0).repeat(times, axis=1))
    width = sum(picture.shape[1] for picture in shown) + GAP * (len(shown) - 1)
    height = max(picture.shape[0] for picture in shown) + TITLE
    sheet = Image.new("RGB", (width, height), "white")
    pen, left = ImageDraw.Draw(sheet), 0
    for title, picture in zip(panels, shown, strict=True):
        pen.text((left, 2), title, fill="black")
        sheet.paste(Image.fromarray(picture), (left, TITLE))
        left += picture.shape[1] + GAP
    return np.asarray(sheet)


def small_multiples(
    rows: Iterable[tuple[str, Sequence[Any], Callable[[Any], NDArray[np.uint8]]]],
) -> NDArray[np.uint8]:
    """Return what parameters do: a row for each, its values from left to right, each picture under its value.

    Parameters
    ----------
    rows
        For each parameter its name, the values that are tried, and the picture (row, col, 3) that a value leads to.

    Examples
    --------
    >>> grey = lambda value: np.full((160, 160, 3), value, np.uint8)
    >>> small_multiples([("black", [0, 9], grey), ("white", [255], grey)]).shape
    (362, 326, 3)
    """
    sheets = [
        side_by_side({f"{name} {value}": draw(value) for value in values})
        for name, values, draw in rows
    ]
    width = max(sheet.shape[1] for sheet in sheets)
    wide = [
        np.pad(sheet, ((0, GAP), (0, width - sheet.shape[1]), (0, 0)), constant_values=255)
        for sheet in sheets
    ]
    return np.concatenate(wide)[:-GAP]
