"""Bright objects on a dark ground: how large they are, where they are, and where touching ones part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.grid import Grid
from divgrad.kernels.presmoothing import smooth
from divgrad.operators import Image
from divgrad.tasks.segmenting.local_means import local_mean, local_rank

SCALES = tuple(
    2.0 * 1.2**n for n in range(14)
)  # standard deviations, in pixels, at which spots are looked for
STRONG = (
    0.8  # of nearly the strongest spots: weaker ones, as haze makes, are not asked for their size
)
NEAR, GROUND = 1.0, 12.0  # reach of local means, and of the ground, in radii
HALF = 0.5  # where the border lies between the local means of ground and object
SOFT = 0.15  # of the distance to the border, in radii, before its peaks are looked for
GREY = 1.0  # weight of brightness beside distance in parting what touches
LEVEL = 5e-5  # of heights that count as one peak, at most
SMALL = 0.1  # of a typical object's size: less is no object


def typical_radius(u: Image, grid: Grid) -> float:
    """Return the radius of most bright spots of ``(1, *space)``, by the scale at which each stands out most.

    Spots are maxima, in space and scale, of the Laplacian of the diffused image times the time. In units of length.
    """
    from scipy.ndimage import maximum_filter

    fine = min(grid.spacing)
    extent = min(h * n for h, n in zip(grid.spacing, u.shape[1:], strict=True))
    scales = [s * fine for s in SCALES if s * fine < extent / 6.0] or [SCALES[0] * fine]
    stack = np.stack([-(s**2) * _laplacian(smooth(u, s, grid)[0], grid) for s in scales])
    peaks = (stack == maximum_filter(stack, 3)) & (stack > 0)
    if not peaks.any():
        return float(scales[0])
    strong = peaks & (stack > STRONG * np.quantile(stack[peaks], 0.98))
    places = np.nonzero(strong)[0]
    weight = np.array(scales)[places]
    order = np.argsort(places)
    half = np.searchsorted(np.cumsum(weight[order]), 0.5 * weight.sum())
    return float(np.sqrt(grid.ndim) * scales[places[order][half]])


def _laplacian(u: NDArray[Any], grid: Grid) -> NDArray[Any]:
    total = np.zeros_like(u)
    for axis, h in enumerate(grid.spacing):
        padded = np.pad(u, [(int(n == axis),) * 2 for n in range(u.ndim)], mode="edge")
        total += np.diff(padded, 2, axis) / u.dtype.type(h * h)
    return total


def foreground(u: Image, radius: float, grid: Grid) -> tuple[NDArray[np.bool_], Image]:
    """Return where there are objects, and the image without its ground."""
    from scipy.ndimage import binary_fill_holes
    from skimage.filters import threshold_otsu

    level = local_rank(u, GROUND * radius, grid, 20.0)
    above = np.maximum(u - level, 0)
    soft = smooth(above, min(0.12 * radius, 2.0 * min(grid.spacing)), grid)
    root = np.sqrt(soft)
    if not float(root.max()) > float(root.min()):
        return np.zeros(u.shape[1:], bool), soft
    x = root > threshold_otsu(root[0])
    inner = local_mean(soft, x.astype(u.dtype), NEAR * radius, grid)
    outer = local_mean(soft, (~x).astype(u.dtype), NEAR * radius, grid)
    x &= soft > outer + u.dtype.type(HALF) * (inner - outer)
    return np.asarray(binary_fill_holes(x[0])), soft


def part(x: NDArray[Any], soft: Image, radius: float, split: float, grid: Grid) -> NDArray[Any]:
    """Return numbered objects; what touches is parted where both distance and brightness have a saddle."""
    from scipy.ndimage import distance_transform_edt, label, maximum_filter
    from skimage.morphology import reconstruction
    from skimage.segmentation import watershed

    if not x.any():
        return np.zeros(x.shape, np.int32)
    deep = distance_transform_edt(x, grid.spacing).astype(soft.dtype)[None]
    width = max(SOFT * radius, 0.5 * min(grid.spacing))
    grey = smooth(soft, width, grid)[0]
    size = [2 * round(2.0 * radius / h) + 1 for h in grid.spacing]
    hill = smooth(deep, width, grid)[0] / soft.dtype.type(radius)
    hill = hill + soft.dtype.type(GREY) * grey / (
        maximum_filter(grey, size) + np.finfo(soft.dtype).tiny
    )
    hill = np.where(x, hill, hill.dtype.type(-split))  # what touches nothing is one object at least
    below = reconstruction(hill - hill.dtype.type(split), hill)
    seeds, _ = label((hill - below >= split - min(1e-3 * split, LEVEL)) & x)
    parts = watershed(-hill, seeds, mask=x)
    volume = np.bincount(parts.ravel()) * np.prod(grid.spacing)
    volume[0] = 0.0
    ball = 2.0 if grid.ndim == 1 else np.pi if grid.ndim == 2 else 4.19
    keep = volume >= SMALL * ball * radius**grid.ndim
    return np.asarray((np.cumsum(keep) * keep).astype(np.int32)[parts])
