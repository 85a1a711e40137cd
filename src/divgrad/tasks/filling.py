"""Fill pixels that are lost from those that are good, which stay to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import charbonnier
from divgrad.equations.bending import Bending
from divgrad.equations.biharmonic import Biharmonic
from divgrad.equations.edge_enhancing import EdgeEnhancing
from divgrad.equations.heat import Heat
from divgrad.equations.masked import Masked
from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.kernels.halving import halving
from divgrad.kernels.pyramid import from_coarser
from divgrad.learned import run, shipped
from divgrad.operators import Equation, Image
from divgrad.schemes import FSI, Implicit
from divgrad.stopping import Steps
from divgrad.tasks.gaussian_part import has_learned
from divgrad.tasks.patchwork import patchwork

Mask = NDArray[np.bool_]

# Chosen on photographs of imagecompression.info: contrast from 4 to 10 and presmoothing from 0.5 to 1 change 0.05 dB;
# directions that are not averaged cost 0.15 dB, half the time 0.1 dB where nearly all is lost.
CONTRAST = 7.0 / 255  # of the range of the good pixels, per pixel
PRESMOOTHING = 0.7  # pixels
INTEGRATION = 0.65  # distances of good pixels
TIME = 0.4  # of each of the two flows, in squared distances of good pixels
# The distance of good pixels is that of even ones, or a part of squares of which few are lost as a whole.
FEW, PART, WIDEST = 0.05, 0.35, 4  # of what is lost; of their sides; halvings
# How far from a hole pixels matter: in widths of the average of directions, and pixels more for presmoothing.
SEEN, NEAR = 3.0, 5.0
EXACT = 1e-3  # of the range: error allowed in what is only the beginning
# Learned steps: noise that a hole is taken to have, from first to last, in 1/255 of the range. Where nearly all is
# lost the learned diffusion, which knows noise and not holes, may only polish what the other has made.
FIRST, LAST, STEPS = 40.0, 2.5, 12


def fill(u: Image, lost: Mask, grid: Grid, model: str | None = None, least: float = 0.0) -> Image:
    """Return ``u[channel, *space]`` with new values where ``lost[channel, *space]`` says so.

    Means over ever wider pixels are the beginning, for wide holes harmonic filling; a thin plate through the good
    pixels goes on with slopes; another one, stiff along the edges that the first shows, draws these through the holes.
    In images a learned diffusion, held at the good pixels in every step, may add what photographs look like.
    """
    if lost.all() or not lost.any():
        return u.copy()
    return np.concatenate(
        [_channel(u[c : c + 1], lost[c : c + 1], grid, model, least) for c in range(len(u))]
    )


def _channel(u: Image, lost: Mask, grid: Grid, model: str | None, least: float) -> Image:
    good = u[~lost]
    if good.size in (0, u.size):
        return u.copy()
    reach = float(good.max()) - float(good.min())
    begun = np.where(lost, good.mean(dtype=np.float64).astype(u.dtype), u)
    if reach == 0.0:
        return np.asarray(begun)
    pixel = min(grid.spacing)
    halvings = _width(lost, grid)
    apart = pixel * max(least, (good.size / u.size) ** (-1.0 / grid.ndim), PART * 2**halvings)
    edges = EdgeEnhancing(
        CONTRAST * reach / pixel, charbonnier, presmoothing=PRESMOOTHING * pixel,
        integration=INTEGRATION * apart, reach=1, compact=grid.ndim == 2,
    )  # fmt: skip
    even = grid.ndim == 2 and len(set(grid.spacing)) == 1
    cut = patchwork(lost[0], SEEN * INTEGRATION * apart / pixel + NEAR) if even else None
    if cut is None:
        v = _flows(u, lost, edges, apart, halvings == WIDEST, grid)
    else:
        parts, holes = cut.gather(u, good.mean()), cut.gather(lost, False)
        v = cut.scatter(_flows(parts, holes, edges, apart, halvings == WIDEST, grid), u)
    if model is not None and has_learned(u, grid):
        v = _learned(v, u, lost, reach, model, grid)
    v = np.clip(v, good.min(), good.max())
    np.copyto(v, u, where=~lost)
    return np.asarray(v)


def _flows(
    u: Image, lost: Mask, edges: EdgeEnhancing, apart: float, wide: bool, grid: Grid
) -> Image:
    """Return what the flows make of the holes; all else may have changed by rounding."""
    pixel = min(grid.spacing)
    v = from_coarser(u, (~lost).astype(u.dtype), grid)
    at: dict[str, Any] = {"channel_axis": 0, "spacing": grid.spacing, "tiling": grid.tiling}
    if wide:
        far = Implicit(tau=pixel**2 * u.size, tolerance=EXACT)
        v = evolve(v, Masked(Heat(), lost), scheme=far, until=Steps(1), **at).u
    plates: list[Equation] = [Biharmonic(apart)]
    if grid.ndim > 1:
        plates.append(Bending(edges, apart))
    for plate in plates:
        v = evolve(v, Masked(plate, lost), scheme=FSI(tau=TIME * apart**2), until=Steps(1), **at).u
    return v


def _width(lost: Mask, grid: Grid) -> int:
    """Return how often pixels must become twice as wide for few of them to be lost as a whole."""
    share, all_ = lost.astype(np.float32), float(lost.mean())
    for halvings in range(WIDEST):
        level = halving(grid, share.shape[1:])
        if level is None or float((share > 1 - EXACT).mean()) <= FEW * all_:
            return halvings
        share, grid = level.shrink(share), level.grid
    return WIDEST


def _learned(v: Image, u: Image, lost: Mask, reach: float, model: str, grid: Grid) -> Image:
    """Return v after learned steps of falling strength, held at the good pixels."""
    share = float(lost.mean())
    part = min(1.0, max(0.0, (0.95 - share) / 0.4))
    first, steps = LAST + (FIRST - LAST) * part, max(3, round(STEPS * part))
    factor = u.dtype.type(255.0 / reach)
    known, kept = shipped(model), u[~lost] * factor
    v = v * factor
    for sigma in np.geomspace(first, LAST, steps):
        v = run(v, known, float(sigma), tiling=grid.tiling)
        v[~lost] = kept
    return np.asarray(v / factor)
