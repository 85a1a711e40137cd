"""The process that decodes for `divgrad.io.isolation`: limits itself, reads, sends a parcel to its standard output."""

from __future__ import annotations

import contextlib
import math
import sys
from pathlib import Path
from typing import Any


def main(words: list[str]) -> None:
    """Read the file that is named last; before it: bytes of memory, seconds, and the limit of pixels."""
    memory, seconds, most, path = words
    from divgrad.errors import ImageReadError
    from divgrad.io import parcel
    from divgrad.io.reading import read

    limit(int(memory), float(seconds))
    try:
        said = parcel.of_picture(read(path, max_bytes=int(most) if most else None))
    except ImageReadError as refusal:
        # Our caller says the path again.
        said = {"refused": str(refusal).partition(": ")[2] or str(refusal)}
    send(said)


def send(said: dict[str, Any]) -> None:
    """Write a parcel to standard output."""
    from divgrad.io import parcel

    for part in parcel.packed(said):
        sys.stdout.buffer.write(part)
    sys.stdout.buffer.flush()


def limit(memory: int, seconds: float) -> None:
    """Limit time, memory beyond what Python itself has, and forbid to write files."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(OSError, ValueError):
        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + memory, held + memory))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(sys.argv[1:])
