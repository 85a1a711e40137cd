"""What is to be treated of a Zarr: the array, its axes, the size of its voxels, and what an output says of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from divgrad.errors import ImageError, ImageReadError, ParameterError
from divgrad.layout import working_dtype
from divgrad.volumes.places import Place, zarr_module


@dataclass(frozen=True)
class Scene:
    """An array, and what is known of it.

    Parameters
    ----------
    place
        Where it lies.
    spacing
        Size of its voxels along the spatial axes; None: not known.
    attributes
        Those of the OME-Zarr that the output is to be; None: the output is a plain array.
    """

    place: Place
    spacing: tuple[float, ...] | None = None
    attributes: dict[str, Any] | None = None


def scene_of(source: Any, channel_axis: int | None) -> Scene:
    """Return what a path of an array or of an OME-Zarr, or a ``zarr.Array``, holds.

    Raises
    ------
    ImageError
        If it has not two or three spatial axes.
    ImageReadError
        If it is no Zarr.
    ParameterError
        If it does not lie on a disk.
    """
    zarr = zarr_module()
    if isinstance(source, zarr.Array):
        root = getattr(source.store, "root", None)
        if root is None:
            raise ParameterError(
                "the Zarr array does not lie on a disk: give the path of one that does"
            )
        source = Path(root) / source.path
    elif not isinstance(source, str | os.PathLike):
        raise ParameterError(
            f"a path, a zarr.Array or a Dask array is needed; got {type(source).__name__}: "
            "for arrays in memory take divgrad.evolve"
        )
    folder = Path(source)
    try:
        node = zarr.open(str(folder), mode="r")
    except Exception as error:
        said = " ".join(str(error).split())
        raise ImageReadError(f"{folder} is no Zarr that can be read: {said:.80}") from None
    if isinstance(node, zarr.Array):
        return Scene(_checked(Place(str(folder)), channel_axis))
    return _multiscale(folder, node, channel_axis)


def _multiscale(folder: Path, group: Any, channel_axis: int | None) -> Scene:
    from divgrad.io.ome_zarr import Level, attributes, understood

    known = understood(group)
    if known is None:
        raise ImageReadError(
            f"{folder} is a Zarr group without an image: give the path of an array in it"
        )
    level, axes = known.levels[0], known.axes
    place = Place(str(folder / level.path))
    shape = place.dims
    if len(shape) != len(axes):
        raise ImageReadError(f"{folder} has {len(shape)} axes, called {axes}: write it again")
    lead = 0
    while axes[lead] not in "zyx" and shape[lead] == 1 and len(axes) - lead > 2:
        lead += 1  # a single time, a single channel
    rest = axes[lead:]
    if "t" in rest:
        raise ImageError(
            f"{folder} has {shape[axes.index('t')]} times: give the array of one of them"
        )
    channel = rest.index("c") if "c" in rest else channel_axis
    spacing, _ = known.spatial()
    kept = Level("0", level.scale[lead:], level.translation[lead:])
    said = attributes(rest, known.unit, [kept], name=known.name)
    return Scene(_checked(Place(place.path, None, (0,) * lead), channel), spacing, said)


def _checked(place: Place, channel_axis: int | None) -> Place:
    ndim = len(place.dims)
    if channel_axis is not None:
        if not -ndim <= channel_axis < ndim:
            raise ParameterError(
                f"channel_axis {channel_axis} is not an axis of an array of shape {place.dims}"
            )
        place = Place(place.path, channel_axis % ndim, place.at)
    if not 2 <= len(place.shape) <= 3 or 0 in place.dims:
        raise ImageError(
            f"two or three spatial axes are needed, got shape {place.dims} with {channel_axis=}; "
            "name the axis of channels with channel_axis="
        )
    working_dtype(place.dtype)
    return place
