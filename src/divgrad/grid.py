"""Where the pixels are, and how they are dealt out to the cores."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from divgrad.errors import ParameterError

_most: ContextVar[int | None] = ContextVar("divgrad_threads", default=None)


@contextmanager
def at_most_threads(threads: int) -> Iterator[None]:
    """Let what is called inside use at most so many threads, unless its own tiling says how many.

    It holds for the calling thread alone: programs that share cores among several images know how many are theirs.

    >>> with at_most_threads(1):
    ...     Tiling().workers
    1
    """
    if threads < 1:
        raise ParameterError(f"threads must be a whole number >= 1; got {threads}")
    token = _most.set(threads)
    try:
        yield
    finally:
        _most.reset(token)


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Tiling:
    """How an image is cut for computing; the bits of a result do not depend on it.

    Parameters
    ----------
    block
        Largest block (planes, rows, cols); the rows of a 2-D image count as planes of one row. ``None``
        chooses one that fits the cache.
    depth
        Most time steps per visit of a block; ``None`` chooses.
    threads
        Number of threads; ``None`` takes the cores that this process may use, or fewer inside
        :func:`at_most_threads`.
    """

    block: tuple[int, int, int] | None = None
    depth: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        sizes = [*(self.block or ()), *(n for n in (self.depth, self.threads) if n is not None)]
        if (self.block is not None and len(self.block) != 3) or any(size < 1 for size in sizes):
            raise ParameterError(
                "a tiling needs three block sizes, depth and threads, all >= 1; got "
                f"block={self.block}, depth={self.depth}, threads={self.threads}"
            )

    @property
    def workers(self) -> int:
        """Number of threads to use."""
        if self.threads is not None:
            return self.threads
        return min(cores(), _most.get() or cores())


@dataclass(frozen=True)
class Grid:
    """A regular grid with reflecting borders, through which nothing flows.

    Parameters
    ----------
    spacing
        Distance between neighbouring pixels along each spatial axis, in the order of the axes
        ((plane,) row, col), in any unit of length. Times are then in that unit squared, slopes in image
        units per that unit.
    tiling
        How it is cut for computing.

    >>> Grid((2.0, 1.0)).inverse
    (0.25, 1.0)
    """

    spacing: tuple[float, ...]
    tiling: Tiling = field(default=Tiling(), compare=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.spacing) <= 3:
            raise ParameterError(f"a grid has 1 to 3 axes, got {len(self.spacing)} spacings")
        for h in self.spacing:
            if not (math.isfinite(h) and h > 0):
                raise ParameterError(f"spacing needs finite lengths > 0, got {self.spacing}")

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return len(self.spacing)

    @property
    def inverse(self) -> tuple[float, ...]:
        """1 / h^2 along each axis."""
        return tuple(1.0 / (h * h) for h in self.spacing)

    @property
    def laplacian_bound(self) -> float:
        """Bound of the spectral radius of the discrete Laplacian on this grid, 4 sum 1 / h^2."""
        return 4.0 * sum(self.inverse)
