"""Dark strokes on a ground that varies: thresholds that spread from the strokes' borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.grid import Grid
from divgrad.kernels.presmoothing import smooth
from divgrad.operators import Image
from divgrad.tasks.segmenting.local_means import ground, local_mean

# In widths of a stroke: what is smoothed before slopes are taken, and before pixels are compared; how
# far thresholds and means spread; how far the ground is followed.
STEEP, FINE, NEAR, WIDE = 0.36, 0.12, 1.0, 6.4
PART = 0.45  # the threshold, from the ink (1) to the paper (0)
LEAST, SURE = (
    0.2,
    0.7,
)  # parts of the page's contrast: pixels of text have, and some pixels of each stroke
ENOUGH = 0.1  # part of a stroke's pixels that must be sure
FIRST = 0.2  # part of the contrast that the first guess needs


@dataclass(frozen=True)
class Ink:
    """Where the ink is, the page divided by its paper, how far paper was followed, ink's contrast."""

    mask: NDArray[np.bool_]
    flat: Image
    wide: float
    contrast: float


def find_ink(u: Image, stroke: float, grid: Grid) -> Ink:
    """Return the dark strokes of a page ``(1, row, col)`` with grey values >= 0."""
    from skimage.filters import threshold_otsu

    wide = WIDE * stroke
    level = ground(u, np.ones_like(u), wide, grid, above=False)
    flat = np.minimum(u / (level + 1e-6 * (float(u.max()) or 1.0)), u.dtype.type(1.2))
    soft = smooth(flat, STEEP * stroke, grid)
    slopes = np.gradient(soft[0], *grid.spacing)
    steep = np.hypot(*slopes)[None]
    nothing = Ink(np.zeros(u.shape[1:], bool), flat, wide, 0.0)
    if not float(steep.max()) > 1e-4:
        return nothing
    edge = u.dtype.type(threshold_otsu(steep))
    weight = np.square(np.maximum(steep - u.dtype.type(0.5) * edge, 0))
    near = smooth((steep > edge).astype(u.dtype), NEAR * stroke, grid) > 0.05
    x = (soft < local_mean(soft, weight, NEAR * stroke, grid)) & near
    if not x.any():
        return nothing
    ink, paper = float(soft[x].mean()), float(soft[~x].mean())
    x &= soft < paper - FIRST * (paper - ink)
    fine = smooth(flat, FINE * stroke, grid)
    for _ in range(2):
        if not x.any() or x.all():
            return nothing
        ink, paper = float(fine[x].mean()), float(fine[~x].mean())
        dark, light = (
            _local(fine, part, value, NEAR * stroke, grid)
            for part, value in ((x, ink), (~x, paper))
        )
        x = (fine < PART * dark + (1 - PART) * light) & (light - dark > LEAST * (paper - ink))
    sure = x & (light - fine > SURE * (paper - ink))
    noise = 1.4826 * float(np.median(np.abs(flat - soft)))
    if paper - ink < 5.0 * noise:
        return nothing
    return Ink(_strokes(x[0], sure[0], stroke, grid), flat, wide, paper - ink)


def _local(u: Image, part: NDArray[Any], value: float, width: float, grid: Grid) -> Image:
    """Return local means over a part of the image; far from it, the value."""
    weight, far = part.astype(u.dtype), u.dtype.type(0.02)
    above = smooth(weight * u, width, grid) + far * u.dtype.type(value)
    return np.asarray(above / (smooth(weight, width, grid) + far))


def _strokes(x: NDArray[Any], sure: NDArray[Any], stroke: float, grid: Grid) -> NDArray[np.bool_]:
    """Return the connected strokes of which enough is sure, and that are no specks."""
    from scipy.ndimage import label

    labels, count = label(x, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    found = np.bincount(labels[sure], minlength=count + 1)
    keep = (found > ENOUGH * sizes) & (sizes * np.prod(grid.spacing) >= 0.3 * stroke**2)
    keep[0] = False
    return np.asarray(keep[labels])
