"""Flows of Dask arrays: a graph whose size is linear in the blocks, and of which nothing is computed here."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from divgrad.errors import ImageError, ParameterError, SchemeError
from divgrad.grid import Grid, Tiling
from divgrad.layout import _spacing, working_dtype
from divgrad.operators import Equation, Image
from divgrad.schemes import Scheme
from divgrad.stopping import Stop
from divgrad.volumes.blocks import TRANSPORT, Block
from divgrad.volumes.course import Course, Visit, check, joined
from divgrad.volumes.passes import carried
from divgrad.volumes.run import MOST, growing

SMALLEST = 2  # times the halo of one call: smaller chunks are joined with their neighbours
NARROW = 16  # voxels along an axis, likewise
SENT = 3.0  # to send a voxel from one worker to another takes as long as to read and write it so many times

Chunks = tuple[tuple[int, ...], ...]


def evolve_lazily(
    array: Any,
    equation: Equation,
    scheme: Scheme,
    until: Stop,
    channel_axis: int | None,
    spacing: float | Sequence[float] | None,
    tiling: Tiling | None,
) -> Any:
    """Return the evolved Dask array; parameters as in :func:`divgrad.volumes.evolve`.

    Between two exchanges every block makes as many steps as pay for the halo that it is sent; small chunks are joined
    first.

    Raises
    ------
    SchemeError
        If the steps depend on values that are not computed yet, or need the whole volume.
    """
    import dask.array

    if channel_axis is not None:
        if not -array.ndim <= channel_axis < array.ndim:
            raise ParameterError(
                f"channel_axis {channel_axis} is not an axis of an array of shape {array.shape}"
            )
        channel_axis %= array.ndim
    ndim = array.ndim - (channel_axis is not None)
    if not 2 <= ndim <= 3 or 0 in array.shape or any(math.isnan(n) for n in array.shape):
        raise ImageError(
            f"two or three spatial axes of known extents are needed, got shape {array.shape} with {channel_axis=}"
        )
    grid = Grid(_spacing(spacing, ndim), tiling or Tiling(threads=1))
    check(equation, scheme, until, grid)
    dtype = working_dtype(array.dtype)
    space = [axis for axis in range(array.ndim) if axis != channel_axis]
    channels = 1 if channel_axis is None else array.shape[channel_axis]
    course = Course(equation, scheme, until, _Unknown(equation), channels, dtype, grid)
    waiting: list[Visit] = []
    while course.verdict is None:
        waiting += [single for visit in course.advance() for single in visit.single_steps()]
    least = waiting[0].halo(course.equation, grid) if waiting else (0,) * ndim
    wanted: dict[int, Any] = {
        axis: merged(array.chunks[axis], max(NARROW, SMALLEST * halo))
        for axis, halo in zip(space, least, strict=True)
    }
    if channel_axis is not None:
        wanted[channel_axis] = -1
    u = array.rechunk(wanted)
    first = True
    while waiting or first:
        count = exchange(waiting, course.equation, grid, [max(u.chunks[axis]) for axis in space])
        visits, waiting = waiting[:count], waiting[count:]
        halo = growing(visits, course.equation, grid)[0][-1] if visits else (0,) * ndim
        how = _Step(tuple(joined(visits)), course.equation, grid, channel_axis, first)
        u = _layer(dask, u, how, halo, space, dtype)
        first = False
    return u


class _Unknown:
    """What a lazy array tells of its values: nothing."""

    def __init__(self, equation: Equation) -> None:
        self.name = type(equation).__name__

    def extremes(self) -> tuple[float, float]:
        raise SchemeError(
            f"the steps of {self.name} depend on the volume's values, which a lazy array has not yet: "
            "store it as Zarr, and give its path and out="
        )

    def bound(self, equation: Equation, t: float) -> float:
        return self.extremes()[0]


def merged(chunks: Sequence[int], least: int) -> tuple[int, ...]:
    """Join chunks with their neighbours until none is smaller than ``least``.

    >>> merged((4, 4, 4, 4, 3), 8), merged((5,), 8)
    ((8, 11), (5,))
    """
    made: list[int] = []
    for size in chunks:
        if made and made[-1] < least:
            made[-1] += size
        else:
            made.append(size)
    if len(made) > 1 and made[-1] < least:
        made[-2:] = [made[-2] + made[-1]]
    return tuple(made)


def exchange(waiting: list[Visit], equation: Equation, grid: Grid, size: Sequence[int]) -> int:
    """Return how many calls to make between two exchanges of halos, for blocks of a size."""
    if not waiting:
        return 0
    best, lowest = 1, math.inf
    halos, steps = growing(waiting[:MOST], equation, grid)
    for count, (halo, made) in enumerate(zip(halos, steps, strict=True), 1):
        more = math.prod((b + 2 * h) / b for b, h in zip(size, halo, strict=True))
        cost = more * (1.0 + (TRANSPORT + SENT * TRANSPORT * (more - 1.0)) / made)
        if cost < lowest:
            best, lowest = count, cost
    passes = -(-len(waiting) // best)
    return -(-len(waiting) // passes)


class _Step:
    """What a task does: put a block and its halo together, and carry it on."""

    def __init__(
        self, visits: tuple[Visit, ...], equation: Equation, grid: Grid, channel_axis: int | None, first: bool
    ) -> None:  # fmt: skip
        self.visits, self.equation, self.grid = visits, equation, grid
        self.channel_axis, self.first = channel_axis, first

    def __call__(
        self, shape: tuple[int, ...], inner: tuple[slice, ...], places: list[Any], dtype: Any, *parts: Any
    ) -> Any:  # fmt: skip
        axis = self.channel_axis
        channels = 1 if axis is None else parts[0].shape[axis]
        u: Image = np.empty((channels, *shape), dtype)
        for place, part in zip(places, parts, strict=True):
            where = tuple(slice(a, b) for a, b in place)
            u[(slice(None), *where)] = part[None] if axis is None else np.moveaxis(part, axis, 0)
        if self.first and not np.isfinite((u.min(), u.max())).all():
            raise ImageError("the volume has values that are NaN or infinite: replace them first")
        made = carried(u, self.visits, self.equation, self.grid)[(slice(None), *inner)]
        moved = made[0] if axis is None else np.moveaxis(made, 0, axis)
        return np.ascontiguousarray(moved)

    def __dask_tokenize__(self) -> Any:
        kinds = (self.visits, repr(self.equation), self.grid.spacing, self.channel_axis, self.first)
        return ("divgrad", *kinds)


def _layer(dask: Any, u: Any, how: _Step, halo: Sequence[int], space: list[int], dtype: Any) -> Any:
    """Return the array after one exchange: a task for each block, and one for each part of a neighbour."""
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph

    token = tokenize(u.name, how, tuple(halo))
    name, cut = f"divgrad-{token}", f"divgrad-halo-{token}"
    chunks: Chunks = tuple(u.chunks[axis] for axis in space)
    bounds = [list(itertools.accumulate(sizes, initial=0)) for sizes in chunks]
    shape = tuple(edges[-1] for edges in bounds)
    graph: dict[Any, Any] = {}
    for index in itertools.product(*(range(len(sizes)) for sizes in chunks)):
        block = _block(bounds, index)
        wide = block.widened(halo, shape)
        places, parts = [], []
        for near in _neighbours(bounds, wide):
            other = _block(bounds, near)
            low = tuple(max(a, b) for a, b in zip(wide.low, other.low, strict=True))
            high = tuple(min(a, b) for a, b in zip(wide.high, other.high, strict=True))
            shared = Block(low, high)
            places.append([(s.start, s.stop) for s in shared.within(wide)])
            key = _key(u.name, near, space, u.ndim)
            if near != index:  # only what is needed of a neighbour is sent
                taken = _key(cut, (*index, *near), None, 0)
                graph[taken] = (_take, key, _slices(shared.within(other), space, u.ndim))
                key = taken
            parts.append(key)
        size = tuple(b - a for a, b in zip(wide.low, wide.high, strict=True))
        graph[_key(name, index, space, u.ndim)] = (
            how, size, block.within(wide), places, dtype, *parts,
        )  # fmt: skip
    high = HighLevelGraph.from_collections(name, graph, dependencies=[u])
    meta = np.empty((0,) * u.ndim, dtype)
    return dask.array.Array(high, name, chunks=u.chunks, dtype=dtype, meta=meta)


def _take(part: Any, where: tuple[slice, ...]) -> Any:
    return np.ascontiguousarray(part[where])


def _block(bounds: list[list[int]], index: Sequence[int]) -> Block:
    low = tuple(edges[i] for edges, i in zip(bounds, index, strict=True))
    return Block(low, tuple(edges[i + 1] for edges, i in zip(bounds, index, strict=True)))


def _neighbours(bounds: list[list[int]], wide: Block) -> Iterator[tuple[int, ...]]:
    """Yield the blocks that a wider one touches, itself among them."""
    ranges = []
    for edges, low, high in zip(bounds, wide.low, wide.high, strict=True):
        ranges.append([i for i in range(len(edges) - 1) if edges[i] < high and edges[i + 1] > low])
    return itertools.product(*ranges)


def _key(name: str, index: Sequence[int], space: list[int] | None, ndim: int) -> tuple[Any, ...]:
    """Return the key of a block; the channels are all in one."""
    if space is None:
        return (name, *index)
    whole = [0] * ndim
    for axis, i in zip(space, index, strict=True):
        whole[axis] = i
    return (name, *whole)


def _slices(where: Sequence[slice], space: list[int], ndim: int) -> tuple[slice, ...]:
    whole = [slice(None)] * ndim
    for axis, s in zip(space, where, strict=True):
        whole[axis] = s
    return tuple(whole)
