"""A lock that ends with the process that holds it, however that ends: none is ever stale."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def held(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the lock that a file of this name stands for; yields False where another process holds it.

    The system releases it when the process ends, by ``kill -9`` too, so that there is no age after which
    a lock would be guessed to be abandoned. The file is removed by whoever held it last.

    Parameters
    ----------
    path
        Name of the file; in a folder that exists.
    wait
        Whether to wait until the lock is free.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not lock(handle, wait):
                yield False
                return
            # Whoever had it before has removed the file; then the lock is on a file without a name.
            if not _same(handle, path):
                continue
            try:
                yield True
            finally:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)  # while it is held: nobody else may be in
            return
        finally:
            os.close(handle)


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def lock(handle: int, wait: bool) -> bool:
        """Lock an open file until it is closed; False where another process has it."""
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
                return True
            except OSError:
                if not wait:
                    return False
                time.sleep(0.2)

else:
    import fcntl

    def lock(handle: int, wait: bool) -> bool:
        """Lock an open file until it is closed; False where another process has it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True
