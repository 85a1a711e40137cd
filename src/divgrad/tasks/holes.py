"""Fill holes: by plates, or by any flow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.equations.biharmonic import Biharmonic
from divgrad.equations.heat import Heat
from divgrad.equations.masked import Masked
from divgrad.errors import SchemeError
from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.kernels.thin_plate import thin_plate
from divgrad.learned import run, shipped
from divgrad.operators import Equation, Image
from divgrad.schemes import FSI, Explicit, Implicit
from divgrad.stopping import Steps, Time
from divgrad.tasks import filling

Mask = NDArray[np.bool_]

# Chosen on photographs of imagecompression.info with scratches, text, squares, half missing: good pixels are taken to
# be this far apart, at least; 1 loses 0.5, 0.2, 0 and 0.2 dB, 1.5 half of that.
APART = 2.0  # pixels
TIME, CYCLE = 40.0, 20.0  # pixels squared: of a flow of the user's, and of one step
EXACT = 1.0 / 2000  # of the range: steps below which the plate is at rest
# Learned steps that polish: noise that a hole is taken to have, in 1/255 of the range.
SIGMAS = (10.0, 6.3, 4.0, 2.5)


def fill_holes(u: Image, lost: Mask, grid: Grid, using: Equation | None = None) -> Image:
    """Return ``u[channel, *space]`` with new values where ``lost[*space]`` says so, within the range of the rest.

    Without a flow as impulses are filled: see :func:`divgrad.tasks.filling.fill`. Other flows begin
    with the thin plate at rest, but for the linear ones.
    """
    good = u[:, ~lost]
    axes = tuple(range(1, u.ndim))
    low, high = (f(good, axis=1).reshape(-1, *(1 for _ in axes)) for f in (np.min, np.max))
    reach = float(np.max(high - low))
    if reach == 0.0:
        return np.where(lost, low, u)
    if isinstance(using, Heat):
        far = min(grid.spacing) ** 2 * float(lost.size)
        begun = np.where(lost, good.mean(axis=1, dtype=np.float64).reshape(low.shape), u)
        scheme = Implicit(tau=far, tolerance=1e-4)
        filled = _flow(begun.astype(u.dtype), Heat(), lost, scheme, Steps(1), grid)
        return _within(filled, u, lost, low, high)
    if using is None:
        return filling.fill(u, np.broadcast_to(lost, u.shape), grid, least=APART)
    plate = _within(thin_plate(u, lost, grid, EXACT * reach), u, lost, low, high)
    if isinstance(using, Biharmonic):
        return plate
    return _within(_by(using, plate, lost, grid), u, lost, low, high)


def polished(v: Image, u: Image, lost: Mask, grid: Grid, model: str) -> Image:
    """Return the mean of a filling and of what learned steps of falling strength, held at good pixels, make of it."""
    known = shipped(model)
    good = u[:, ~lost]
    low, reach = float(good.min()), float(good.max() - good.min())
    if reach == 0.0:
        return v
    out = np.empty_like(v)
    for c in range(len(u)):
        w = (v[c : c + 1] - v.dtype.type(low)) * v.dtype.type(255.0 / reach)
        kept = w[0, ~lost]
        for sigma in SIGMAS:
            w = run(w, known, sigma, tiling=grid.tiling)
            w[0, ~lost] = kept
        out[c] = w[0] * v.dtype.type(reach / 255.0) + v.dtype.type(low)
    np.clip(out, low, low + reach, out=out)
    out += v
    out *= v.dtype.type(0.5)
    np.copyto(out, u, where=~lost)
    return out


def _by(using: Equation, begun: Image, lost: Mask, grid: Grid) -> Image:
    """Return what a flow makes of the holes in as much time as it needs to cross them."""
    from scipy.ndimage import distance_transform_edt

    pixel = min(grid.spacing)
    depth = float(distance_transform_edt(lost, sampling=grid.spacing).max())
    time = max(TIME * pixel**2, 2.0 * depth**2)
    try:
        return _flow(begun, using, lost, FSI(tau=CYCLE * pixel**2), Time(time), grid)
    except SchemeError:  # upwind, or complex: no long steps
        return _flow(begun, using, lost, Explicit(), Time(time), grid)


def _flow(u: Image, flow: Equation, lost: Mask, scheme: Any, until: Any, grid: Grid) -> Image:
    mask = Masked(flow, lost)
    return evolve(
        u,
        mask,
        scheme=scheme,
        until=until,
        channel_axis=0,
        spacing=grid.spacing,
        tiling=grid.tiling,
    ).u


def _within(v: Image, u: Image, lost: Mask, low: Image, high: Image) -> Image:
    """Return v in the range of the good pixels, and these to the bit."""
    v = np.clip(v, low, high)
    np.copyto(v, u, where=~lost)
    return np.asarray(v)
