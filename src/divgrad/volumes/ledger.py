"""What of a run is done, on the disk: a run that was killed goes on from there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from divgrad.errors import ImageWriteError

FORMAT = 1


class Ledger:
    """A record of passes and blocks, replaced as a whole and only by what is on the disk.

    Parameters
    ----------
    folder
        Where it lies, beside the arrays that it tells of; made if it is not there.
    job
        What is done, by which a run knows its own ledger.

    Raises
    ------
    ImageWriteError
        If the folder belongs to another run, or to one that still goes on.
    """

    def __init__(self, folder: Path, job: dict[str, Any]) -> None:
        self.path = folder / "ledger.json"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock(folder)
        self.passes: list[dict[str, Any]] = []  # count, size, low, high of those that are done
        self.current: dict[str, Any] | None = None  # count, size, low, high, done
        self.facts: dict[str, Any] = {}
        self.job = job
        if self.path.exists():
            self._load()
        else:
            self.save()

    def _lock(self, folder: Path) -> None:
        self._handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            import fcntl

            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows has no such lock
            pass
        except OSError:
            os.close(self._handle)
            raise ImageWriteError(
                f"another run is working in {folder}: wait for it, or choose another output"
            ) from None

    def close(self) -> None:
        """Let another run have the folder."""
        os.close(self._handle)

    def _load(self) -> None:
        try:
            told = json.loads(self.path.read_text(encoding="utf-8"))
            same = told["format"] == FORMAT and told["job"] == json.loads(json.dumps(self.job))
            passes, current, facts = told["passes"], told["current"], told["facts"]
        except (OSError, ValueError, KeyError, TypeError):
            same = False
        if not same:
            self.close()
            raise ImageWriteError(
                f"{self.path.parent} is left from another run: remove it, or choose another output"
            )
        self.passes, self.current, self.facts = passes, current, facts

    def save(self) -> None:
        """Replace the record on the disk."""
        told = {
            "format": FORMAT, "job": self.job, "passes": self.passes, "current": self.current,
            "facts": self.facts,
        }  # fmt: skip
        new = self.path.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
        sync_folder(self.path.parent)


def sync_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
