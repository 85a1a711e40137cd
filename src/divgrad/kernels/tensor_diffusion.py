"""Tensor diffusion as an operator: div(D grad v) with D frozen, by non-negative stencils."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import constant
from divgrad.grid import Grid
from divgrad.kernels import selling, stencil, tensor, tiles
from divgrad.kernels.directions import PARTS, directions, offsets, roundest
from divgrad.kernels.presmoothing import axes
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image, Operator, volume

DEEPEST = 4  # steps per visit of the rows of an image: more, and their weights leave the cache
DEEPEST_IN_VOLUMES = 1


def tensor_diffusion(
    field: Image,
    grid: Grid,
    *,
    reach: int,
    compact: bool = False,
    spent: TensorDiffusion | None = None,
) -> TensorDiffusion:
    """Return the operator div(D grad .).

    Parameters
    ----------
    field
        The tensors, ``(part, *space)``: see :data:`divgrad.kernels.directions.PARTS`. A signal's are those of an
        image with one row.
    grid
        Where the pixels are.
    reach
        Most pixels along an axis between two that exchange grey value.
    compact
        Whether images take the delta stencil: the eight neighbours alone.
    spent
        An operator that nobody needs any more, whose memory is used again: to have new memory mapped takes as long as
        all that is computed for it.
    """
    if grid.ndim == 3:
        return VolumeDiffusion(field, grid, reach)
    return PlanarDiffusion(field, grid, reach, compact, spent)


class TensorDiffusion(Operator):
    """v -> div(D grad v), with the weights of every pixel made once."""

    symmetric = True

    def __init__(self, grid: Grid, dtype: Any) -> None:
        self.grid, self.dtype = grid, dtype
        self.deep = grid.ndim == 3
        self.highest: Image = np.zeros(1, dtype)  # largest sum of a pixel's weights, row by row

    def scale(self) -> NDArray[Any]:
        """Return 1 / (h_i h_j) for the parts of D."""
        h = np.ones(3)
        h[list(axes(self.grid.ndim))] = self.grid.spacing
        return np.array([1.0 / (h[i] * h[j]) for i, j in PARTS[self.deep]], self.dtype)

    def bound(self) -> float:
        """Return twice the largest sum of a pixel's weights (Gershgorin)."""
        return self.bound_within(())

    def bound_within(self, rows: tuple[slice, ...]) -> float:
        """Return what the bound would be if there were no other rows: of an image, or of planes and rows."""
        return 2.0 * float(self.highest[rows].max()) * (1.0 + 1e-6)

    def axpy(self, tau: float, v: Image) -> Image:
        """Return v + tau div(D grad v)."""
        return self.polynomial(v, [tau])

    def polynomial(
        self,
        v: Image,
        taus: Sequence[float],
        fresh: Sequence[float] | None = None,
        chain: Sequence[float] | None = None,
        *,
        spoil: bool = False,
    ) -> Image:
        """Return the steps one after the other, several in one visit; of a recurrence, its chain."""
        if chain is not None:
            taus, fresh = chain, None
        if fresh is not None and any(f != 1.0 for f in fresh):
            return super().polynomial(v, taus, fresh)
        steps = np.asarray(taus, v.dtype)
        deepest = self.grid.tiling.depth or (DEEPEST_IN_VOLUMES if self.deep else DEEPEST)
        visits = -(-len(steps) // deepest)
        stride = -(-len(steps) // max(1, visits))
        old, new = v, v
        for s in range(0, len(steps), max(1, stride)):
            out = np.empty_like(v) if old is v and not (spoil and s > 0) else old
            self._visit(new, out, steps[s : s + stride])
            old, new = new, out
        return v.copy() if new is v and not spoil else new

    @abstractmethod
    def _visit(self, v: Image, out: Image, taus: NDArray[Any]) -> None:
        """Make the steps, block by block."""


class PlanarDiffusion(TensorDiffusion):
    """In signals and images: a plane of weights for each direction."""

    def __init__(
        self, field: Image, grid: Grid, reach: int, compact: bool, spent: TensorDiffusion | None
    ) -> None:
        super().__init__(grid, field.dtype)
        reach = 1 if compact else reach
        self.reach = reach
        self.compact = compact
        made = directions(grid, reach, self.dtype)
        self.table = made.table
        view = volume(field)
        rows, cols = view.shape[1], view.shape[3]
        margin = reach  # zeros, so that no loop needs to know where the image ends
        shape = (len(self.table), rows + margin, cols + 2 * margin)
        old: Image | None = spent.weights if isinstance(spent, PlanarDiffusion) else None
        fits = old is not None and old.shape == shape and old.dtype == self.dtype
        self.weights: Image = old if old is not None and fits else np.empty(shape, self.dtype)
        self.weights[:, :margin] = 0.0
        self.active = np.empty((len(self.table), rows, -(-cols // stencil.RUN)), np.uint8)
        highest = np.zeros(rows, self.dtype)
        module, scale = self._module(1), self.scale()
        workers = grid.tiling.workers
        deep = max(4 * reach, min(-(-rows // (2 * workers)), 16 * reach))
        if grid.tiling.block is not None:
            deep = grid.tiling.block[0]
        tiles.run(
            lambda box: module.weigh(
                view,
                scale,
                reach,
                self.table,
                made.images,
                made.parts,
                made.weights,
                made.least,
                made.borders,
                self.weights,
                self.active,
                highest,
                box,
            ),
            list(tiles.boxes((rows, 1, cols), (deep, 1, cols))),
            workers,
        )
        self.highest = highest

    def _visit(self, v: Image, out: Image, taus: NDArray[Any]) -> None:
        view, result = volume(v), volume(out)
        module, (rows, _, cols) = self._module(v.shape[0]), view.shape[1:]
        workers, halo = self.grid.tiling.workers, len(taus) * self.reach
        deep = max(4 * halo, -(-rows // (workers if v.size < 200_000 else 4 * workers)))
        deep = min(deep, max(4 * halo, tiles.LARGEST // (8 * len(taus) * cols)))
        deep = tiles.even(rows, deep)
        if self.grid.tiling.block is not None:
            deep = self.grid.tiling.block[0]
        tiles.run(
            lambda box: module.steps(
                view, result, box, taus, self.weights, self.active, self.table, self.reach
            ),
            list(tiles.boxes((rows, 1, cols), (deep, 1, cols))),
            workers,
        )

    def _module(self, channels: int) -> Any:
        return specialise(
            stencil, constant, self.dtype, CHANNELS=channels, COMPACT=self.compact
        )  # fmt: skip


class VolumeDiffusion(TensorDiffusion):
    """In volumes: runs of voxels, each with the list of its offsets."""

    def __init__(self, field: Image, grid: Grid, reach: int) -> None:
        super().__init__(grid, field.dtype)
        shape = field.shape[1:]
        self.table, index = offsets(reach, True)
        self.reach = (*(min(reach, n - 1) for n in shape[:2]), reach)
        weights, codes = self._decompose(field, index)
        self._pack(self._module(1), weights, codes)

    def _decompose(self, field: Image, index: NDArray[Any]) -> tuple[Image, NDArray[Any]]:
        module = specialise(selling, constant, self.dtype)
        weights = np.empty((6, *field.shape[1:]), self.dtype)
        codes = np.empty(weights.shape, np.int16)
        least = self.dtype.type(roundest(self.grid, index.shape[2] // 2))
        rounding = self.dtype.type(4.0 * np.finfo(self.dtype).eps)
        scale = self.scale()
        self._over_rows(
            lambda box: module.decompose(
                field, scale, least, rounding, index, weights, codes, box
            ),
            field.shape[1:],
        )  # fmt: skip
        return weights, codes

    def _pack(self, module: Any, weights: Image, codes: NDArray[Any]) -> None:
        """Gather what decomposition gave into runs."""
        shape = weights.shape[1:]
        runs = -(-shape[2] // tensor.RUN)
        used = np.zeros((*shape[:2], runs, len(self.table) // 2), np.uint8)
        self._over_rows(lambda box: module.mark_runs(codes, used, box), shape)
        counts = np.empty((*shape[:2], runs), np.int64)
        self._over_rows(
            lambda box: module.count_slots(used, self.table, counts, shape[2], box), shape
        )
        self.starts = np.zeros(counts.size + 1, np.int64)
        np.cumsum(counts.ravel(), out=self.starts[1:])
        self.slots = np.empty((int(self.starts[-1]), tensor.RUN), self.dtype)
        self.slot_codes = np.empty(len(self.slots), np.int16)
        highest = np.zeros(shape[:2], self.dtype)
        self._over_rows(
            lambda box: module.fill_slots(
                weights, codes, used, self.table, self.starts, self.slots, self.slot_codes,
                highest, box,
            ),
            shape,
        )  # fmt: skip
        self.highest = highest

    def _visit(self, v: Image, out: Image, taus: NDArray[Any]) -> None:
        view, result = volume(v), volume(out)
        module, shape = self._module(v.shape[0]), view.shape[1:]
        halo = [len(taus) * reach for reach in self.reach]
        block = self.grid.tiling.block
        if block is None:
            row = len(taus) * (2 * self.reach[0] + 1) * shape[2] * v.shape[0] * v.dtype.itemsize
            height = max(4, 2 * halo[1], 2 * tiles.CACHE // row - 2 * halo[1])
            height = tiles.even(shape[1], height)
            across = -(-shape[1] // height)
            parts = self.grid.tiling.workers * (1 if v.size < 200_000 else 4)
            deep = max(8 * halo[0], -(-shape[0] * across // parts), 1)
            deep = min(deep, max(4 * halo[0], tiles.LARGEST // (8 * height * shape[2]), 1))
            block = (tiles.even(shape[0], deep), height, shape[2])
        todo = tiles.boxes(shape, (block[0], block[1], shape[2]))
        tiles.run(
            lambda box: module.steps(
                view, result, box, taus, self.slots, self.slot_codes, self.starts, self.table, self.reach
            ),
            list(todo),
            self.grid.tiling.workers,
        )  # fmt: skip

    def _module(self, channels: int) -> Any:
        return specialise(tensor, constant, self.dtype, CHANNELS=channels)

    def _over_rows(self, work: Callable[[tiles.Box], None], shape: tuple[int, ...]) -> None:
        """Run over blocks of whole planes, or of the rows of an image."""
        workers = self.grid.tiling.workers
        deep = max(1, min(shape[0] // (4 * workers), 500_000 // (shape[1] * shape[2])))
        boxes = tiles.boxes((shape[0], shape[1], shape[2]), (deep, shape[1], shape[2]))
        tiles.run(work, list(boxes), workers)
