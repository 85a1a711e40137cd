"""A progress bar for whatever takes more than a second, on a terminal only."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TextIO


class Progress:
    """``with Progress("a.tif") as bar: bar(0.3)``: shows itself after a second, then five times a second.

    Where nobody says how much is done, the time that has gone shows that work goes on.
    """

    def __init__(self, title: str, stream: TextIO | None = None, wait: float = 1.0) -> None:
        self.title, self.stream, self.wait = title, stream or sys.stderr, wait
        self.start = time.monotonic()
        self.part: float | None = None
        self.shown = False
        self.lock = threading.Lock()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Progress:
        if self.stream.isatty():
            self.thread.start()
        return self

    def __call__(self, part: float) -> None:
        """Say that a part of the work, 0 to 1, is done."""
        self.part = min(max(part, 0.0), 1.0)

    def _watch(self) -> None:
        pause = self.wait
        while not self.done.wait(pause):
            with self.lock:
                self.stream.write(f"\r{self.line(time.monotonic() - self.start)}\x1b[K")
                self.stream.flush()
                self.shown, pause = True, 0.2

    def say(self, text: str, stream: TextIO) -> None:
        """Print lines, however files are named, without the bar between them."""
        code = stream.encoding or "utf-8"
        text = text.encode(code, "backslashreplace").decode(code)
        with self.lock:
            self._wipe()
            print(text, file=stream, flush=True)

    def line(self, gone: float) -> str:
        """Return what is shown after so many seconds.

        >>> bar = Progress("a.tif")
        >>> bar(0.5)
        >>> bar.line(3.0)
        'a.tif [###############               ]  50 %  3 s left'
        """
        if self.part is None:
            place = int(gone * 5) % 54
            place = min(place, 54 - place)
            return f"{self.title} [{' ' * place}###{' ' * (27 - place)}]  {gone:.0f} s"
        bar = "#" * round(30 * self.part)
        left = f"{gone / self.part * (1 - self.part):.0f} s left" if self.part > 0.02 else ""
        return f"{self.title} [{bar:<30}] {100 * self.part:3.0f} %  {left}"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.done.set()
        if self.thread.is_alive():
            self.thread.join()
        self._wipe()

    def _wipe(self) -> None:
        if self.shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self.shown = False
