r"""How a volume is cut: blocks of whole write units, as large as the memory holds, with what they see around them.

What it costs: a pass of m steps reads and writes a voxel once and computes it m times; a block of the extents b with
the halo m r around it computes :math:`\prod (b_i + 2 m r_i) / b_i` times what it keeps. More steps to a pass save
transport and cost halo; the best m and b for the memory are looked for.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from divgrad.errors import ParameterError

LEAST_CHUNK = 200_000  # voxels: each costs about as much to find as it takes to read half of that
TRANSPORT = (
    5.0  # to read and write a voxel takes as long as so many steps of Perona-Malik diffusion
)


class Block(NamedTuple):
    """A part of a volume that one task writes: where it begins and ends along each spatial axis."""

    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def where(self) -> tuple[slice, ...]:
        """The slices of the volume."""
        return tuple(slice(a, b) for a, b in zip(self.low, self.high, strict=True))

    def widened(self, halo: Sequence[int], shape: Sequence[int]) -> Block:
        """Return it with what is around it, as far as the volume goes.

        >>> Block((4, 0), (8, 4)).widened((2, 2), (9, 9))
        Block(low=(2, 0), high=(9, 6))
        """
        low = tuple(max(0, a - h) for a, h in zip(self.low, halo, strict=True))
        high = tuple(min(n, b + h) for b, h, n in zip(self.high, halo, shape, strict=True))
        return Block(low, high)

    def within(self, wide: Block) -> tuple[slice, ...]:
        """Return its slices in an array of the block that is wider."""
        return tuple(
            slice(a - o, b - o) for a, b, o in zip(self.low, self.high, wide.low, strict=True)
        )


def blocks(shape: Sequence[int], size: Sequence[int]) -> list[Block]:
    """Cut a volume into blocks, in the order in which they lie in memory.

    >>> [block.low for block in blocks((4, 3), (2, 3))]
    [(0, 0), (2, 0)]
    """
    starts = [range(0, n, b) for n, b in zip(shape, size, strict=True)]
    return [
        Block(low, tuple(min(a + b, n) for a, b, n in zip(low, size, shape, strict=True)))
        for low in itertools.product(*starts)
    ]


class Cut(NamedTuple):
    """How a pass is done: so many of the smallest calls, in blocks of a size."""

    calls: int
    size: tuple[int, ...]


def best_cut(
    shape: Sequence[int],
    unit: Sequence[int],
    halos: Sequence[Sequence[int]],
    steps: Sequence[int],
    voxels: int,
    whole_rows: bool = False,
) -> Cut:
    """Return how many calls to make in one pass, and the blocks, so that a volume takes the least time.

    Parameters
    ----------
    shape
        Of the volume.
    unit
        What is written as a whole: blocks are multiples of it.
    halos
        Of the first call, of the first two, ...; all that may go into one pass.
    steps
        How many steps these are.
    voxels
        Voxels of a block with its halo that fit the memory.
    whole_rows
        Whether blocks must span the last axis.

    Raises
    ------
    ParameterError
        If not even one unit with the halo of one call fits.

    >>> best_cut((64, 64, 64), (8, 8, 8), [(1, 1, 1), (2, 2, 2)], [1, 2], 10**6)
    Cut(calls=2, size=(64, 64, 64))
    """
    choices = [list(extents(n, u)) for n, u in zip(shape, unit, strict=True)]
    if whole_rows:
        choices[-1] = [shape[-1]]
    best, lowest = None, math.inf
    for count, (halo, made) in enumerate(zip(halos, steps, strict=True), 1):
        for size in itertools.product(*choices):
            wide = [min(n, b + 2 * h) for n, b, h in zip(shape, size, halo, strict=True)]
            if math.prod(wide) > voxels:
                continue
            # Short rows cost: a row is begun and ended as often as it is cut.
            cost = (
                math.prod(wide)
                / math.prod(size)
                * (1.0 + TRANSPORT / made)
                * (1.0 + 16.0 / wide[-1])
            )
            # Even parts: a last block that is nearly empty keeps others waiting.
            cost *= math.prod(-(-n // b) * b / n for n, b in zip(shape, size, strict=True)) ** 0.1
            if cost < lowest:
                best, lowest = Cut(count, tuple(size)), cost
    if best is None:
        least = [row[0] for row in choices]
        wide = [min(n, u + 2 * h) for n, u, h in zip(shape, least, halos[0], strict=True)]
        raise ParameterError(
            f"memory: a part of {_times(least)} voxels sees {_times(halos[0])} around it, and needs "
            f"{math.prod(wide) / voxels:.1f} times what is allowed: allow more, or take a shorter tau"
        )
    return best


def extents(size: int, unit: int) -> Iterator[int]:
    """Yield the extents of blocks that are tried: multiples of the unit in steps of a fifth, and the whole.

    >>> list(extents(100, 16))
    [16, 32, 48, 64, 80, 96, 100]
    """
    count = 1
    while count * unit < size:
        yield count * unit
        count = max(count + 1, count * 6 // 5)
    yield size


def chunks_for(size: Sequence[int], halo: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """Return chunks of which a block is made, so small that a halo takes few of them, so large that they are few.

    >>> chunks_for((96, 96, 512), (8, 8, 8), (400, 400, 512)), chunks_for((8, 8, 8), (3, 3, 3), (64, 64, 64))
    ((24, 24, 512), (8, 8, 8))
    """
    chunks = [
        b if b >= n else next(d for d in range(min(h, b), b + 1) if b % d == 0)
        for b, h, n in zip(size, halo, shape, strict=True)
    ]
    while math.prod(chunks) < LEAST_CHUNK:
        axes = [a for a in range(len(chunks)) if chunks[a] < size[a]]
        if not axes:
            break
        a = min(axes, key=lambda axis: chunks[axis])
        chunks[a] = next(d for d in range(chunks[a] + 1, size[a] + 1) if size[a] % d == 0)
    return tuple(chunks)


def _times(numbers: Sequence[int]) -> str:
    return " x ".join(str(n) for n in numbers)
