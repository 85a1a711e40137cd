"""Holes filled by a thin plate: the biharmonic equation, solved where pixels are lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import plate, tiles
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.halving import halving
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, volume

Mask = NDArray[np.bool_]

GAP = 16  # pixels between holes that are computed along with them: shorter runs are slower
WIDE = 4  # a hole of so many pixels squared is begun on a reduced image
MOST = 2000  # iterations
CALM = 3  # iterations in a row whose step is below the tolerance
BLOCK = 65_536  # pixels that are worth a thread


def thin_plate(u: Image, lost: Mask, grid: Grid, tolerance: float) -> Image:
    r"""Return an image with new values at lost pixels, which there solve the biharmonic equation.

    .. math:: \Delta \Delta u = 0

    The steady state of :class:`~divgrad.Masked` :class:`~divgrad.Biharmonic` flow, by conjugate gradients. Wide
    holes are begun on reduced images.

    Parameters
    ----------
    u
        Image ``(channel, *space)``; what it holds at lost pixels does not matter.
    lost
        ``space``; at least one pixel is not lost.
    grid
        Where the pixels are.
    tolerance
        Step of the solution, in image units, below which it ends.
    """
    begun = _begun(u, lost, grid, tolerance)
    solver = _Solver(lost, grid, u.dtype)
    for channel in begun:
        solver.solve(volume(channel[None])[0], tolerance)
    return begun


def _begun(u: Image, lost: Mask, grid: Grid, tolerance: float) -> Image:
    """Return a first guess: of wide holes that of a reduced image, of others the mean."""
    small = halving(grid, u.shape[1:]) if _wide(lost) else None
    if small is None:
        means = u[:, ~lost].mean(axis=1, dtype=np.float64).astype(u.dtype)
        return np.where(lost, means.reshape(-1, *(1,) * lost.ndim), u)
    known = (~lost[None]).astype(u.dtype)
    part = small.shrink(known)
    image = small.shrink(known * u) / np.maximum(part, np.finfo(u.dtype).tiny)
    coarse = thin_plate(image, part[0] <= 0.0, small.grid, tolerance)
    return np.where(lost, small.enlarge(coarse), u)


def _wide(lost: Mask) -> bool:
    """Whether a block of so many pixels along every axis is lost."""
    for axis, n in enumerate(lost.shape):
        if n >= WIDE:
            starts = np.arange(0, n - n % WIDE, WIDE)
            lost = np.logical_and.reduceat(lost, starts, axis=axis)
    return bool(lost.any())


class _Solver:
    """m lap lap x = b, m the mask of lost pixels."""

    def __init__(self, lost: Mask, grid: Grid, dtype: np.dtype[Any]) -> None:
        mask = volume(lost[None])[0]
        self.mask = mask.astype(dtype)
        self.runs = _runs(_widened(mask))
        self.inverse = inverse(grid, dtype)
        self.module = specialise(plate, constant, dtype)
        self.sums = np.zeros(len(self.runs))
        self.steps = np.zeros(len(self.runs), dtype)
        self.boxes = _dealt(self.runs)
        self.workers = grid.tiling.workers

    def solve(self, u: Image, tolerance: float) -> None:
        """Fill u[plane, row, col], which holds a first guess."""
        real, module, runs = u.dtype.type, self.module, self.runs
        q, r, h = (np.zeros_like(u) for _ in range(3))
        everything = _runs(np.ones(u.shape, bool))
        module.bend(u, q, everything, 0, len(everything), self.inverse)
        q0 = np.zeros(len(everything))
        module.pull(q, u, self.mask, r, everything, 0, len(everything), self.inverse, q0)
        np.negative(r, out=r)
        q[...] = 0
        p, rr, calm = r.copy(), float(np.square(r, dtype=np.float64).sum()), 0
        for _ in range(MOST):
            if rr == 0.0 or calm == CALM:
                return
            self._each(lambda a, b: module.bend(p, q, runs, a, b, self.inverse))
            self._each(lambda a, b: module.pull(
                q, p, self.mask, h, runs, a, b, self.inverse, self.sums
            ))  # fmt: skip
            bent = float(self.sums.sum())
            if bent <= 0.0:
                return
            alpha = real(rr / bent)
            self._each(partial(self._follow, u, r, p, h, alpha))
            before, rr = rr, float(self.sums.sum())
            calm = calm + 1 if float(self.steps.max()) <= tolerance else 0
            self._each(partial(self._turn, p, r, real(rr / before)))

    def _follow(self, u: Any, r: Any, p: Any, h: Any, alpha: Any, a: int, b: int) -> None:
        self.module.follow(u, r, p, h, alpha, self.runs, a, b, self.sums, self.steps)

    def _turn(self, p: Any, r: Any, beta: Any, a: int, b: int) -> None:
        self.module.turn(p, r, beta, self.runs, a, b)

    def _each(self, work: Callable[[int, int], None]) -> None:
        """Call the work for all runs, dealt out to threads."""
        tiles.run(lambda box: work(box[0], box[1]), self.boxes, self.workers)


def _widened(mask: Mask) -> Mask:
    """Return the mask with all next neighbours."""
    out = mask.copy()
    for axis in range(mask.ndim):
        ahead, behind = [slice(None)] * mask.ndim, [slice(None)] * mask.ndim
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        out[tuple(ahead)] |= mask[tuple(behind)]
        out[tuple(behind)] |= mask[tuple(ahead)]
    return out


def _runs(where: Mask) -> NDArray[np.int64]:
    """Return the runs of pixels, ``(plane, row, first, last)``; those that nearly touch are one.

    >>> _runs(np.array([[[True, False, True], [False, True, True]]])).tolist()
    [[0, 0, 0, 3], [0, 1, 1, 3]]
    """
    rows = where.shape[1]
    z, y, first = np.nonzero(where & ~np.pad(where, ((0, 0), (0, 0), (1, 0)))[..., :-1])
    last = np.nonzero(where & ~np.pad(where, ((0, 0), (0, 0), (0, 1)))[..., 1:])[2] + 1
    row = z * rows + y
    apart = np.ones(len(first), bool)
    apart[1:] = (row[1:] != row[:-1]) | (first[1:] - last[:-1] > GAP)
    ends = np.append(np.nonzero(apart)[0][1:], len(first)) - 1
    return np.stack([z[apart], y[apart], first[apart], last[ends]], axis=1)


def _dealt(runs: NDArray[np.int64]) -> list[tiles.Box]:
    """Cut the runs into parts of about as many pixels."""
    pixels = np.cumsum(runs[:, 3] - runs[:, 2])
    parts = max(1, int(pixels[-1]) // BLOCK)
    cuts = np.searchsorted(pixels, pixels[-1] * np.arange(1, parts) / parts).tolist()
    ends = [0, *cuts, len(runs)]
    return [(a, b, 0, 1, 0, 1) for a, b in pairwise(ends) if b > a]
