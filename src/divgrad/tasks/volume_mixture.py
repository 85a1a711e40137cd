"""Gaussian noise in volumes: flows and learned slices, mixed so that the expected error is least."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

import numpy as np

from divgrad.equations.hybrid import Hybrid
from divgrad.evolution import march
from divgrad.grid import Grid
from divgrad.learned import run, shipped
from divgrad.operators import Image
from divgrad.schemes import FSI
from divgrad.stopping import Steps
from divgrad.tasks.least_error import weights
from divgrad.tasks.photograph_scale import scale_for
from divgrad.tasks.two_flows import add, flows_for

#: Index of a piece in ``u[channel, plane, row, col]``.
Where = tuple[int | slice, ...]

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
    plain, smoothed = (len(flow.steps) for flow in flows)
    names = ["diffusion"] * plain + ["presmoothed diffusion"] * smoothed
    tensor = len(names)
    names += ["diffusion along structures"] * CYCLES
    if across is not None:
        names += ["learned planes", "learned planes of the diffused volume"]

    def pieces(v: Image, wanted: Sequence[float]) -> Iterator[tuple[int, Where, Image]]:
        """Yield the number of a version, where a piece of it lies, and the piece, which is gone with the next."""
        again = None if across is None or not wanted[-1] else across  # the diffused volume's planes
        for flow, first in zip(flows, (0, plain), strict=True):
            used = [n for n in range(len(flow.steps)) if wanted[first + n] > 0]
            used += [0] if again is not None and first == 0 else []
            last = flow.steps[max(used)] if used else 0
            for number, frame in enumerate(flow.frames(v, grid, last), first):
                yield number, (slice(None),), frame
                if number == 0 and again is not None:
                    for where, plane in planes(frame, LEFT * sigma, again, model, grid):
                        yield len(names) - 1, where, plane
        if any(wanted[tensor : tensor + CYCLES]):
            for cycle, where, slab in tensor_slabs(v, sigma, grid):
                yield tensor + cycle, where, slab
        if across is not None and wanted[-2] > 0:
            for where, plane in planes(v, sigma, across, model, grid):
                yield len(names) - 2, where, plane

    def versions(v: Image) -> list[Image]:
        frames = [np.empty_like(v) for _ in names]
        for number, where, piece in pieces(v, [1.0] * len(names)):
            frames[number][where] = piece
        return frames

    parts, _ = weights(u, versions, sigma, grid)
    mixed: Image = u.dtype.type(parts[0]) * u
    for number, where, piece in pieces(u, parts[1:]):
        if parts[1 + number] > 0:
            add(mixed[where], u.dtype.type(parts[1 + number]), piece)
    axes = tuple(range(1, u.ndim))
    lost = u.mean(axis=axes, keepdims=True, dtype=np.float64)
    lost = lost - mixed.mean(axis=axes, keepdims=True, dtype=np.float64)
    mixed += lost.astype(u.dtype)  # learned planes shift it a little, and may overshoot
    np.clip(mixed, u.min(), u.max(), out=mixed)
    shares = {"the noisy volume": parts[0]}
    for part, name in zip(parts[1:], names, strict=True):
        shares[name] = shares.get(name, 0.0) + part
    said = ", ".join(f"{100 * share:.0f} % {name}" for name, share in shares.items() if share > 0)
    return mixed, f"Mixed so that the expected error is least: {said}."


def plane_axis(grid: Grid) -> int | None:
    """Return the axis across planes of square pixels, the one of the widest spacing; None where there is none.

    >>> plane_axis(Grid((2.0, 1.0, 1.0))), plane_axis(Grid((3.0, 2.0, 1.0)))
    (0, None)
    """
    h = grid.spacing
    square = [a for a in range(3) if len({h[b] for b in range(3) if b != a}) == 1]
    return max(square, key=lambda a: (h[a], -a)) if square else None


def planes(
    v: Image, sigma: float, across: int, model: str, grid: Grid
) -> Iterator[tuple[Where, Image]]:
    """Yield where each plane lies, and the plane denoised; grey values are those of 0..255 to the model."""
    known, factor = shipped(model), v.dtype.type(scale_for(v, sigma, grid))
    for channel in range(len(v)):
        for n in range(v.shape[across + 1]):
            where: Where = (channel, *[slice(None)] * across, n)
            image = np.ascontiguousarray(v[where])[None] * factor
            yield where, run(image, known, sigma * float(factor), tiling=grid.tiling)[0] / factor


def tensor_slabs(v: Image, sigma: float, grid: Grid) -> Iterator[tuple[int, Where, Image]]:
    """Yield steps of diffusion along structures, and where they lie; a large volume goes through it slab by slab.

    Tensors need sixty times the memory of their volume. In their short time nothing is felt across HALO planes.
    """
    thick, deep = max(HALO, LARGE // v[:, 0].size), v.shape[1]
    if deep <= thick + HALO:
        thick = deep
    for z in range(0, deep, thick):
        low = max(0, z - HALO)
        slab = v[:, low : z + thick + HALO]
        for cycle, part in enumerate(_tensor_frames(slab, sigma, grid)):
            yield cycle, (slice(None), slice(z, z + thick)), part[:, z - low : z - low + thick]


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
