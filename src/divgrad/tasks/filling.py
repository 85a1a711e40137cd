"""Fill pixels that are lost from those that are good, which stay to the bit."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import charbonnier
from divgrad.equations import EdgeEnhancing, Heat, Masked
from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.learned import run, shipped
from divgrad.operators import Image
from divgrad.schemes import FSI, Implicit
from divgrad.stopping import Steps, Time

Mask = NDArray[np.bool_]

# Chosen on photographs of imagecompression.info: contrast from 0.5 to 5, time from 60 to 300 change 0.1 dB.
CONTRAST = 2.0 / 255  # of the range of the good pixels, per pixel
PRESMOOTHING = 0.7  # pixels
CYCLE, CYCLES = 20.0, 3  # time of a step in pixels squared, and their number
FEW, MANY = (
    0.5,
    0.75,
)  # lost, up to which learned steps need none of them before (0.02 dB), or one (0.07 dB)
EXACT = 1e-3  # of the range: error allowed in what is only the beginning
# Learned steps: noise that a hole is taken to have, from first to last, in 1/255 of the range. Where nearly all is
# lost the learned diffusion, which knows noise and not holes, may only polish what the other has made.
FIRST, LAST, STEPS = 40.0, 2.5, 12


def fill(u: Image, lost: Mask, grid: Grid, model: str | None = "fast") -> Image:
    """Return ``u[channel, *space]`` with new values where ``lost[channel, *space]`` says so.

    Harmonic filling is the beginning, edge-enhancing diffusion draws edges through the holes, and
    in images a learned diffusion, held at the good pixels in every step, adds what photographs look like.
    """
    if lost.all() or not lost.any():
        return u.copy()
    return np.concatenate(
        [_channel(u[c : c + 1], lost[c : c + 1], grid, model) for c in range(len(u))]
    )


def _channel(u: Image, lost: Mask, grid: Grid, model: str | None) -> Image:
    good = u[~lost]
    if good.size in (0, u.size):
        return u.copy()
    reach = float(good.max()) - float(good.min())
    begun = np.where(lost, good.mean(dtype=np.float64).astype(u.dtype), u)
    if reach == 0.0:
        return np.asarray(begun)
    pixel = min(grid.spacing)
    far = pixel**2 * prod(u.shape[1:])
    flow: dict[str, Any] = {"spacing": grid.spacing, "tiling": grid.tiling, "channel_axis": 0}
    v = evolve(
        begun,
        Masked(Heat(), lost),
        scheme=Implicit(tau=far, tolerance=EXACT),
        until=Steps(1),
        **flow,
    ).u
    learned = model is not None and has_learned(u, grid)
    share = float(lost.mean()) if learned else 1.0
    cycles = 0 if share <= FEW else 1 if share <= MANY else CYCLES
    if grid.ndim > 1 and cycles:
        edges = EdgeEnhancing(
            CONTRAST * reach / pixel, charbonnier, presmoothing=PRESMOOTHING * pixel
        )
        tau = CYCLE * pixel**2
        v = evolve(v, Masked(edges, lost), scheme=FSI(tau=tau), until=Time(cycles * tau), **flow).u
    if model is not None and learned:
        v = _learned(v, u, lost, reach, model, grid)
    v = np.clip(v, good.min(), good.max())
    np.copyto(v, u, where=~lost)
    return np.asarray(v)


def has_learned(u: Image, grid: Grid) -> bool:
    """Whether learned models, which know images of square pixels, apply."""
    return u.ndim == 3 and len(set(grid.spacing)) == 1


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
