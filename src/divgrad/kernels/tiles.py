"""Blocks of an image on a pool of threads: one way of going over pixels for every kernel.

A kernel gets a box ``(z0, z1, y0, y1, x0, x1)`` that it alone writes, and reads a halo around it. Kernels hold no
lock on the interpreter, so plain threads work side by side; the caller's thread works too, so that
callers from many threads cannot wait for each other. Boxes are small enough that Ctrl-C, seen between
two of them, stops a run at once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from divgrad.grid import Tiling

Box = tuple[int, int, int, int, int, int]

CACHE = 640 * 1024  # bytes of scratch per block that stay in a core's second-level cache
LARGEST = 24_000_000  # pixel-steps per block: about 0.02 s
SMALL = 12_000_000  # pixel-steps of an image that is cut into no more blocks than there are threads
TINY = 2_500_000  # pixel-steps, 0.7 ms, that one thread makes: to wake another takes as long as it saves


def boxes(shape: tuple[int, int, int], block: tuple[int, int, int]) -> Iterator[Box]:
    """Cut a volume into boxes of at most ``block``.

    >>> list(boxes((1, 1, 5), (1, 1, 3)))
    [(0, 1, 0, 1, 0, 3), (0, 1, 0, 1, 3, 5)]
    """
    for z in range(0, shape[0], block[0]):
        for y in range(0, shape[1], block[1]):
            for x in range(0, shape[2], block[2]):
                yield (
                    z, min(shape[0], z + block[0]),
                    y, min(shape[1], y + block[1]),
                    x, min(shape[2], x + block[2]),
                )  # fmt: skip


def choose_block(
    shape: tuple[int, int, int], steps: int, bytes_per_pixel: int, tiling: Tiling
) -> tuple[int, int, int]:
    """Return a block whose scratch, ``bytes_per_pixel`` of one plane with its halo, fits the cache.

    Long in cols (contiguous), then in rows; as many planes as give every thread several blocks, but many
    more than the halo that each block repeats.
    """
    if tiling.block is not None:
        return tiling.block
    planes, rows, cols = shape
    fits = max(1, CACHE // bytes_per_pixel)  # pixels of a plane
    halo = 2 * steps
    if rows == 1:
        width = even(cols, max(64, fits - halo))
        height = 1
    else:
        width = even(cols, max(64, min(fits // max(8, 2 * halo), 1024)))
        height = even(rows, max(4, fits // (width + halo) - halo))
    across = -(-rows // height) * -(-cols // width)
    # A few blocks for each thread, so that none waits long for another; in small images, where the halo
    # that blocks repeat counts for more, one.
    workers = tiling.workers
    work = planes * rows * cols * steps
    blocks = 1 if work < TINY else workers if work < SMALL else 4 * workers
    deep = max(-(-planes * across // blocks), 1)
    if blocks > workers:
        deep = max(deep, 8 * steps)
    deep = max(1, min(deep, LARGEST // (height * width * steps)))
    return even(planes, deep), height, width


def even(size: int, most: int) -> int:
    """Return the size of equal parts of at most ``most``."""
    parts = -(-size // max(1, most))
    return -(-size // parts)


_pool: ThreadPoolExecutor | None = None
_pool_lock = threading.Lock()


def _after_fork() -> None:
    """Forget the pool in a forked child: its threads are not there, and its lock may be held for ever."""
    global _pool, _pool_lock
    _pool, _pool_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _executor() -> ThreadPoolExecutor:
    """Return the pool of this process."""
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(max_workers=64, thread_name_prefix="divgrad")
        return _pool


def run(work: Callable[[Box], None], todo: list[Box], threads: int) -> None:
    """Call ``work`` once for every box, on ``threads`` threads, this one among them.

    The first error, or Ctrl-C, lets the boxes that are under way finish and is then raised.
    """
    if threads == 1 or len(todo) == 1:
        for box in todo:
            work(box)
        return
    queue = iter(todo)
    lock = threading.Lock()
    stop = threading.Event()

    def worker() -> None:
        try:
            while not stop.is_set():
                with lock:
                    box = next(queue, None)
                if box is None:
                    return
                work(box)
        except BaseException:
            stop.set()
            raise

    futures: list[Future[None]] = []
    try:
        pool = _executor()
        futures += [pool.submit(worker) for _ in range(min(threads, len(todo)) - 1)]
        worker()
    finally:
        stop.set()
        _settle(futures)
    for future in futures:
        if not future.cancelled():
            future.result()


def _settle(futures: list[Future[None]]) -> None:
    """Wait until no thread touches the arrays any more, however often a signal breaks in meanwhile.

    Whatever its handler raised (Ctrl-C, an exit on SIGTERM) is raised after the wait.
    """
    interrupt: BaseException | None = None
    for future in futures:
        settled = False
        while not settled:
            try:
                if not future.cancel():
                    future.exception()  # waits; what the work raised is returned, not raised
                settled = True
            except BaseException as error:
                interrupt = error
    if interrupt is not None:
        raise interrupt
