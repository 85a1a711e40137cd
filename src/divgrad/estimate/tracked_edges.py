"""Steep places of a nonlinear scale space, followed from fine to coarse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.boundaries import Boundaries
from divgrad.estimate.ridges import Ridges, along, gradient, ridges
from divgrad.grid import Grid
from divgrad.kernels.presmoothing import smooth
from divgrad.layout import parts
from divgrad.operators import Equation, Image
from divgrad.scales import scale_space

TIMES = (
    0.5,
    2.0,
    8.0,
)  # diffusion times, in squares of the shortest pixel: as long as Gaussians of 1, 2, 4 pixels
SMOOTH = 0.8  # Gaussian of the slopes, in pixels


def tracked_edges(u: Image, grid: Grid, equation: Equation, contrast: float) -> Boundaries:
    r"""Return the crests of the slope in a scale space, as strong as they last, in 1 to 3 dimensions.

    A crest of the finest image is followed: it goes on as long as the next coarser image has one within a pixel
    and a half. Its strength is the mean of :math:`s / (s + k)` over all scales, s the slope there, 0 where it has
    ended. Of a complex flow the zero crossings of the imaginary part take the place of the crests: there the
    smoothed Laplacian changes sign.

    Parameters
    ----------
    u
        ``(channel, *space)``.
    grid
        Spacing.
    equation
        The flow.
    contrast
        Slope k of strength 1/2.

    Examples
    --------
    >>> from divgrad import PeronaMalik
    >>> u = np.zeros((1, 12))
    >>> u[:, 5:] = 100.0
    >>> found = tracked_edges(u, Grid((1.0,)), PeronaMalik(10.0), 10.0)
    >>> np.nonzero(found.ridges.height)[0].tolist(), found.lasting[4].item()
    ([4], 1.0)
    """
    h = min(grid.spacing)
    from scipy.ndimage import maximum_filter

    images = scale_space(
        u, [t * h * h for t in TIMES], equation=equation, channel_axis=0, spacing=grid.spacing
    )
    per_pixel = np.array([h / s for s in grid.spacing]).reshape(-1, *(1,) * grid.ndim)
    first: Ridges | None = None
    for image in images:
        real = np.ascontiguousarray(image.real)
        slope, normal = steepest(smooth(real, SMOOTH * h, grid), grid)
        if np.iscomplexobj(image):
            edges = crossings(parts(image)[len(image) :], slope, normal * per_pixel, real, grid)
        else:
            edges = ridges(slope, normal * per_pixel)
        value = edges.height / (edges.height + contrast)
        if first is None:
            first, way, alive = edges, normal, edges.height > 0.0
            total, lived, broad = value, alive.astype(slope.dtype), slope / (slope + contrast)
            continue
        near = maximum_filter(value, size=3, mode="nearest")
        alive = alive & (near > 0.0)
        total, lived = total + np.where(alive, near, 0.0), lived + alive
        broad = broad + slope / (slope + contrast)
    assert first is not None
    count = len(TIMES)
    height = np.where(first.height > 0.0, total / count, 0.0)
    return Boundaries(broad / count, Ridges(height, first.offset), way, lived / count)


def steepest(u: Image, grid: Grid) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the slope where it is steepest, of all channels together, and the unit vector uphill or downhill."""
    slopes = gradient(u, grid)
    if u.shape[0] == 1:
        slope = np.sqrt((slopes**2).sum(axis=0))[0]
        return slope, slopes[:, 0] / np.maximum(slope, 1e-30)
    matrices = np.einsum("ic...,jc...->...ij", slopes, slopes)
    values, vectors = np.linalg.eigh(matrices)
    steep = np.sqrt(np.maximum(values[..., -1], 0.0))
    return steep.astype(u.dtype), np.moveaxis(vectors[..., -1], -1, 0)


def crossings(
    imaginary: Image, slope: NDArray[Any], normal: NDArray[Any], real: Image, grid: Grid
) -> Ridges:
    """Return where the imaginary part of the steepest channel changes sign within half a pixel across the edge."""
    if len(imaginary) > 1:
        each = np.stack([steepest(channel[None], grid)[0] for channel in real])
        imaginary = np.take_along_axis(imaginary, each.argmax(axis=0)[None], 0)
    ahead, behind = (along(imaginary[0], normal, step) for step in (0.5, -0.5))
    crossing = (ahead * behind < 0.0) | ((ahead != behind) & (ahead == 0.0))
    part = np.where(crossing, (ahead + behind) / np.where(crossing, behind - ahead, 1.0), 0.0)
    return Ridges(np.where(crossing, slope, 0.0), np.clip(0.5 * part, -0.5, 0.5))
