"""Evolve volumes that are larger than memory, or than one machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from divgrad.errors import FileError, ImageError, ImageWriteError, ParameterError
from divgrad.grid import Grid, Tiling
from divgrad.layout import _spacing, working_dtype
from divgrad.operators import Equation
from divgrad.parameters import Parameter
from divgrad.schemes import Explicit, Scheme
from divgrad.stopping import Stop
from divgrad.volumes.course import Course, Visit, check, joined
from divgrad.volumes.locally import Runner, here
from divgrad.volumes.passes import Pass
from divgrad.volumes.places import Place, exists, make_array, zarr_module
from divgrad.volumes.run import MOST, Means, Run, growing
from divgrad.volumes.stored import Stored, job_of, put_in_place, room_for

MEMORY = 1.0  # GiB
PARTIAL = ".part"


def evolve(
    source: Any,
    equation: Equation,
    *,
    until: Stop,
    scheme: Scheme | None = None,
    out: str | os.PathLike[str] | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: DTypeLike | None = None,
    memory: float = MEMORY,
    tiling: Tiling | None = None,
    runner: Runner = here,
    tell: Callable[[float], None] | None = None,
) -> Any:
    """Evolve a volume in parts, to the same bits as :func:`divgrad.evolve` in memory.

    From Zarr to Zarr the volume is passed over a few times, block by block, each block with as much around it as the
    steps of a pass see. Beside the output lies a folder ``<out>.part`` with a ledger of what is done: the same call
    goes on where a killed one was. The output has its name only when it is whole. A Dask array comes back as a Dask
    array, of which nothing is computed yet.

    Parameters
    ----------
    source
        Path of a Zarr array on a disk, or a ``zarr.Array``; or a Dask array.
    equation, until, scheme
        As in :func:`divgrad.evolve`; schemes made of explicit steps (Explicit, FED, FSI), and rules that count
        (Time, Steps).
    out
        Path of the Zarr array that is made; for Dask arrays None.
    channel_axis, spacing
        As in :func:`divgrad.evolve`.
    dtype
        Of the output; None: float32 or float64; whole numbers are rounded and clipped.
    memory
        GiB for arrays; the interpreter and its libraries take about 0.2 more.
    tiling
        How each block is computed; results do not depend on it.
    runner
        Who does the blocks: this process, or the machines of :func:`divgrad.volumes.on_cluster`.
    tell
        Is told which part of the present pass, 0 to 1, is done.

    Returns
    -------
    Stored or dask.array.Array
        Where the result lies, with time, steps and the reason of the end; or the lazy result.

    Raises
    ------
    SchemeError
        If equation, scheme or rule need the whole volume at once.
    ImageError
        If the volume has NaN or infinite values.
    ImageWriteError
        If the output exists, has no room, or is being made by another run.
    ParameterError
        If the memory does not hold the smallest part.
    """
    scheme = Explicit() if scheme is None else scheme
    if type(source).__module__.partition(".")[0] == "dask":
        if out is not None:
            raise ParameterError(
                "a Dask array comes back lazy: leave out away, and store the result"
            )
        from divgrad.volumes.lazily import evolve_lazily

        return evolve_lazily(source, equation, scheme, until, channel_axis, spacing, tiling)
    if out is None:
        raise ParameterError("out is needed: the path of the Zarr array that is to be made")
    place = place_of(source, channel_axis)
    Parameter("Memory", unit="GiB", above=0).check("memory", memory)
    grid = Grid(_spacing(spacing, len(place.shape)), tiling or Tiling())
    check(equation, scheme, until, grid)
    target = Path(out)
    work = begin(place, target)
    kind = working_dtype(place.dtype) if dtype is None else np.dtype(dtype)
    job = job_of(
        place, equation=equation, scheme=scheme, until=until, spacing=grid.spacing,
        channel_axis=place.channel_axis, dtype=kind,
    )  # fmt: skip
    result = Place(str(work / "result"), place.channel_axis)
    run = Run(place, work, result, grid, job, Means(int(memory * 2**30), runner, tell))
    try:
        prepare(run, result, kind)
        course = follow(run, equation, scheme, until)
        put_in_place(Path(result.path), target)
        shutil.rmtree(work, ignore_errors=True)
    except (
        ImageError,
        ParameterError,
        FileError,
    ):  # again it would be the same: nothing to go on from
        shutil.rmtree(work, ignore_errors=True)
        raise
    finally:
        run.ledger.close()
    state = course.state
    reason = course.verdict.reason if course.verdict else ""
    return Stored(str(target), state.t, state.step, reason, run.number, run.blocks)


def follow(run: Run, equation: Equation, scheme: Scheme, until: Stop) -> Course:
    """Carry the image of a run on to its result, pass by pass."""
    source, grid = run.source, run.grid
    course = Course(equation, scheme, until, run, source.channels, run.dtype, grid)
    waiting: list[Visit] = []
    old: Place | None = None
    while course.verdict is None or waiting or run.number == 0:
        while course.verdict is None and (
            not waiting or (course.foreseen and len(waiting) < 4 * MOST)
        ):
            waiting += [single for visit in course.advance() for single in visit.single_steps()]
        plan = run.plan(waiting, course.equation)
        visits, waiting = waiting[: plan.count], waiting[plan.count :]
        last = not waiting and course.verdict is not None
        halo = growing(visits, course.equation, grid)[0][-1] if visits else (0,) * grid.ndim
        target = run.result if last else run.between(f"after-{run.number + 1}")
        work = Pass(run.now, (target, None), tuple(joined(visits)), halo, course.equation, grid)
        run.do(work, plan, [target], halo)
        run.remove(old)
        old, run.now = run.now, target
    return course


def place_of(source: Any, channel_axis: int | None, at: tuple[int, ...] = ()) -> Place:
    """Return a Zarr array as a place.

    Raises
    ------
    ImageError
        If it has not two or three spatial axes.
    ParameterError
        If it does not lie on a disk.
    """
    if not isinstance(source, str | os.PathLike):
        zarr = zarr_module()
        if not isinstance(source, zarr.Array):
            raise ParameterError(
                f"a path, a zarr.Array or a Dask array is needed; got {type(source).__name__}: "
                "for arrays in memory take divgrad.evolve"
            )
        root = getattr(source.store, "root", None)
        if root is None:
            raise ParameterError(
                "the Zarr array does not lie on a disk: give the path of one that does"
            )
        source = Path(root) / source.path
    place = Place(str(Path(source)), None, at)
    ndim = len(place.dims)
    if channel_axis is not None:
        if not -ndim <= channel_axis < ndim:
            raise ParameterError(
                f"channel_axis {channel_axis} is not an axis of an array of shape {place.dims}"
            )
        place = Place(place.path, channel_axis % ndim, at)
    if not 2 <= len(place.shape) <= 3 or 0 in place.dims:
        raise ImageError(
            f"two or three spatial axes are needed, got shape {place.dims} with {channel_axis=}; "
            "name the axis of channels with channel_axis="
        )
    working_dtype(place.dtype)
    return place


def begin(source: Place, target: Path) -> Path:
    """Return the folder of work for an output, once it is clear that the output can be made."""
    if target.exists():
        same = Path(source.path).exists() and target.samefile(source.path)
        raise ImageWriteError(
            f"{target} exists{' (the input itself)' if same else ''}: choose another output, or remove it"
        )
    if not target.parent.is_dir():
        raise ImageWriteError(f"{target}: its folder does not exist; make it first")
    if not os.access(target.parent, os.W_OK):
        raise ImageWriteError(f"{target}: its folder cannot be written to; choose another output")
    return target.with_name(target.name + PARTIAL)


def prepare(run: Run, result: Place, dtype: np.dtype[Any]) -> None:
    """Make the array of the result, and see that there is room, unless an earlier run did."""
    if exists(result):
        return
    source = run.source
    needed = int(np.prod(source.dims, dtype=float)) * (dtype.itemsize + 2 * run.dtype.itemsize)
    room_for(run.folder, needed)
    unit: list[int] = list(run.unit)
    if source.channel_axis is not None:
        unit.insert(source.channel_axis, source.channels)
    make_array(Path(result.path), source.dims, unit, dtype, compressors="auto")


__all__ = ["MEMORY", "begin", "evolve", "follow", "place_of", "prepare"]
