"""Evolve volumes that are larger than memory, or than one machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import DTypeLike

from divgrad.errors import ParameterError
from divgrad.grid import Grid, Tiling
from divgrad.layout import _spacing
from divgrad.operators import Equation
from divgrad.schemes import Explicit, Scheme
from divgrad.stopping import Stop
from divgrad.volumes.course import Course, Visit, check, joined
from divgrad.volumes.job import MEMORY, job
from divgrad.volumes.locally import Runner, here
from divgrad.volumes.passes import Pass
from divgrad.volumes.places import Place
from divgrad.volumes.run import MOST, Run, growing
from divgrad.volumes.scene import scene_of
from divgrad.volumes.stored import Stored


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
        Path of a Zarr array or an OME-Zarr on a disk, or a ``zarr.Array``; or a Dask array.
    equation, until, scheme
        As in :func:`divgrad.evolve`; schemes made of explicit steps (Explicit, FED, FSI), and rules that count
        (Time, Steps).
    out
        Path of the Zarr that is made, an OME-Zarr where the source is one; for Dask arrays None.
    channel_axis, spacing
        As in :func:`divgrad.evolve`; an OME-Zarr says them itself.
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
    scene = scene_of(source, channel_axis)
    sizes = scene.spacing if spacing is None else spacing
    grid = Grid(_spacing(sizes, len(scene.place.shape)), tiling or Tiling())
    check(equation, scheme, until, grid)
    what: dict[str, Any] = {"equation": equation, "scheme": scheme, "until": until}
    with job(scene, out, grid, dtype, memory, runner, tell, **what) as run:
        course = follow(run, equation, scheme, until)
    state = course.state
    reason = course.verdict.reason if course.verdict else ""
    return Stored(str(out), state.t, state.step, reason, run.number, run.blocks)


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
