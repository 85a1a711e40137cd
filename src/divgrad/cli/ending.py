"""Ends the program soon after Ctrl-C or SIGTERM, also where Python cannot: while a kernel is compiled, say."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator

PATIENCE = 1.1  # seconds that the ordinary way out may take
SAID = "divgrad: interrupted; nothing was written half-way"


@contextlib.contextmanager
def soon() -> Iterator[None]:
    """See to it that a signal ends the process in time.

    Python tells of a signal between two of its instructions, in its main thread alone; that may be waiting for a
    compiler or for a large file to be encoded. The system tells a pipe at once. Whoever reads there waits for
    the ordinary way out, and if that takes too long removes what is half-written and ends the process.
    """
    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)


def _watch(reading: int) -> None:
    """Wait for a signal that ends the process, or for the end of the pipe."""
    while sent := os.read(reading, 1):
        if sent[0] in (signal.SIGINT, signal.SIGTERM):
            break
    else:
        os.close(reading)
        return
    threading.Event().wait(PATIENCE)
    if "divgrad.io.replacing" in sys.modules:
        sys.modules["divgrad.io.replacing"].abandon()
    if sent[0] == signal.SIGINT:
        with contextlib.suppress(OSError):
            os.write(2, f"{SAID}\n".encode())
    os._exit(128 + sent[0])
