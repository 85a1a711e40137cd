"""The part of an image that a camera sees, where a black frame surrounds it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.grid import Grid
from divgrad.operators import Image

DARK = 0.15  # of the brightness of the rest: less is frame
LEAST = 0.03  # of the image: less is no frame


def field_of_view(grey: NDArray[Any]) -> NDArray[np.bool_]:
    """Return False in a dark frame that touches the image's corners, True elsewhere.

    >>> y, x = np.mgrid[-20:20, -20:20]
    >>> bool(field_of_view(np.where(np.hypot(y, x) < 18, 100.0, 3.0))[0, 0])
    False
    """
    from scipy.ndimage import binary_fill_holes, label

    low = float(grey.min())
    if low < 0.0:
        return np.ones(grey.shape, bool)
    bright = float(np.quantile(grey, 0.75))
    labels, _ = label(grey < low + DARK * (bright - low))
    corners = [int(labels[y, x]) for y in (0, -1) for x in (0, -1)]
    frame = np.isin(labels, [number for number in corners if number])
    if sum(number > 0 for number in corners) < 3 or frame.mean() < LEAST:
        return np.ones(grey.shape, bool)
    return np.asarray(binary_fill_holes(~frame))


def filled(u: Image, inside: NDArray[np.bool_], margin: float, grid: Grid) -> Image:
    """Return the image with the next pixel inside, by a margin, at every pixel that is not."""
    from scipy.ndimage import distance_transform_edt

    if inside.all():
        return u
    deep = distance_transform_edt(inside, grid.spacing) > margin
    nearest = distance_transform_edt(
        ~(deep if deep.any() else inside), grid.spacing, return_distances=False, return_indices=True
    )
    return np.ascontiguousarray(u[(slice(None), *nearest)])
