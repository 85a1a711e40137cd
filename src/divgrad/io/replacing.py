"""Write a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

T = TypeVar("T")
_under_way: set[Path] = set()  # temporary files and folders of this process


def write_whole(path: Path, encode: Callable[[BinaryIO], T], overwrite: bool) -> T:
    """Let `encode` write a temporary file beside `path`, then move it there in one step.

    A reader sees the old file or the new one, never a half. Whatever goes wrong, an interrupt
    included, the temporary file is removed and `path` is as it was.
    """
    # The target of a link is replaced, not the link; and a folder of its own would lie on another
    # disk, where the move is no longer one step.
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.stem[:40]}-{uuid.uuid4().hex[:12]}{path.suffix}")
    # "x": fails if the name is taken, and leaves the permissions to the user's umask, where
    # tempfile would make the image private.
    file = temporary.open("x+b")
    _under_way.add(temporary)
    try:
        with file:
            result = encode(file)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            with contextlib.suppress(OSError):  # a new file, or a disk without permissions
                temporary.chmod(path.stat().st_mode & 0o7777)
            temporary.replace(path)
        else:
            move_if_free(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
        _under_way.discard(temporary)
    return result


def write_whole_folder(path: Path, fill: Callable[[Path], T], overwrite: bool) -> T:
    """Let `fill` fill a temporary folder beside `path`, then move it there.

    A folder that was there is moved aside first and removed at the end; where the second move fails, it
    is moved back.
    """
    path = Path(os.path.realpath(path))
    temporary, aside = (
        path.with_name(f".{path.stem[:40]}-{uuid.uuid4().hex[:12]}{path.suffix}") for _ in range(2)
    )
    temporary.mkdir()
    _under_way.add(temporary)
    try:
        result = fill(temporary)
        if not path.exists():
            temporary.rename(path)
        elif not overwrite:
            raise FileExistsError(path)
        else:
            path.rename(aside)
            try:
                temporary.rename(path)
            except BaseException:
                aside.rename(path)
                raise
            shutil.rmtree(aside, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        _under_way.discard(temporary)
    return result


def abandon() -> None:
    """Remove what is half-written: for a process that is about to end while a file is under way."""
    for path in list(_under_way):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)


def move_if_free(temporary: Path, path: Path) -> None:
    """Move a file on its disk unless `path` has come to exist meanwhile: then FileExistsError."""
    try:
        path.hardlink_to(temporary)  # the only move that fails if the name is taken
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links
        if path.exists():
            raise FileExistsError(path) from None
        temporary.replace(path)
