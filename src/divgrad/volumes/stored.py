"""What lies on the disk after a run, and before: names, room, by what a run knows itself."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from divgrad import __version__
from divgrad.errors import ImageReadError, ImageWriteError
from divgrad.volumes.ledger import sync_folder
from divgrad.volumes.places import Place, flush, forget, zarr_module


@dataclass(frozen=True)
class Stored:
    """The end of an evolution whose image lies on the disk.

    Parameters
    ----------
    path
        The Zarr array.
    t, steps, reason
        As in :class:`divgrad.Solution`.
    passes
        How often the volume was read and written.
    blocks
        In how many parts, the last time.
    """

    path: str
    t: float
    steps: int
    reason: str
    passes: int
    blocks: int


def job_of(source: Place, **more: Any) -> dict[str, Any]:
    """Return by what a run knows itself: the image, its file's state, and what is done with it."""
    folder = Path(source.path)
    for name in ("zarr.json", ".zarray"):
        if (folder / name).exists():
            content = (folder / name).read_bytes()
            stamp = (folder / name).stat().st_mtime_ns
            break
    else:
        raise ImageReadError(f"{folder} is no Zarr array on a disk")
    return {
        "version": __version__, "source": str(folder.resolve()), "at": list(source.at),
        "metadata": hashlib.sha256(content).hexdigest(), "written": stamp,
        **{name: str(value) for name, value in more.items()},
    }  # fmt: skip


def room_for(folder: Path, needed: int) -> None:
    """Raise ImageWriteError unless a disk has room."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ImageWriteError(
            f"{folder}: {needed / 1e9:.1f} GB are needed for the result and images in between, {free / 1e9:.1f} are "
            "free: make room, or choose another disk"
        )


def put_in_place(made: Path, target: Path, attributes: dict[str, Any] | None = None) -> None:
    """Give a finished array its final name, or make it the only resolution of an OME-Zarr of that name."""
    if attributes is not None:
        group = made.with_name("group")
        zarr_module().open_group(str(group), mode="w", attributes=attributes)
        made.replace(group / "0")
        flush(group / "zarr.json")
        made = group
    made.replace(target)
    sync_folder(target.parent)
    forget()
