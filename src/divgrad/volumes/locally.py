"""Blocks one after the other in this process: the next is read, and the one before written, while one is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from divgrad.volumes.blocks import Block
from divgrad.volumes.passes import Extent, Work

#: (number of a block, what is known of it): it is written.
Done = Callable[[int, Extent], None]
#: (work, blocks with their numbers, what to call for each) -> when all are done.
Runner = Callable[[Work, Sequence[tuple[int, Block]], Done], None]

IN_FLIGHT = 2  # blocks beside the one that is computed: one that is read, one that is written


def here(work: Work, todo: Sequence[tuple[int, Block]], done: Done) -> None:
    """Do the blocks here."""
    with (
        ThreadPoolExecutor(1, "divgrad-read") as reader,
        ThreadPoolExecutor(1, "divgrad-write") as writer,
    ):
        coming = reader.submit(work.load, todo[0][1]) if todo else None
        going: tuple[int, Extent, Future[None]] | None = None
        try:
            for place, (number, block) in enumerate(todo):
                assert coming is not None
                read = coming.result()
                coming = (
                    reader.submit(work.load, todo[place + 1][1]) if place + 1 < len(todo) else None
                )
                made, extent = work.make(block, read)
                del read
                _settled(going, done)
                going = (number, extent, writer.submit(work.store, block, made))
                del made
            _settled(going, done)
        finally:
            if coming is not None:
                coming.cancel()


def _settled(going: tuple[int, Extent, Future[None]] | None, done: Done) -> None:
    """Wait until a block is written, and say so."""
    if going:
        number, extent, future = going
        future.result()
        done(number, extent)
