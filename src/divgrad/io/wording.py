"""One-line messages, whatever a decoder or a file name throws in."""

from __future__ import annotations

import os
from pathlib import Path

LONGEST_MESSAGE = 200
_LONGEST_PATH = 50


def one_line(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """Return `text` on one line of at most `longest` printable characters.

    Decoders quote bytes of damaged files, and file names may hold line breaks: neither may break a
    log or a terminal.
    """
    printable = "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(printable.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def shown(path: object) -> str:
    """Return `path` as a message shows it: its end kept, since that is what tells files apart."""
    try:
        name = os.fspath(path)  # type: ignore[call-overload]
        text = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
    except TypeError:
        text = repr(path)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= _LONGEST_PATH else "…" + text[1 - _LONGEST_PATH :]


def naming(path: str | os.PathLike[str], said: str) -> str:
    """Return what was said with the file before it, unless it names the file."""
    return said if Path(path).name in said else f"{shown(path)}: {said}"


def quoted(error: BaseException, longest: int = 48) -> str:
    """Return what another library said, short enough to leave room for our own words."""
    return one_line(str(error) or type(error).__name__, longest).rstrip(".")
