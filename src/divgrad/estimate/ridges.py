"""The crest lines of a map: thin, and to parts of a pixel."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.grid import Grid
from divgrad.operators import Image

Floats = NDArray[np.floating[Any]]


class Ridges(NamedTuple):
    """Crest lines.

    Parameters
    ----------
    height
        The map on its crests, zero elsewhere.
    offset
        How far each crest is from its pixel along the normal, in steps of the shortest axis.
    """

    height: Floats
    offset: Floats


def ridges(height: Floats, normal: Floats) -> Ridges:
    """Return where a map is highest along the normal.

    Parameters
    ----------
    height
        Map of shape ``space``, >= 0.
    normal
        ``(axis, *space)``: the direction across, in pixels along each axis; its longest part one pixel or less.

    Examples
    --------
    >>> height = np.array([[0.0, 3.0, 4.0, 1.0, 0.0]])
    >>> found = ridges(height, np.array([np.zeros((1, 5)), np.ones((1, 5))]))
    >>> found.height.tolist(), found.offset[0, 2].item()
    ([[0.0, 0.0, 4.0, 0.0, 0.0]], -0.25)
    """
    ahead, behind = along(height, normal, 1.0), along(height, normal, -1.0)
    crest = (height >= ahead) & (height > behind)
    bend = np.where(crest, 2.0 * height - ahead - behind, 1.0)
    offset = np.where(crest, 0.5 * (ahead - behind) / np.maximum(bend, 1e-12), 0.0)
    return Ridges(np.where(crest, height, 0.0).astype(height.dtype), np.clip(offset, -0.5, 0.5))


def along(values: Floats, normal: Floats, step: float) -> Floats:
    """Return the map at a step along the normal from each pixel, interpolated linearly; the border repeated."""
    from scipy.ndimage import map_coordinates

    axes: Any = np.indices(values.shape, sparse=True)
    places = [axis + step * part for axis, part in zip(axes, normal, strict=True)]
    taken: Floats = map_coordinates(values, places, order=1, mode="nearest")
    return taken


def gradient(u: Image, grid: Grid) -> Floats:
    """Return ``(axis, channel, *space)``: central differences, 0 along an axis of one pixel."""
    out: Floats = np.zeros((grid.ndim, *u.shape), u.dtype)
    for i, h in enumerate(grid.spacing):
        if u.shape[i + 1] > 1:
            out[i] = np.gradient(u, h, axis=i + 1)
    return out
