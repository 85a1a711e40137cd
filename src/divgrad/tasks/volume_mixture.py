"""Gaussian noise in volumes: flows and learned slices, mixed so that the expected error is least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from math import sqrt

import numpy as np

from divgrad.equations import Hybrid
from divgrad.evolution import march
from divgrad.grid import Grid
from divgrad.learned import run, shipped
from divgrad.operators import Image
from divgrad.schemes import FSI
from divgrad.stopping import Steps
from divgrad.tasks.least_error import weights
from divgrad.tasks.photograph_scale import scale_for
from divgrad.tasks.two_flows import flows_for

# Chosen on volumes of vesicles and fibres, sharp and soft; the mixture does the rest. In pixels of the shortest side.
HYBRID = (
    0.25  # contrast and switch of the tensor flow, in sigma per pixel; half of it makes a structure
)
PRESMOOTHING = 0.8
CYCLE, CYCLES = 0.8, 3  # time of a step, in pixels squared, and steps
LARGE, HALO = (
    1_000_000,
    12,
)  # voxels of a slab of the tensor flow, and planes that it is wider than needed
LEFT = 0.4  # of the noise is left by the first steps of diffusion, after which slices are looked at again


def mixture(u: Image, sigma: float, grid: Grid, model: str) -> tuple[Image, str]:
    """Return a volume ``u[channel, plane, row, col]`` without its noise, and a sentence on what it is made of.

    Diffusion with scalar and with tensor conductances sees all three axes with their spacing; where pixels are square
    in planes across one axis, a learned model sees more in them. Who is better, Stein's estimate tells.
    """
    flows, across = flows_for(sigma, None, u, grid), plane_axis(grid)

    scalar = sum(len(flow.steps) for flow in flows)

    def versions(v: Image, parts: Sequence[float] = ()) -> Iterator[tuple[str, Image | None]]:
        """Yield names and images; None instead of what takes time and has no part."""

        def wanted(number: int, count: int = 1) -> bool:
            return not parts or any(part > 0 for part in parts[number : number + count])

        first: Image | None = None
        for name, flow in zip(("diffusion", "presmoothed diffusion"), flows, strict=True):
            for frame in flow.frames(v, grid, flow.steps[-1]):
                first = frame.copy() if first is None else first
                yield name, frame
        tensor = tensor_frames(v, sigma, grid) if wanted(scalar, CYCLES) else repeat(None, CYCLES)
        for frame_ in tensor:
            yield "diffusion along structures", frame_
        if across is not None:
            assert first is not None
            sources = (
                ("learned planes", v, sigma),
                ("learned planes of the diffused volume", first, LEFT * sigma),
            )
            for number, (name, source, level) in enumerate(sources, scalar + CYCLES):
                made = planes(source, level, across, model, grid) if wanted(number) else None
                yield name, made

    def all_of(v: Image) -> list[Image]:
        return [frame.copy() for _, frame in versions(v) if frame is not None]

    parts, _ = weights(u, all_of, sigma, grid)
    mixed: Image = u.dtype.type(parts[0]) * u
    shares: dict[str, float] = {"the noisy volume": parts[0]}
    for part, (name, frame) in zip(parts[1:], versions(u, parts[1:]), strict=True):
        shares[name] = shares.get(name, 0.0) + part
        if part > 0 and frame is not None:
            mixed += u.dtype.type(part) * frame
    axes = tuple(range(1, u.ndim))
    lost = u.mean(axis=axes, keepdims=True, dtype=np.float64)
    lost = lost - mixed.mean(axis=axes, keepdims=True, dtype=np.float64)
    mixed += lost.astype(u.dtype)  # learned planes shift it a little, and may overshoot
    np.clip(mixed, u.min(), u.max(), out=mixed)
    names = ", ".join(f"{100 * share:.0f} % {name}" for name, share in shares.items() if share > 0)
    return mixed, f"Mixed so that the expected error is least: {names}."


def plane_axis(grid: Grid) -> int | None:
    """Return the axis across planes of square pixels, the one of the widest spacing; None where there is none.

    >>> plane_axis(Grid((2.0, 1.0, 1.0))), plane_axis(Grid((3.0, 2.0, 1.0)))
    (0, None)
    """
    h = grid.spacing
    square = [a for a in range(3) if len({h[b] for b in range(3) if b != a}) == 1]
    return max(square, key=lambda a: (h[a], -a)) if square else None


def planes(v: Image, sigma: float, across: int, model: str, grid: Grid) -> Image:
    """Return the volume whose planes were denoised one by one; grey values are those of 0..255 to the model."""
    known, factor = shipped(model), scale_for(v, sigma, grid)
    moved = np.moveaxis(v, across + 1, 1)
    out = np.empty_like(moved)
    for channel, volume in enumerate(moved):
        for n, plane in enumerate(volume):
            image = np.ascontiguousarray(plane)[None] * v.dtype.type(factor)
            out[channel, n] = run(image, known, sigma * factor, tiling=grid.tiling)[0]
    out /= v.dtype.type(factor)
    return np.ascontiguousarray(np.moveaxis(out, 1, across + 1))


def tensor_frames(v: Image, sigma: float, grid: Grid) -> Iterator[Image]:
    """Yield what diffusion along structures makes of a volume; a large one goes through it slab by slab.

    Tensors need sixty times the memory of their volume. In their short time nothing is felt across HALO planes.
    """
    thick = max(HALO, LARGE // v[:, 0].size)
    if v.shape[1] <= thick + HALO:
        yield from _tensor_frames(v, sigma, grid)
        return
    frames = [np.empty_like(v) for _ in range(CYCLES)]
    for z in range(0, v.shape[1], thick):
        low = max(0, z - HALO)
        slab = v[:, low : z + thick + HALO]
        for whole, part in zip(frames, _tensor_frames(slab, sigma, grid), strict=True):
            whole[:, z : z + thick] = part[:, z - low : z - low + thick]
    yield from frames


def _tensor_frames(v: Image, sigma: float, grid: Grid) -> Iterator[Image]:
    pixel = min(grid.spacing)
    slope = HYBRID * sigma * sqrt(v.shape[0]) / pixel
    flow = Hybrid(slope, slope, coherence=slope / 2, presmoothing=PRESMOOTHING * pixel)
    for frame in march(
        v, flow, scheme=FSI(tau=CYCLE * pixel**2), until=Steps(CYCLES), channel_axis=0,
        spacing=grid.spacing, tiling=grid.tiling,
    ):  # fmt: skip
        if frame.step:
            yield frame.u
