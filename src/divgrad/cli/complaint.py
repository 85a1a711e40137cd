"""What goes wrong, and what is lost, as one line each on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

ERROR = "divgrad: error: "
LONGEST = 200  # characters of a line, all in all


def complain(error: BaseException, path: str | Path | None = None) -> str:
    """Print an error as one line, and return its message without the beginning that all have.

    ``path`` is that of the file, where there are several: it is named, unless the error does.
    """
    said = str(error)
    if path is not None:
        from divgrad.io.wording import naming

        said = naming(path, said)
    message = _line(said, ERROR)
    print(ERROR + message, file=sys.stderr)
    return message


def error_line(said: str) -> str:
    """Return the line that tells of an error."""
    return ERROR + _line(said, ERROR)


def warn(path: Path, lost: Sequence[str]) -> None:
    """Print what an output could not keep of its input, as one line; nothing if that is nothing."""
    if lost:
        head = f"divgrad: warning: {path.name[-40:]}: "
        print(head + _line("; ".join(lost), head, 2 * LONGEST), file=sys.stderr)


def _line(text: str, head: str, longest: int = LONGEST) -> str:
    words = " ".join(text.split())
    room = longest - len(head)
    return words if len(words) <= room else words[: room - 1] + "…"
