"""A multigrid cycle for (I - tau A): what one grid damps slowly, a reduced one damps fast.

Pixels are joined two by two along each axis on which they lie densest; the weights of the edges between two
such are summed and halved (twice the distance), the masses summed. One cycle makes two Jacobi sweeps on the
way down and two on the way up, of Chebyshev's lengths for the upper three quarters of the spectrum. It is
symmetric and positive, and so can precondition conjugate gradients.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import multigrid, tiles
from divgrad.kernels.presmoothing import axes
from divgrad.kernels.specialise import specialise
from divgrad.operators import Bands, Image, volume

SWEEPS = tuple(1.0 / (1.25 + 0.75 * math.cos(math.pi * (2 * i + 1) / 4)) for i in range(2))
BLOCK = 65_536  # pixels that are worth a thread


@dataclass
class Level:
    """One grid: the matrix, what divides by its diagonal (0 where nothing changes), and how it is folded."""

    mass: NDArray[Any]
    weights: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
    inverse: NDArray[Any]
    fold: tuple[int, int, int] = (1, 1, 1)

    def boxes(self, shape: tuple[int, ...]) -> list[tiles.Box]:
        """Cut the planes into blocks."""
        planes = max(1, BLOCK // (shape[1] * shape[2]))
        return list(tiles.boxes(shape, (planes, shape[1], shape[2])))  # type: ignore[arg-type]


class Multigrid:
    """(I - tau A) of an operator with bands, on its grid and all reduced ones.

    Parameters
    ----------
    bands
        The parts of A, one for each axis.
    tau
        Time step.
    frozen
        Where, ``(1, *space)``, the image is known not to change wherever A has an empty row; None: nowhere.
    grid
        Where the pixels are.
    """

    def __init__(self, bands: list[Bands], tau: float, frozen: Image | None, grid: Grid) -> None:
        #: Whether this is (I - tau A) itself where the image may change, or only near it.
        self.exact = True
        self._begin(self._finest(bands, tau, frozen, grid), grid)

    @classmethod
    def of(
        cls, mass: Image, weights: list[NDArray[Any]], held: NDArray[np.bool_], grid: Grid
    ) -> Multigrid:
        """Return the solver of ``mass x_i + sum_j w_ij (x_i - x_j)``, of mass ``(1, *space)``.

        Parameters
        ----------
        mass
            What draws a pixel to zero, >= 0.
        weights
            For each axis the weights of the edges to the next pixel, of shape ``space``, the last zero.
        held
            Where, ``space``, the solution is zero whatever the right side is; no edges lead there.
        grid
            Where the pixels are.
        """
        self = cls.__new__(cls)
        self.exact = True
        shape = volume(mass).shape[1:]
        along = [np.zeros(shape, mass.dtype) for _ in range(3)]
        for place, w in zip(axes(grid.ndim), weights, strict=True):
            along[place] = np.ascontiguousarray(w.reshape(shape))
        drawn = mass.reshape(shape)
        diagonal = drawn + _degree(along)
        one = mass.dtype.type(1)
        inverse = np.where(diagonal > 0, one / np.where(diagonal > 0, diagonal, one), one - one)
        inverse[held.reshape(shape)] = 0
        self._begin(Level(drawn, (along[0], along[1], along[2]), inverse), grid)
        return self

    def _begin(self, finest: Level, grid: Grid) -> None:
        self.grid = grid
        self.module = specialise(multigrid, constant, finest.mass.dtype)
        spacing = [math.inf] * 3
        for place, h in zip(axes(grid.ndim), grid.spacing, strict=True):
            spacing[place] = h
        self.levels = [finest]
        while max(self.levels[-1].mass.shape) > 1:
            self.levels.append(_fold(self.levels[-1], spacing))

    def _finest(self, bands: list[Bands], tau: float, frozen: Image | None, grid: Grid) -> Level:
        dtype = bands[0].upper.dtype
        real = dtype.type
        shape = volume(bands[0].upper[None]).shape[1:]
        weights = [np.zeros(shape, dtype) for _ in range(3)]
        places = axes(grid.ndim)
        fixed = None if frozen is None else _still(bands) & frozen[0]
        if fixed is not None and not fixed.any():
            fixed = None
        total: Any = 1.0 if all(part.diagonal is None for part in bands) else np.ones(shape, dtype)
        plain = fixed is None and all(part.diagonal is None for part in bands)
        for axis, part in enumerate(bands):
            edge = part.upper
            if part.lower is not None:
                back = np.zeros_like(edge)
                _ahead(back, axis)[...] = _behind(part.lower, axis)
                if fixed is not None:
                    loose = ~fixed
                    free = np.zeros_like(fixed)
                    _ahead(free, axis)[...] = _ahead(loose, axis) & _behind(loose, axis)
                    edge, back = np.where(free, edge, real(0)), np.where(free, back, real(0))
                self.exact &= bool(np.array_equal(edge, back))
                edge = edge if self.exact else real(0.5) * (edge + back)
            w = volume(edge[None])[0] * real(tau)
            if w.size and float(w.min()) < 0.0:
                self.exact = False
                w = np.maximum(w, real(0))
            weights[places[axis]] = np.ascontiguousarray(w)
            if part.diagonal is not None:
                total = total - real(tau) * part.diagonal.reshape(shape)
        near = _degree(weights)
        if plain:
            mass = np.ones(shape, dtype)
        else:
            # With rows that sum to zero (no diagonal given) an edge adds as much as it takes.
            for axis, part in enumerate(bands):
                if part.diagonal is None:
                    total = total + real(tau) * _degree_of(part, axis).reshape(shape)
            mass = np.asarray(total - near, dtype)
            mass[np.abs(mass) < real(8) * np.finfo(dtype).eps * near] = real(0)
            if float(mass.min()) < 0.0:
                self.exact = False
                mass = np.maximum(mass, real(0))
        diagonal = mass + near
        still = diagonal <= 0.0
        if fixed is not None:
            still |= fixed.reshape(shape)
        inverse = np.where(still, real(0), real(1) / np.where(diagonal > 0.0, diagonal, real(1)))
        return Level(mass, (weights[0], weights[1], weights[2]), inverse.astype(dtype))

    def product(self, x: Image) -> Image:
        """Return (I - tau A) x."""
        level, out = self.levels[0], np.empty_like(x)
        v, result = volume(x), volume(out)
        self._run(level, v.shape[1:], lambda box: self.module.product(
            v, level.mass, *level.weights, result, box
        ))  # fmt: skip
        return out

    def cycle(self, r: Image) -> Image:
        """Return about (I - tau A)^-1 r."""
        return self._descend(volume(r), 0).reshape(r.shape)

    def _descend(self, r: Image, depth: int) -> Image:
        level = self.levels[depth]
        real = r.dtype.type
        if depth + 1 == len(self.levels):
            return np.asarray(r * level.inverse)
        x = (real(SWEEPS[0]) * level.inverse) * r
        y = np.empty_like(x)
        x, y = self._relax(level, x, r, SWEEPS[1], y), x
        self._run(level, r.shape[1:], lambda box: self.module.residual(
            x, r, level.mass, *level.weights, y, box
        ))  # fmt: skip
        coarse = np.empty((r.shape[0], *self.levels[depth + 1].mass.shape), r.dtype)
        self._run(level, coarse.shape[1:], lambda box: self.module.restrict(
            y, coarse, level.fold, box
        ))  # fmt: skip
        change = self._descend(coarse, depth + 1)
        self._run(level, r.shape[1:], lambda box: self.module.prolong(
            change, level.inverse, level.fold, x, box
        ))  # fmt: skip
        y = self._relax(level, x, r, SWEEPS[1], y)
        return self._relax(level, y, r, SWEEPS[0], x)

    def _relax(self, level: Level, x: Image, r: Image, omega: float, out: Image) -> Image:
        real = r.dtype.type(omega)
        self._run(level, r.shape[1:], lambda box: self.module.relax(
            x, r, level.inverse, level.mass, *level.weights, real, out, box
        ))  # fmt: skip
        return out

    def _run(self, level: Level, shape: tuple[int, ...], work: Any) -> None:
        tiles.run(work, level.boxes(shape), self.grid.tiling.workers)


def _fold(level: Level, spacing: list[float]) -> Level:
    """Return the reduced grid; notes in the level, and in the spacing, how it was folded."""
    shape = level.mass.shape
    dense = min(h for h, n in zip(spacing, shape, strict=True) if n > 1)
    joined = [n > 1 and h <= 1.5 * dense for h, n in zip(spacing, shape, strict=True)]
    level.fold = (1 + joined[0], 1 + joined[1], 1 + joined[2])
    free = level.inverse > 0.0
    mass = np.where(free, level.mass, 0)
    weights = list(level.weights)
    for axis in range(3):
        if not joined[axis]:
            continue
        mass = _pairs(mass, axis)
        free = _pairs(free.astype(np.uint8), axis) > 0
        for i in range(3):
            weights[i] = _between(weights[i], axis) if i == axis else _pairs(weights[i], axis)
        spacing[axis] *= 2.0
    diagonal = mass + _degree(weights)
    free &= diagonal > 0.0
    one = diagonal.dtype.type(1)
    inverse = np.where(free, one / np.where(diagonal > 0.0, diagonal, one), one - one)
    return Level(mass, (weights[0], weights[1], weights[2]), inverse)


def _pairs(a: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return the sums of neighbours two by two."""
    out = a[_every(axis, 0)].copy()
    odd = a[_every(axis, 1)]
    out[_upto(axis, odd.shape[axis])] += odd
    return out


def _between(w: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return half the weights of the edges between two pairs, along their axis."""
    shape = list(w.shape)
    shape[axis] = -(-shape[axis] // 2)
    out = np.zeros(shape, w.dtype)
    odd = w[_every(axis, 1)]
    out[_upto(axis, odd.shape[axis])] = odd.dtype.type(0.5) * odd
    return out


def _every(axis: int, first: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(first, None, 2),)


def _upto(axis: int, n: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(n),)


def _ahead(a: NDArray[Any], axis: int) -> NDArray[Any]:
    return a[(slice(None),) * axis + (slice(None, -1),)]


def _behind(a: NDArray[Any], axis: int) -> NDArray[Any]:
    return a[(slice(None),) * axis + (slice(1, None),)]


def _degree(weights: Any) -> NDArray[Any]:
    """Return the sum of the weights at each pixel."""
    total: NDArray[Any] = np.zeros_like(weights[0])
    for axis, w in enumerate(weights):
        total += w
        _behind(total, axis)[...] += _ahead(w, axis)
    return total


def _degree_of(part: Bands, axis: int) -> NDArray[Any]:
    """Return upper + lower of a part whose rows sum to zero."""
    total = part.upper.copy()
    if part.lower is not None:
        total += part.lower
    else:
        _behind(total, axis)[...] += _ahead(part.upper, axis)
    return total


def _still(bands: list[Bands]) -> NDArray[Any]:
    """Return where the rows of A are empty."""
    still = np.ones(bands[0].upper.shape, bool)
    for axis, part in enumerate(bands):
        still &= _degree_of(part, axis) == 0
        if part.lower is not None:
            still &= (part.upper == 0) & (part.lower == 0)
        if part.diagonal is not None:
            still &= part.diagonal == 0
    return still
