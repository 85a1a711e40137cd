"""How strongly a line goes through each pixel, in whatever direction, seen over the length of its gaps."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from divgrad.equations.coherence_enhancing import CoherenceEnhancing
from divgrad.equations.coherence_enhancing_shock import CoherenceEnhancingShock
from divgrad.equations.oriented import Oriented
from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.operators import Image
from divgrad.schemes import FSI
from divgrad.stopping import Time

# Chosen on three retinas of DRIVE and six cracks with gaps cut into them and noise of 10; measured on the others.
SIGMA = 0.5  # of the width: where the curvature of a bar is strongest
DIRECTIONS = 16
AROUND = 3.0  # widths: contrast that lines are seen in
FLOW = 0.5  # of the gap: length of the flow
JOINING = 2.0  # of the width: length of coherence-enhancing diffusion
ACROSS = 0.04  # of that flow across: grain without direction fades, too
CLEAR = 2.0  # medians of strength that are not drawn: chance
SHOCK = 6.0  # pixels that ridges are sharpened over


def line_strength(
    u: Image, width: float, gap: float, dark: bool | None, grid: Grid
) -> tuple[Image, bool]:
    """Return the largest curvature across any direction, after it flowed along that, >= 0; and whether lines are dark.

    Of ``u[1, *space]``. Where nobody says, they are what is stronger in the contrast around it, in the mean of fourth
    powers: else the border of what is beside the lines would count.
    """
    curved = hessian(u, SIGMA * width, grid)
    length = FLOW * gap
    best = {sign: np.zeros_like(u) for sign in ((True, False) if dark is None else (dark,))}
    for along in directions(grid):
        across = across_of(along, curved)
        if length > 0.0:
            time = 0.5 * length**2
            flow = Oriented(np.outer(along, along))
            across = evolve(
                across, flow, scheme=FSI(tau=time), until=Time(time),
                channel_axis=0, spacing=grid.spacing, tiling=grid.tiling,
            ).u  # fmt: skip
        for sign, strongest in best.items():
            np.maximum(strongest, across if sign else -across, out=strongest)
    if dark is not None:
        return best[dark], dark
    usual = contrast_around(u, AROUND * width, grid)
    said = max(best, key=lambda sign: float(((best[sign] / usual) ** 4).mean(dtype=np.float64)))
    return best[said], said


def contrast_around(u: Image, scale: float, grid: Grid) -> Image:
    """Return the standard deviation around each pixel, at least a hundredth of the largest one."""
    from scipy.ndimage import gaussian_filter

    sigmas = [0.0, *(scale / h for h in grid.spacing)]
    centred = (u - u.mean(dtype=np.float64)).astype(u.dtype)
    mean = gaussian_filter(centred, sigmas)
    spread = np.sqrt(np.maximum(gaussian_filter(centred * centred, sigmas) - mean * mean, 0))
    return np.asarray(np.maximum(spread, max(0.01 * float(spread.max()), 1e-30)))


def directions(grid: Grid) -> list[NDArray[np.float64]]:
    """Return unit vectors along all directions that are looked at.

    >>> len(directions(Grid((1.0, 1.0)))), len(directions(Grid((1.0, 1.0, 1.0))))
    (16, 13)
    """
    if grid.ndim == 2:
        angles = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
        return [np.array([np.sin(a), np.cos(a)]) for a in angles]
    half = [np.array(v, float) for v in product((-1, 0, 1), repeat=3) if v > (0, 0, 0)]
    return [v / np.linalg.norm(v) for v in half]


def hessian(u: Image, sigma: float, grid: Grid) -> Image:
    """Return the second slopes ``[i, j, *space]`` of ``u[1, *space]`` at the scale sigma, times sigma squared."""
    from scipy.ndimage import gaussian_filter

    n = grid.ndim
    sigmas = [sigma / h for h in grid.spacing]
    g = np.pad(gaussian_filter(u[0], sigmas, mode="nearest"), 1, mode="edge")
    out = np.empty((n, n, *u.shape[1:]), u.dtype)

    def moved(*steps: int) -> Image:
        return g[tuple(slice(1 + k, 1 + k + m) for k, m in zip(steps, u.shape[1:], strict=True))]

    units = np.eye(n, dtype=int)
    for i in range(n):
        out[i, i] = moved(*units[i]) - 2 * moved(*0 * units[i]) + moved(*-units[i])
        for j in range(i):
            a, b = units[i] + units[j], units[i] - units[j]
            out[i, j] = 0.25 * (moved(*a) + moved(*-a) - moved(*b) - moved(*-b))
            out[j, i] = out[i, j]
    factors = np.array(sigmas, u.dtype)
    out *= np.outer(factors, factors).reshape(n, n, *(1,) * n)
    return out


def across_of(along: NDArray[np.float64], curved: Image) -> Image:
    """Return the mean curvature across a direction, ``[1, *space]``: its trace without the part along it."""
    n = len(along)
    weights = (np.eye(n) - np.outer(along, along)) / (n - 1)
    return np.asarray(np.einsum("ij,ij...->...", weights.astype(curved.dtype), curved)[None])


def joined(u: Image, width: float, grid: Grid) -> Image:
    """Return the image after coherence-enhancing diffusion over some widths."""
    time = 0.5 * (JOINING * width) ** 2
    slope = float(np.std(u)) / width
    flow = CoherenceEnhancing(
        max(0.1 * slope, float(np.finfo(u.dtype).tiny) ** 0.25),
        presmoothing=0.25 * width, integration=width, isotropic=ACROSS,
    )  # fmt: skip
    return evolve(
        u, flow, scheme=FSI(tau=time / 2), until=Time(time),
        channel_axis=0, spacing=grid.spacing, tiling=grid.tiling,
    ).u  # fmt: skip


def drawn(u: Image, strength: Image, width: float, dark: bool, grid: Grid) -> Image:
    """Return the image, smoothed along its lines, with their strength drawn into it: as strong as the lines are."""
    smooth = joined(u, width, grid)
    clear = np.maximum(strength - u.dtype.type(CLEAR) * np.median(strength), 0)
    depth = clear * u.dtype.type(
        2.0
    )  # a bar as wide as four sigma has half of its height as curvature
    return np.asarray(smooth - depth if dark else smooth + depth)


def sharpened(u: Image, width: float, grid: Grid) -> Image:
    """Return a texture of lines joined along them and sharpened across."""
    pixel = min(grid.spacing)
    flow = CoherenceEnhancingShock(presmoothing=0.375 * width, integration=width)
    return evolve(
        joined(u, width, grid), flow, until=Time(SHOCK * pixel),
        channel_axis=0, spacing=grid.spacing, tiling=grid.tiling,
    ).u  # fmt: skip
