"""A picture's colours without its opacity, and back into the dtype of its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.io import Picture, read, to_dtype, write


@dataclass(frozen=True)
class Opened:
    """What the engine gets of a picture: colours, channel axis, spacing."""

    picture: Picture
    colours: NDArray[Any]
    channel_axis: int | None
    spacing: tuple[float, ...] | None


def open_picture(path: Path) -> Opened:
    """Read a picture; opacity is kept aside, a spacing that is only a print resolution is not used."""
    picture = read(path)
    colours, axis = picture.array, picture.channel_axis
    if picture.alpha:
        colours = colours[..., :-1]
        if colours.shape[-1] == 1:
            colours, axis = colours[..., 0], None
    return Opened(picture, colours, axis, picture.spacing if picture.calibrated else None)


def save_picture(target: Path, result: NDArray[Any], opened: Opened) -> list[str]:
    """Write a result in the dtype of its source, with its opacity; return what could not be kept."""
    picture = opened.picture
    lost = []
    if np.iscomplexobj(result):
        result = result.real
        lost = ["the real part was written; the imaginary part can be had in Python"]
    array = to_dtype(result, picture.array.dtype)
    if picture.alpha:
        array = array if opened.channel_axis is not None else array[..., None]
        array = np.concatenate([array, picture.array[..., -1:]], axis=-1)
    return lost + write(target, array, like=picture)
