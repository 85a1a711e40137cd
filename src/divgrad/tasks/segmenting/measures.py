"""What is measured of regions: sizes and places in units of length, brightness in units of the image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.grid import Grid
from divgrad.operators import Image

ALWAYS = ("label", "area", "centroid", "bbox", "equivalent_diameter_area")
IN_IMAGES = ("perimeter", "axis_major_length", "axis_minor_length", "eccentricity", "orientation")
BETTER = {
    "equivalent_diameter_area": "diameter",
    "axis_major_length": "length",
    "axis_minor_length": "width",
}


def measure(labels: NDArray[Any], u: Image, grid: Grid) -> dict[str, NDArray[Any]]:
    """Return columns of measures, a row for each label above 0; volumes have no perimeter and no axes.

    Perimeters are left out where pixels are not square. The bounding box is in pixels.

    >>> square = np.pad(np.ones((2, 3), int), 1)
    >>> table = measure(square, np.ones((1, 4, 5)), Grid((1.0, 2.0)))
    >>> table["area"].tolist(), table["centroid-1"].tolist(), table["mean"].tolist()
    ([12.0], [4.0], [1.0])
    """
    from skimage.measure import regionprops_table

    names = list(ALWAYS)
    if grid.ndim == 2:
        square = grid.spacing[0] == grid.spacing[1]
        names += [name for name in IN_IMAGES if square or name != "perimeter"]
    grey = np.moveaxis(u, 0, -1) if u.shape[0] > 1 else u[0]
    found = regionprops_table(
        labels.astype(np.int32), grey, properties=(*names, "intensity_mean"), spacing=grid.spacing
    )
    table: dict[str, NDArray[Any]] = {}
    for name, column in found.items():
        new = BETTER.get(name, name.replace("intensity_mean", "mean"))
        table[new] = column
    return table
