"""What a batch has done, a line of JSON for each file, beside its outputs: it survives whatever ends the batch."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from divgrad.batches.lock import lock

FOLDER = ".divgrad-batch"


class Ledger:
    """The records of a folder of outputs, the last of each output counting.

    A line is written whole, and reaches the disk, before the output gets its name. A line that a power
    failure cut is passed over: its file is done again.

    Parameters
    ----------
    folder
        Folder of the outputs.
    """

    def __init__(self, folder: Path) -> None:
        self.room = folder / FOLDER
        self.path = self.room / "ledger.jsonl"
        self.end = 0  # of what has been read
        self.records: dict[str, dict[str, Any]] = {}  # the last of each output, by its name
        self.made: dict[str, list[dict[str, Any]]] = {}  # all with which an output was written

    def refresh(self) -> None:
        """Read what this or another process has added."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.end)
                text = file.read()
        except FileNotFoundError:
            return
        for line in text[: text.rfind(b"\n") + 1].splitlines(keepends=True):
            with contextlib.suppress(ValueError):
                record: Any = json.loads(line)
                if isinstance(record, dict) and isinstance(record.get("output"), str):
                    self._take(record | {"place": self.end})
            self.end += len(line)

    def _take(self, record: dict[str, Any]) -> None:
        self.records[record["output"]] = record
        if "stamp" in record:
            self.made.setdefault(record["output"], []).append(record)

    def wrote(self, path: Path) -> dict[str, Any] | None:
        """Return the record with which a file was written as it is now; None: nobody wrote it so."""
        made: list[dict[str, Any]] = self.made.get(path.name, [])
        same = (r for r in reversed(made) if unchanged(path, r["stamp"], r.get("sha256")))
        return next(same, None)

    def add(self, record: dict[str, Any]) -> None:
        """Write a record to the disk; whole, or an OSError and nothing."""
        line = json.dumps(record).encode() + b"\n"
        with self.path.open("a+b", buffering=0) as file:
            lock(file.fileno(), wait=True)
            size = file.seek(0, os.SEEK_END)
            torn = False
            if size:
                file.seek(size - 1)
                torn = file.read(1) != b"\n"
            try:
                text = b"\n" * torn + line
                if file.write(text) != len(text):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise


def stamp(path: Path) -> list[int]:
    """Return size and time of a file's content, or of a folder's: where both are as they were, it is taken to be so."""
    parts = [part.stat() for part in _files(path)]
    return [
        sum(part.st_size for part in parts),
        max((part.st_mtime_ns for part in parts), default=0),
    ]


def content(path: Path) -> str:
    """Return the SHA-256 of a file's content, or of a folder's with the names in it."""
    if path.is_dir():
        whole = hashlib.sha256()
        for part in _files(path):
            whole.update(f"{part.relative_to(path).as_posix()} {content(part)}\n".encode())
        return whole.hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(path: Path) -> list[Path]:
    """Return a file, or all that are in a folder."""
    if not path.is_dir():
        return [path]
    return sorted(part for part in path.rglob("*") if not part.is_dir())


def unchanged(path: Path, stamped: Any, digest: Any) -> bool:
    """Whether a file is what it was: by size and time, or where only the time differs by its content."""
    try:
        now = stamp(path)
    except OSError:
        return False
    if now == stamped:
        return True
    return isinstance(stamped, list) and now[:1] == stamped[:1] and content(path) == digest
