"""One job from Zarr to Zarr: checked before, in its place when it is whole, and nothing left of what cannot be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from divgrad.errors import FileError, ImageError, ImageWriteError, ParameterError
from divgrad.grid import Grid
from divgrad.layout import working_dtype
from divgrad.parameters import Parameter
from divgrad.volumes.locally import Runner
from divgrad.volumes.places import Place, exists, few_at_once, make_array
from divgrad.volumes.run import Means, Run
from divgrad.volumes.scene import Scene
from divgrad.volumes.stored import job_of, put_in_place, room_for

MEMORY = 1.0  # GiB
PARTIAL = ".part"
BETWEEN = 2  # images in between that lie on the disk at once


@contextmanager
def job(
    scene: Scene,
    out: str | os.PathLike[str] | None,
    grid: Grid,
    dtype: DTypeLike | None,
    memory: float,
    runner: Runner,
    tell: Callable[[float], None] | None,
    between: int = BETWEEN,
    **what: Any,
) -> Iterator[Run]:
    """Give a run whose result gets its name when the block is left without an error.

    Raises
    ------
    ImageWriteError
        If the output exists, has no room, or is being made by another run.
    ParameterError
        If a parameter is out of its range.
    """
    if out is None:
        raise ParameterError("out is needed: the path of the Zarr that is to be made")
    Parameter("Memory", unit="GiB", above=0).check("memory", memory)
    target, source = Path(out), scene.place
    work = folder_for(source, target)
    kind = working_dtype(source.dtype) if dtype is None else np.dtype(dtype)
    told = job_of(
        source, spacing=grid.spacing, channel_axis=source.channel_axis, dtype=kind, **what
    )
    result = Place(str(work / "result"), source.channel_axis)
    run = Run(source, work, result, grid, told, Means(int(memory * 2**30), runner, tell))
    try:
        _prepare(run, kind, between)
        with few_at_once(source):
            yield run
        put_in_place(Path(result.path), target, scene.attributes)
        shutil.rmtree(work, ignore_errors=True)
    except (ImageError, ParameterError, FileError):  # again it would be the same
        shutil.rmtree(work, ignore_errors=True)
        raise
    finally:
        run.ledger.close()


def folder_for(source: Place, target: Path) -> Path:
    """Return the folder of work for an output, once it is clear that the output can be made."""
    if target.exists():
        same = target.resolve() in (Path(source.path).resolve(), Path(source.path).resolve().parent)
        raise ImageWriteError(
            f"{target} exists{' (the input itself)' if same else ''}: choose another output, or remove it"
        )
    if not target.parent.is_dir():
        raise ImageWriteError(f"{target}: its folder does not exist; make it first")
    if not os.access(target.parent, os.W_OK):
        raise ImageWriteError(f"{target}: its folder cannot be written to; choose another output")
    return target.with_name(target.name + PARTIAL)


def _prepare(run: Run, dtype: np.dtype[Any], between: int) -> None:
    """Make the array of the result, and see that there is room, unless an earlier run did."""
    if exists(run.result):
        return
    source = run.source
    voxels = int(np.prod(source.dims, dtype=float))
    room_for(run.folder, voxels * (dtype.itemsize + between * run.dtype.itemsize))
    unit: list[int] = list(run.unit)
    if source.channel_axis is not None:
        unit.insert(source.channel_axis, source.channels)
    make_array(Path(run.result.path), source.dims, unit, dtype, compressors="auto")
