"""Passes over a volume in bounded memory, which go on where they were killed."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.layout import working_dtype
from divgrad.operators import Equation
from divgrad.volumes.blocks import best_cut, blocks, chunks_for
from divgrad.volumes.course import Visit, sees
from divgrad.volumes.ledger import Ledger
from divgrad.volumes.locally import IN_FLIGHT, Runner, here
from divgrad.volumes.passes import Bound, Extent, Extremes, Work
from divgrad.volumes.places import Place, exists, forget, make_array, write_unit

EVERY = 2.0  # seconds between two records of what is done: what a killed run does twice
MOST = 32  # calls that one pass may make: with more the halo outgrows what it saves
USABLE = 0.8  # of the memory: the rest is what malloc keeps between arrays
READ, WRITTEN = (
    2,
    5,
)  # copies that Zarr has of a chunk on its way (measured: resident memory by chunk)
FEW = 4  # copies of an image that the simplest flows need


@dataclass(frozen=True)
class Means:
    """With what a volume is done; the result does not depend on it.

    Parameters
    ----------
    memory
        Bytes for the arrays of one worker.
    runner
        Who does the blocks.
    tell
        Is told which part of the present pass, 0 to 1, is done.
    """

    memory: int
    runner: Runner = here
    tell: Callable[[float], None] | None = None


@dataclass
class Plan:
    """A pass: how many calls it makes, in what blocks, and which of these are done, with what they are known by."""

    count: int
    size: tuple[int, ...]
    low: float | None = None
    high: float | None = None
    done: list[int] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Return it as the ledger has it."""
        return {**vars(self), "size": list(self.size)}

    @classmethod
    def of(cls, told: dict[str, Any]) -> Plan:
        """Return what the ledger has told."""
        return cls(**{**told, "size": tuple(told["size"])})


class Run:
    """The passes of one job, with its folder of work.

    Parameters
    ----------
    source
        The image.
    folder
        Where the ledger and the images in between go.
    result
        Where the result is made.
    grid
        Where the voxels are.
    job
        By what a later run knows that it is the same.
    means
        With what.
    """

    def __init__(
        self,
        source: Place,
        folder: Path,
        result: Place,
        grid: Grid,
        job: dict[str, Any],
        means: Means,
    ) -> None:
        self.source, self.folder, self.result = source, folder, result
        self.grid, self.means = grid, means
        self.dtype = working_dtype(source.dtype)
        self.now = source  # where the image is that flows, after the passes that are done
        self.number = 0  # passes that are done, or were by an earlier run
        self.on_their_way = READ * source.at_once * source.chunk_bytes
        self.unit = result.unit() if exists(result) else write_unit(source, self._voxels(FEW) // 8)
        written = math.prod(self.unit) * source.channels * self.dtype.itemsize
        self.on_their_way += WRITTEN * source.at_once * written
        self.blocks = 0
        self.ledger = Ledger(folder, job)  # last: from here on the folder is there, and locked

    def _voxels(self, copies: int) -> int:
        """Return how many voxels a block with its halo may have."""
        left = self.means.memory - self.on_their_way
        if left <= 0:
            raise ParameterError(
                f"memory: chunks on their way take {self.on_their_way / 2**30:.2g} GiB of the "
                f"{self.means.memory / 2**30:.2g} that are allowed: allow more, or take smaller chunks"
            )
        each = self.dtype.itemsize * self.source.channels * (copies + IN_FLIGHT)
        return max(1, int(USABLE * left) // each)

    # What a course may ask of the image as it is now: found once, then remembered by the ledger.

    def extremes(self) -> tuple[float, float]:
        """Return the least and the largest value of the image that flows."""
        if self.number and self.now != self.source:
            known = self.ledger.passes[self.number - 1]
            return known["low"], known["high"]
        found = self._survey("extremes", Extremes(self.source, self.grid), (0,) * self.grid.ndim)
        return found.low, found.high

    def bound(self, equation: Equation, t: float) -> float:
        """Return the largest bound of its parts."""
        halo = sees(equation, t, self.grid).making
        work = Bound(self.now, equation, t, halo, self.grid)
        return self._survey(f"bound at {t!r} after {self.number}", work, halo).high

    def _survey(self, name: str, work: Work, halo: tuple[int, ...]) -> Extent:
        facts = self.ledger.facts
        if name not in facts:
            equation = getattr(work, "equation", None)
            reach = None if equation is None else sees(equation, 0.0, self.grid)
            copies, whole_rows = (FEW, False) if reach is None else (reach.copies, reach.by_rows)
            shape = self.source.shape
            size = best_cut(shape, self.unit, [halo], [8], self._voxels(copies), whole_rows).size
            found: list[Extent] = []
            todo = list(enumerate(blocks(shape, size)))
            self.means.runner(work, todo, lambda _, extent: found.append(extent))
            facts[name] = [min(one.low for one in found), max(one.high for one in found)]
            self.ledger.save()
        return Extent(*facts[name])

    def plan(self, waiting: list[Visit], equation: Equation, *, mixing: bool = False) -> Plan:
        """Choose how many calls the next pass makes and its blocks, or remember what was chosen."""
        if self.number < len(self.ledger.passes):
            return Plan.of(self.ledger.passes[self.number])
        if self.ledger.current is not None:
            return Plan.of(self.ledger.current)
        more = 2 if mixing else 0
        voxels, whole_rows = self._voxels(FEW + more), False
        halos, steps = [(0,) * self.grid.ndim], [1]
        if waiting:
            reach = sees(equation, waiting[0].t, self.grid)
            voxels, whole_rows = self._voxels(reach.copies + more), reach.by_rows
            halos, steps = growing(waiting[:MOST], equation, self.grid)
        cut = best_cut(self.source.shape, self.unit, halos, steps, voxels, whole_rows)
        passes = max(1, -(-len(waiting) // cut.calls))
        return Plan(-(-len(waiting) // passes), cut.size)

    def between(self, name: str) -> Place:
        """Return the place of an image in between, float and channels first."""
        return Place(str(self.folder / name), None if self.source.channel_axis is None else 0)

    def make_between(self, place: Place, size: Sequence[int], halo: Sequence[int]) -> None:
        """Make its array, cut so that halos are read without much else."""
        first = () if self.source.channel_axis is None else (self.source.channels,)
        chunks = (*first, *chunks_for(size, halo, self.source.shape))
        make_array(Path(place.path), (*first, *self.source.shape), chunks, self.dtype)

    def remove(self, place: Place | None) -> None:
        """Remove an image in between that nobody needs any more."""
        if place is not None and place not in (self.source, self.result):
            shutil.rmtree(place.path, ignore_errors=True)
            forget()

    def do(self, work: Work, plan: Plan, targets: Sequence[Place], halo: Sequence[int]) -> None:
        """Make the next pass, or what is left of it, unless an earlier run has made it."""
        every = blocks(self.source.shape, plan.size)
        self.blocks = len(every)
        if self.number >= len(self.ledger.passes):
            fresh = [place for place in targets if place != self.result]
            if not all(plan.done and exists(place) for place in fresh):
                plan.done = []
                for place in fresh:
                    self.make_between(place, plan.size, halo)
            self._finish(work, plan, targets, every)
            self.ledger.passes.append({**plan.told(), "done": []})
            self.ledger.current = None
            self.ledger.save()
        self.number += 1

    def _finish(self, work: Work, plan: Plan, targets: Sequence[Place], every: list[Any]) -> None:
        ended = set(plan.done)
        todo = [(n, block) for n, block in enumerate(every) if n not in ended]
        fresh: list[int] = []
        saved = time.monotonic()

        def settle() -> None:
            nonlocal saved
            for place in targets:
                place.sync([every[n] for n in fresh])
            plan.done += fresh
            fresh.clear()
            self.ledger.current = plan.told()
            self.ledger.save()
            saved = time.monotonic()

        def done(n: int, extent: Extent) -> None:
            fresh.append(n)
            plan.low = extent.low if plan.low is None else min(plan.low, extent.low)
            plan.high = extent.high if plan.high is None else max(plan.high, extent.high)
            if time.monotonic() - saved > EVERY:
                settle()
            if self.means.tell is not None:
                self.means.tell((len(plan.done) + len(fresh)) / len(every))

        settle()
        try:
            self.means.runner(work, todo, done)
        finally:
            settle()


def growing(
    visits: list[Visit], equation: Equation, grid: Grid
) -> tuple[list[tuple[int, ...]], list[int]]:
    """Return the halos and the numbers of steps of the first visit, of the first two, ..."""
    halos, steps = [(0,) * grid.ndim], [0]
    for visit in visits:
        more = visit.halo(equation, grid)
        halos.append(tuple(a + b for a, b in zip(halos[-1], more, strict=True)))
        steps.append(steps[-1] + len(visit.taus))
    return halos[1:], steps[1:]
