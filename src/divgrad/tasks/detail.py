"""Layers of detail that an edge-preserving diffusion takes off an image, and what is done to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from divgrad.conductances import weickert
from divgrad.equations.perona_malik import PeronaMalik
from divgrad.estimate import noise_level
from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.operators import Image
from divgrad.schemes import FSI
from divgrad.stopping import Time

TIMES = (1.0, 4.0, 16.0, 64.0)  # pixels squared: details of about 1, 3, 6 and 11 pixels
CYCLES = 4  # of a layer: edges are looked at anew
EDGE = 0.01  # of the range, per pixel: an edge
STEEP = 0.6  # of the noise, per pixel: twice the usual slope of noise after presmoothing
PRESMOOTHING = 1.0  # pixels: fine texture has no slope then, edges have
NOISE = 3.0  # standard deviations of a layer's noise: half amplified
BRIGHTEST = 2.0  # factor of light
WHITE = 0.995  # quantile


@dataclass(frozen=True, eq=False)
class Layers:
    """Details ``[1, *space]`` from fine to coarse, the noise in each, the base, and the contrast that parted them."""

    details: tuple[Image, ...]
    noise: tuple[float, ...]
    base: Image
    contrast: float


def noise_of(grey: Image) -> float:
    """Return the standard deviation of the noise; 0 where the image is too small to see it."""
    seen = sum(extent > 1 for extent in grey.shape[1:]) > 1
    return noise_level(grey[0]) if seen else 0.0


def layers(grey: Image, contrast: float | None, noise: float, grid: Grid) -> Layers:
    """Return the layers of ``grey[1, *space]``."""
    pixel = min(grid.spacing)
    reach = float(np.ptp(grey))
    if contrast is None:
        contrast = max(EDGE * reach, STEEP * noise) / pixel
    if reach == 0.0:
        return Layers((), (), grey, contrast)
    flow = PeronaMalik(contrast, weickert(4), presmoothing=PRESMOOTHING * pixel)
    details, levels, before, u = [], [], 0.0, grey
    for time in TIMES:
        span = (time - before) * pixel**2
        v = evolve(
            u, flow, scheme=FSI(tau=span / CYCLES), until=Time(span),
            channel_axis=0, spacing=grid.spacing, tiling=grid.tiling,
        ).u  # fmt: skip
        details.append(u - v)
        levels.append(noise * passed(before * pixel**2, time * pixel**2, grid))
        u, before = v, time
    return Layers(tuple(details), tuple(levels), u, contrast)


def passed(before: float, after: float, grid: Grid) -> float:
    """Return the standard deviation of white noise of level one between two times of linear diffusion.

    That of the noise at the time t is p(2t), p the heat kernel of the grid at its own place:
    a product of exp(-2s) I_0(2s), s = t / h^2.

    >>> round(passed(0.0, 1e6, Grid((1.0, 1.0))), 3)
    1.0
    """
    from scipy.special import ive

    def at(t: float) -> float:
        return float(np.prod([ive(0, 2 * t / h**2) for h in grid.spacing]))

    variance = at(2 * before) + at(2 * after) - 2 * at(before + after)
    return float(max(variance, 0.0) ** 0.5)


def amplified(found: Layers, factor: float, saturation: float) -> Image:
    """Return the sum of all details, amplified where they are neither noise nor as strong as ``saturation``."""
    total = np.zeros_like(found.base)
    for d, noise in zip(found.details, found.noise, strict=True):
        square = d * d
        clear = square / (square + d.dtype.type((NOISE * noise) ** 2 + np.finfo(d.dtype).tiny))
        total += d + d.dtype.type(factor - 1) * d * clear / (1 + square / saturation**2) ** 2
    return total


def compressed(base: Image, part: float) -> Image:
    """Return the factor, 1 to 2, that brings a base >= 0 nearer to its white; 1 for others.

    >>> compressed(np.array([[1.0, 4.0]]), 0.25).round(3).tolist()
    [[1.413, 1.0]]
    """
    if part == 0.0 or float(base.min()) < 0.0 or float(base.max()) <= 0.0:
        return np.ones_like(base)
    white = np.quantile(base, WHITE)
    safe = np.maximum(base, 1e-3 * float(base.max())).astype(np.float64)
    return np.asarray(np.clip((safe / white) ** -part, 1.0, BRIGHTEST), base.dtype)
