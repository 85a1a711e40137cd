"""One pass over a volume: each block is read with what it sees, carried on by several steps, and written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.reductions import extent
from divgrad.operators import Equation, Image
from divgrad.volumes.blocks import Block
from divgrad.volumes.course import Visit
from divgrad.volumes.places import Place


class Extent(NamedTuple):
    """The least and the largest of something over a part of a volume."""

    low: float
    high: float

    def joined(self, other: Extent) -> Extent:
        """Return that of both parts."""
        return Extent(min(self.low, other.low), max(self.high, other.high))


Images = tuple[Image, ...]


class Work(Protocol):
    """What is done with every block; the three may be called by different threads."""

    @property
    def source(self) -> Place:
        """From where blocks are read."""

    def load(self, block: Block) -> Images:
        """Read what is needed."""

    def make(self, block: Block, read: Images) -> tuple[Images, Extent]:
        """Return what is to be written, and what is to be known."""

    def store(self, block: Block, made: Images) -> None:
        """Write it."""


@dataclass(frozen=True)
class Pass:
    """Steps of a flow, from one place to others.

    Parameters
    ----------
    source
        From where.
    targets
        To where: the image after the steps, and the mixture; None where that is not needed.
    visits
        The calls of the equation.
    halo
        How far they look.
    equation, grid
        What flows, and where the voxels are.
    share
        What is mixed; None: nothing.
    """

    source: Place
    targets: tuple[Place | None, Place | None]
    visits: tuple[Visit, ...]
    halo: tuple[int, ...]
    equation: Equation
    grid: Grid
    share: Share | None = None

    def load(self, block: Block) -> Images:
        """Read a block with its halo, and the mixture so far."""
        u = self.source.read(block.widened(self.halo, self.source.shape))
        if self.share is None:
            return (u,)
        return u, self.share.total.read(block)

    def make(self, block: Block, read: Images) -> tuple[Images, Extent]:
        """Carry it on."""
        wide = block.widened(self.halo, self.source.shape)
        made = carried(read[0], self.visits, self.equation, self.grid)
        made = made[(slice(None), *block.within(wide))]
        known = Extent(float(made.min()), float(made.max()))
        mixed = None if self.share is None else self.share.mixed(made, read[1])
        both = zip((made, mixed), self.targets, strict=True)
        return tuple(u for u, place in both if place is not None and u is not None), known

    def store(self, block: Block, made: Images) -> None:
        """Write a block."""
        places = [place for place in self.targets if place is not None]
        for place, u in zip(places, made, strict=True):
            place.write(block, u)


@dataclass(frozen=True)
class Share:
    """How an image enters a mixture.

    Parameters
    ----------
    total
        The mixture so far; at first the noisy image.
    part
        Weight of the image.
    first
        Weight of the noisy image, where ``total`` is that.
    ends
        Between these the finished mixture is clipped; None: it is not finished.
    """

    total: Place
    part: float
    first: float | None = None
    ends: tuple[float, float] | None = None

    def mixed(self, image: Image, total: Image) -> Image:
        """Return the mixture with an image; ``total`` is used up."""
        real = total.dtype.type
        if self.first is not None:
            total *= real(self.first)
        if self.part != 0.0:
            total += real(self.part) * image
        if self.ends is not None:
            np.clip(total, *self.ends, out=total)
        return total


def carried(u: Image, visits: tuple[Visit, ...], equation: Equation, grid: Grid) -> Image:
    """Return a part of an image after some calls of its equation; right as far from its cuts as they look."""
    for visit in visits:
        u = visit.run(u, equation, grid)
    return u


@dataclass(frozen=True)
class Extremes:
    """Looks for the least and the largest value."""

    source: Place
    grid: Grid

    def load(self, block: Block) -> Images:
        """Read a block."""
        return (self.source.read(block),)

    def make(self, block: Block, read: Images) -> tuple[Images, Extent]:
        """Return its extremes."""
        return (), Extent(*extent(read[0], self.grid))

    def store(self, block: Block, made: Images) -> None:
        """Write nothing."""


@dataclass(frozen=True)
class Bound:
    """Looks for the largest bound of an equation whose operator tells it row by row."""

    source: Place
    equation: Equation
    t: float
    halo: tuple[int, ...]
    grid: Grid

    def load(self, block: Block) -> Images:
        """Read a block with what its operator sees."""
        return (self.source.read(block.widened(self.halo, self.source.shape)),)

    def make(self, block: Block, read: Images) -> tuple[Images, Extent]:
        """Return the bound within it."""
        rows = block.within(block.widened(self.halo, self.source.shape))[:-1]
        operator = self.equation.operator(read[0], self.t, self.grid)
        bound: float = operator.bound_within(rows)  # type: ignore[attr-defined]
        return (), Extent(bound, bound)

    def store(self, block: Block, made: Images) -> None:
        """Write nothing."""
