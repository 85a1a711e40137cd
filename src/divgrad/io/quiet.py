"""Keep tifffile's log records of malformed files to ourselves: our exception says it already."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_reading: ContextVar[bool] = ContextVar("_reading", default=False)


def _let_pass(_: logging.LogRecord) -> bool:
    return not _reading.get()


@contextmanager
def quiet() -> Iterator[None]:
    """Drop the records that tifffile logs within the block, in this thread only.

    The level of the logger and `warnings.catch_warnings` belong to the whole process; a filter that
    looks at a context variable leaves other threads, and the program's own use of tifffile, alone.
    """
    # Adding the same function twice does nothing, and it stays: removing it would race.
    logging.getLogger("tifffile").addFilter(_let_pass)
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)
