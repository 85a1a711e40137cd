"""A progress bar for whatever takes more than a second, on a terminal only."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO


class Progress:
    """``with Progress("denoise") as bar: bar(0.3)``: shows itself after a second, then ten times a second."""

    def __init__(self, title: str, stream: TextIO | None = None, wait: float = 1.0) -> None:
        self.title, self.stream, self.wait = title, stream or sys.stderr, wait
        self.start = time.monotonic()
        self.last = self.start + wait - 0.1
        self.shown = False

    def __enter__(self) -> Progress:
        return self

    def __call__(self, part: float) -> None:
        """Show that a part of the work, 0 to 1, is done."""
        now = time.monotonic()
        if now - self.last < 0.1 or not self.stream.isatty():
            return
        self.last, self.shown = now, True
        part = min(max(part, 0.0), 1.0)
        gone = now - self.start
        left = f"{gone / part * (1 - part):.0f} s left" if part > 0.02 else f"{gone:.0f} s"
        bar = "#" * round(30 * part)
        self.stream.write(f"\r{self.title} [{bar:<30}] {100 * part:3.0f} %  {left}   ")
        self.stream.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
