"""Keep the decoders' log records of malformed files to ourselves: our exception says it already."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Catching warnings changes a list of the whole process: one at a time.
_one = threading.RLock()
_reading: ContextVar[bool] = ContextVar("_reading", default=False)


def _let_pass(_: logging.LogRecord) -> bool:
    return not _reading.get()


@contextmanager
def quiet(library: str = "tifffile") -> Iterator[None]:
    """Drop the records that `library` logs within the block, in this thread only.

    The level of the logger and `warnings.catch_warnings` belong to the whole process; a filter that
    looks at a context variable leaves other threads, and the program's own use of the library, alone.
    """
    # Adding the same function twice does nothing, and it stays: removing it would race.
    logging.getLogger(library).addFilter(_let_pass)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(f"{library}."):  # a filter sees only what is logged by its own name
            logging.getLogger(name).addFilter(_let_pass)
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


@contextmanager
def silent(library: str) -> Iterator[None]:
    """Drop the warnings, too, of a library that warns of every odd file instead of logging."""
    with _one, quiet(library), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
