"""How strong a boundary each pixel is: distributions of grey value in half discs, then diffusion held by them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.equations.guided import Guided
from divgrad.estimate.perceptual import Perceptual, perceptual
from divgrad.estimate.ridges import Ridges, gradient, ridges
from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.kernels.discs import ORIENTATIONS, disc_differences
from divgrad.kernels.halving import Halving, halving
from divgrad.kernels.presmoothing import smooth
from divgrad.operators import Image
from divgrad.schemes import FSI
from divgrad.stopping import Time

#: Radius of the smallest disc, in pixels.
RADIUS = 5.0
# Discs of the radius r, 2 r, 4 r count so much: chosen on half of the photographs of BSDS500's training part.
SHARES = (1.0, 0.5, 0.25)
# What discs come to at one pixel of a hundred in photographs, of one channel and of three: they rarely agree.
FULL = {1: 1.2, 3: 2.9}
HELD = 0.08  # strength of the boundary that slows the diffusion to 1/e
LONG = 4.0  # diffusion time, in squares of the radius
STEPS = 2.0  # how much the steps that outlast the diffusion count
WHOLE = 1.8  # sum of both at a boundary as strong as nearly any


class Boundaries(NamedTuple):
    """Boundaries of an image.

    Parameters
    ----------
    strength
        At every pixel, 0 to 1: how strong a boundary it is; broad.
    ridges
        The same on thin lines, with their place to parts of a pixel.
    normal
        ``(axis, row, col)``: unit vector across the boundary, in pixels of the shortest axis.
    lasting
        How much of the strength is from steps that outlast the diffusion, 0 to 1.
    """

    strength: NDArray[Any]
    ridges: Ridges
    normal: NDArray[Any]
    lasting: NDArray[Any]


def boundaries(u: Image, grid: Grid, radius: float | None = None, least: float = 0.0) -> Boundaries:
    r"""Return how strong a boundary each pixel of an image of two axes is.

    In discs of three sizes the distributions of lightness and colour in both halves are compared. That finds
    boundaries and much texture besides. Then the image diffuses for long, held by what was found,

    .. math:: \partial_t u = \mathrm{div}(e^{-b / k} \nabla u), \quad t = 4 r^2,

    and the steps that outlast this count as well: texture is washed out, closed boundaries stay.

    Parameters
    ----------
    u
        ``(channel, row, col)``, any unit.
    grid
        Spacing.
    radius
        Radius r of the smallest disc, in length units; None: 5 pixels.
    least
        Difference of black and white that is taken at least, in image units: an image of less contrast is dull.

    References
    ----------
    D. R. Martin, C. C. Fowlkes, J. Malik, IEEE PAMI 26:530-549, 2004 (half discs); P. Arbelaez, M. Maire, C. Fowlkes,
    J. Malik, IEEE PAMI 33:898-916, 2011 (several sizes, and what is far away).

    Examples
    --------
    >>> u = np.zeros((1, 32, 32))
    >>> u[..., 20:] = 100.0
    >>> found = boundaries(u, Grid((1.0, 1.0)))
    >>> np.nonzero(found.ridges.height[16])[0].tolist(), bool(found.strength.max() > 0.5)
    ([19], True)
    """
    h = min(grid.spacing)
    radius = RADIUS * h if radius is None else radius
    seen = perceptual(u, least)
    local = oriented_smooth(discs(seen, grid, radius), grid, radius)
    steps = lasting(seen.channels, local.max(axis=0), grid, radius)
    whole = (local + np.float32(STEPS) * steps) / np.float32(WHOLE)
    found, normal = crests(whole, grid)
    strength = whole.max(axis=0)
    part = STEPS * steps.max(axis=0) / (WHOLE * np.maximum(strength, 1e-9))
    height = np.minimum(found.height, np.float32(1.0))
    return Boundaries(np.minimum(strength, 1.0), Ridges(height, found.offset), normal, part)


def discs(seen: Perceptual, grid: Grid, radius: float) -> NDArray[np.float32]:
    """Return ``(orientation, row, col)``, about 0 to 1: how much the halves of discs of three sizes differ."""
    channels, widths = seen
    ways: list[Halving] = []
    while radius >= 2.0 * RADIUS * min(grid.spacing) * (1.0 - 1e-9):  # coarse details only
        way = halving(grid, channels.shape[1:])
        if way is None:
            break
        ways, channels, grid = [*ways, way], way.shrink(channels), way.grid
    total: NDArray[np.float32] | None = None
    begun = len(ways)
    for size, share in enumerate(SHARES):
        part = disc_differences(channels, widths, radius * 2.0**size, grid)
        for way in reversed(ways):
            part = way.enlarge(part)
        total = share * part if total is None else total + np.float32(share) * part
        way = halving(grid, channels.shape[1:]) if size + 1 < len(SHARES) else None
        if way is not None:
            ways, channels, grid = [*ways, way], way.shrink(channels), way.grid
        elif len(ways) == begun:  # too small an image for larger discs
            break
    assert total is not None
    return total / np.float32(FULL.get(len(widths), len(widths)))


def oriented_smooth(energy: NDArray[Any], grid: Grid, radius: float) -> NDArray[np.float32]:
    """Return every orientation smoothed along its line: what goes on straight is no accident."""
    from scipy.signal import fftconvolve

    long, short = 0.6 * radius, 0.14 * radius
    reach = [math.ceil(3.0 * long / h) for h in grid.spacing]
    y, x = (np.arange(-n, n + 1) * h for n, h in zip(reach, grid.spacing, strict=True))
    out = np.empty(energy.shape, np.float32)
    for k in range(ORIENTATIONS):
        angle = math.pi * k / ORIENTATIONS
        cos, sin = math.cos(angle), math.sin(angle)
        u = (x[None, :] * cos + y[:, None] * sin) / long
        v = (y[:, None] * cos - x[None, :] * sin) / short
        weights = np.exp(-0.5 * (u * u + v * v)).astype(np.float32)
        wide = np.pad(energy[k], [(n, n) for n in reach], mode="symmetric")
        out[k] = fftconvolve(wide, weights / weights.sum(), mode="valid")
    return np.maximum(out, 0.0)


def crests(energy: NDArray[Any], grid: Grid) -> tuple[Ridges, NDArray[Any]]:
    """Return the crest lines of the strongest orientation, and the unit vectors across."""
    best = energy.argmax(axis=0)[None]
    top = np.take_along_axis(energy, best, 0)[0]
    before, after = (np.take_along_axis(energy, (best + d) % ORIENTATIONS, 0)[0] for d in (-1, 1))
    bend = 2.0 * top - before - after
    turn = np.where(bend > 1e-9, 0.5 * (after - before) / np.maximum(bend, 1e-9), 0.0)
    angle = (best[0] + turn) * (math.pi / ORIENTATIONS)
    normal = np.stack([np.cos(angle), -np.sin(angle)])
    h = min(grid.spacing)
    pixels = normal * np.array([h / s for s in grid.spacing]).reshape(2, 1, 1)
    return ridges(top, pixels), normal


def lasting(
    channels: NDArray[Any], broad: NDArray[Any], grid: Grid, radius: float
) -> NDArray[np.float32]:
    """Return the slope across each orientation that is left of the image by diffusion held by broad boundaries."""
    time = LONG * radius**2
    end = evolve(
        channels, Guided(broad, HELD), scheme=FSI(tau=time / 3.0), until=Time(time),
        channel_axis=0, spacing=grid.spacing,
    ).u  # fmt: skip
    sigma = radius / RADIUS
    left = smooth(end, sigma, grid)
    slopes = gradient(left, grid)
    out = np.empty((ORIENTATIONS, *broad.shape), np.float32)
    for k in range(ORIENTATIONS):
        angle = math.pi * k / ORIENTATIONS
        across = math.cos(angle) * slopes[0] - math.sin(angle) * slopes[1]
        out[k] = sigma * np.sqrt((across**2).sum(axis=0))
    return out
