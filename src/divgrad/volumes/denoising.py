"""Remove Gaussian noise from volumes that are larger than memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from divgrad.errors import ParameterError
from divgrad.estimate.noise_kind import NoiseKind, noise_kind
from divgrad.grid import Grid, Tiling
from divgrad.layout import _spacing
from divgrad.operators import Image
from divgrad.stopping import Steps
from divgrad.tasks.least_error import PIECES, SIDES, pieces, weights
from divgrad.tasks.two_flows import Flow, flows_for, versions
from divgrad.volumes.blocks import Block
from divgrad.volumes.course import Course, Visit, joined
from divgrad.volumes.evolving import follow
from divgrad.volumes.job import MEMORY, job
from divgrad.volumes.locally import Runner, here
from divgrad.volumes.passes import Pass, Share
from divgrad.volumes.places import Place
from divgrad.volumes.run import Run, growing
from divgrad.volumes.scene import scene_of

# The noise is looked for in a mosaic of pieces, evenly spread, so that it is the same however the volume is cut: voxels
# along each axis, and pieces that they are in, by the number of axes. A volume no larger than that is looked at whole.
LOOKED_AT = {2: (2048, 4), 3: (144, 3)}
OTHER = (
    "In parts every noise is taken for Gaussian noise of its level (impulses: of none); for volumes that fit into "
    "memory divgrad.denoise has the method made for it."
)


@dataclass(frozen=True)
class Denoised:
    """A denoised volume on the disk: where, the noise that was found or given, and what was done, in sentences."""

    path: str
    sigma: float
    noise: NoiseKind
    report: tuple[str, ...]
    passes: int


def denoise(
    source: Any,
    sigma: float | None = None,
    *,
    out: str | os.PathLike[str],
    contrast: float | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: DTypeLike | None = None,
    memory: float = MEMORY,
    tiling: Tiling | None = None,
    runner: Runner = here,
    tell: Callable[[float], None] | None = None,
) -> Denoised:
    """Remove Gaussian noise from a Zarr in bounded memory: two diffusions, mixed so that the expected error is least.

    With ``sigma`` the bits are those of ``divgrad.denoise(volume, sigma, model=None)``. Without it the noise is looked
    for in a mosaic of pieces, evenly spread over the volume. The learned model, which sees whole planes and
    statistics of the whole volume, is not exact in parts and is not used.

    Parameters
    ----------
    source, out, channel_axis, spacing, dtype, memory, tiling, runner, tell
        As in :func:`divgrad.volumes.evolve`.
    sigma
        Standard deviation of the noise, in image units; None reads it off the volume.
    contrast
        Slope above which an edge is kept; None takes 0.65 sigma per pixel.

    Returns
    -------
    Denoised
        Where the result lies, and why it is as it is.

    Raises
    ------
    ImageError
        If the volume has NaN or infinite values.
    ImageWriteError
        If the output exists, has no room, or is being made by another run.
    ParameterError
        If a parameter is out of its range.
    """
    for name, value in (("sigma", sigma), ("contrast", contrast)):
        if value is not None and not (np.isfinite(value) and value >= 0):
            raise ParameterError(f"{name} must be a number >= 0; got {value!r:.40}")
    scene = scene_of(source, channel_axis)
    place = scene.place
    ndim = len(place.shape)
    sizes = scene.spacing if spacing is None else spacing
    grid = Grid(_spacing(sizes, ndim), tiling or Tiling())
    noise = _noise(place, sigma)
    what = {"task": "denoise", "sigma": sigma, "contrast": contrast}
    with job(scene, out, grid, dtype, memory, runner, tell, 4, **what) as run:
        if noise.level == 0.0:
            from divgrad.equations import Heat
            from divgrad.schemes import Explicit

            follow(run, Heat(), Explicit(), Steps(0))
            said: tuple[str, ...] = ("Nothing was changed.",)
        else:
            said = _two_flows(run, noise.level, contrast)
        if noise.likely not in ("gaussian", "none"):
            said = (OTHER, *said)
    return Denoised(str(out), noise.level, noise, (noise.sentence, *said), run.number)


def _noise(place: Place, sigma: float | None) -> NoiseKind:
    """Return the noise as it was given, or as the mosaic tells it; other kinds are taken for Gaussian."""
    if sigma is not None:
        said = f"Gaussian noise of standard deviation {sigma:.4g} was given."
        kind: Any = "gaussian" if sigma > 0 else "none"
        return NoiseKind(kind, {"sigma": float(sigma)}, 1.0, said, kind, float(sigma))
    seen = mosaic(place, *LOOKED_AT[len(place.shape)])
    if place.dtype.kind in "ui":
        seen = seen.astype(place.dtype)
    return noise_kind(seen, channel_axis=0)


def mosaic(place: Place, side: int, count: int) -> Image:
    """Return a volume, or pieces evenly spread over it, put together."""
    axes = [pieces(extent, side, count) for extent in place.shape]
    lengths = [[s.stop - s.start for s in chosen] for chosen in axes]
    made: Image | None = None
    for index in product(*(range(len(chosen)) for chosen in axes)):
        low = tuple(axes[a][i].start for a, i in enumerate(index))
        high = tuple(axes[a][i].stop for a, i in enumerate(index))
        part = place.read(Block(low, high))
        if made is None:
            made = np.empty((part.shape[0], *map(sum, lengths)), part.dtype)
        starts = [sum(lengths[a][:i]) for a, i in enumerate(index)]
        where = tuple(
            slice(first, first + n) for first, n in zip(starts, part.shape[1:], strict=True)
        )
        made[(slice(None), *where)] = part
    assert made is not None
    return made


def _two_flows(run: Run, sigma: float, contrast: float | None) -> tuple[str, ...]:
    """Mix the images of two diffusions, pass by pass."""
    grid, ndim = run.grid, run.grid.ndim
    sample = mosaic(run.source, SIDES[ndim], PIECES[ndim])
    flows = flows_for(sigma, contrast, sample, grid)
    parts, error = weights(sample, lambda v: versions(v, flows, grid), sigma, grid)
    ends = run.extremes()
    stages = [stage for flow, some in _shares(flows, parts) for stage in _stages(flow, some)]
    if not stages:
        stages = [_Stage(flows[0], 0, 0.0, True)]
    total: Place | None = None
    spent: list[Place] = []
    for number, stage in enumerate(stages):
        total = _carry(
            run, stage, parts[0], total, ends if number + 1 == len(stages) else None, spent
        )
    return (
        f"Slopes above {flows[0].equation.contrast:.3g} per unit of length were kept, lesser ones smoothed.",
        f"The mixture with the least expected error was taken, {np.count_nonzero(parts[1:])} smoothed images and "
        f"{100 * parts[0]:.0f} % of the noisy one: expected error {error:.3g}, noise {sigma:.3g}.",
        "No value left the range of the volume, and its mean is kept.",
        "It was done in parts, to the bits of a run in memory; the learned model would need it whole.",
    )


@dataclass(frozen=True)
class _Stage:
    """Some steps of a flow after which its image enters the mixture; the last one's image is not needed again."""

    flow: Flow
    steps: int
    part: float
    last: bool


def _shares(
    flows: Sequence[Flow], parts: Sequence[float]
) -> Iterator[tuple[Flow, Sequence[float]]]:
    first = 1
    for flow in flows:
        yield flow, parts[first : first + len(flow.steps)]
        first += len(flow.steps)


def _stages(flow: Flow, parts: Sequence[float]) -> Iterator[_Stage]:
    used = [n for n, part in enumerate(parts) if part > 0]
    before = 0
    for n in range(used[-1] + 1 if used else 0):
        yield _Stage(flow, flow.steps[n] - before, parts[n], n == used[-1])
        before = flow.steps[n]


def _carry(
    run: Run, stage: _Stage, first: float, total: Place | None, ends: tuple[float, float] | None,
    spent: list[Place],
) -> Place:  # fmt: skip
    """Make the passes of one stage, and return where the mixture is then."""
    equation, grid = stage.flow.equation, run.grid
    course = Course(
        equation, stage.flow.scheme, Steps(stage.steps), run, run.source.channels, run.dtype, grid
    )
    waiting: list[Visit] = []
    while course.verdict is None:
        waiting += [single for visit in course.advance() for single in visit.single_steps()]
    done = False
    while not done:
        plan = run.plan(waiting, equation, mixing=True)
        visits, waiting = waiting[: plan.count], waiting[plan.count :]
        done = not waiting
        halo = growing(visits, equation, grid)[0][-1] if visits else (0,) * grid.ndim
        name = run.number + 1
        flows_on = None if done and stage.last else run.between(f"after-{name}")
        share, mixed = None, None
        if done:
            mixed = run.result if ends is not None else run.between(f"mixed-{name}")
            share = Share(
                run.source if total is None else total, stage.part, first if total is None else None, ends
            )  # fmt: skip
        work = Pass(run.now, (flows_on, mixed), tuple(joined(visits)), halo, equation, grid, share)
        run.do(work, plan, [place for place in (flows_on, mixed) if place is not None], halo)
        for place in spent:
            run.remove(place)
        spent[:] = [run.now, *([total] if mixed is not None and total is not None else [])]
        run.now = run.source if flows_on is None else flows_on
        total = mixed if mixed is not None else total
    assert total is not None
    return total
