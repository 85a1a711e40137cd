"""A picture's colours without its opacity, and back into the dtype of its file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.io import Isolation, Metadata, Picture, read, to_dtype, write
from divgrad.missing import SetAside, set_aside


@dataclass(frozen=True)
class Opened:
    """What the engine gets of a picture: colours, channel axis, spacing."""

    picture: Picture
    colours: NDArray[Any]
    channel_axis: int | None
    spacing: tuple[float, ...] | None
    aside: SetAside | None = None


@dataclass(frozen=True)
class Opening:
    """How pictures are opened.

    Parameters
    ----------
    isolated
        Limits of a process that decodes; None: it is done in this one.
    keep_nan
        Whether NaN and infinite values are set aside.
    """

    isolated: Isolation | None = None
    keep_nan: bool = False

    @classmethod
    def of(cls, told: dict[str, Any]) -> Opening:
        """Return what :func:`dataclasses.asdict` has told."""
        limits = told["isolated"]
        return cls(limits and Isolation(**limits), told["keep_nan"])

    def open(self, path: Path) -> Opened:
        """Read a picture; opacity is kept aside, a spacing that is only a print resolution is not used."""
        picture = read(path, isolated=self.isolated)
        colours, axis = picture.array, picture.channel_axis
        if picture.alpha:
            colours = colours[..., :-1]
            if colours.shape[-1] == 1:
                colours, axis = colours[..., 0], None
        aside = None
        if self.keep_nan and not np.isfinite(colours).all():
            aside = set_aside(colours, channel_axis=axis)
            colours = aside.image
        spacing = picture.spacing if picture.calibrated else None
        return Opened(picture, colours, axis, spacing, aside)


PLAIN = Opening()


def save_picture(
    target: Path,
    result: NDArray[Any],
    opened: Opened,
    spacing: tuple[float, ...] | None = None,
) -> list[str]:
    """Write a result in the dtype of its source, with its opacity; return what could not be kept.

    Results of whole numbers (labels) and masks are no grey values: they are written as they are. ``spacing``
    is that of the result where it has changed.
    """
    picture = opened.picture
    if spacing is not None and picture.calibrated:
        picture = picture.respaced(spacing)
    if result.dtype.kind in "biu":
        labels = result.astype(np.uint8) * np.uint8(255) if result.dtype.kind == "b" else result
        bare = replace(
            picture, array=labels, channel_axis=None, alpha=False, metadata=Metadata(), names=()
        )
        return write(target, labels, like=bare)
    lost = []
    if np.iscomplexobj(result):
        result = result.real
        lost = ["the real part was written; the imaginary part can be had in Python"]
    array = to_dtype(result, picture.array.dtype)
    if opened.aside is not None:
        array = opened.aside.restore(array)
    if picture.alpha:
        array = array if opened.channel_axis is not None else array[..., None]
        array = np.concatenate([array, _opacity(picture, array.shape[:-1])], axis=-1)
    return lost + write(target, array, like=picture)


def _opacity(picture: Picture, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the opacity, pixels repeated where the result has more of them."""
    opacity = picture.array[..., -1:]
    for axis, extent in enumerate(shape):
        opacity = opacity.repeat(extent // opacity.shape[axis], axis=axis)
    return opacity
