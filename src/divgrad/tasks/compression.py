"""What JPEG compression lost, and diffusion held within the quantisation cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from divgrad.equations.perona_malik import PeronaMalik
from divgrad.errors import ParameterError
from divgrad.estimate.jpeg import jpeg_blocks, steps
from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.learned import run, shipped
from divgrad.learned.noises import jpeg_level
from divgrad.operators import Image
from divgrad.schemes import FSI
from divgrad.stopping import Time
from divgrad.transforms.luma import colours, luma_chroma
from divgrad.transforms.quantisation_cell import SIDE, QuantisationCell

Table = NDArray[np.intp]

# Chosen at qualities 10 and 20 on eight images of Set12 that are not in classic5.
PART = 0.7  # of the cell
CONTRAST = 1.0  # of the level of the error, per pixel
PRESMOOTHING = 0.5  # pixels
TIME, ROUNDS = 1.0, 4  # pixels squared in all, and projections on the way

# Table K.2 of the standard.
CHROMINANCE = np.full((SIDE, SIDE), 99)
CHROMINANCE[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps of brightness and of colours, where blocks begin, the quality if one is known, and a sentence."""

    tables: tuple[Table, ...]
    origin: tuple[int, int]
    quality: int | None
    sentence: str


def found(u: Image, quality: int | None, tables: Sequence[Sequence[int]] | None) -> Steps:
    """Return the steps as they were given, or as they are found in ``u[channel, row, col]``."""
    if tables is not None and quality is None:
        arrays = tuple(_checked(table) for table in tables)
        like = min(range(1, 101), key=lambda q: int(np.abs(steps(q) - arrays[0]).sum()))
        same = np.array_equal(steps(like), arrays[0])
        said = f"The steps of the file are {'those of' if same else 'its own, most like'} quality {like}."
        return Steps((arrays[0], arrays[-1]), (0, 0), like, said)
    if quality is not None:
        return Steps(_standard(quality), (0, 0), quality, f"JPEG of quality {quality} was given.")
    quality, _, origin = jpeg_blocks(np.rint(planes(u)[0]))
    if quality == 0:
        return Steps((), origin, None, "No trace of JPEG compression was found.")
    said = f"JPEG compression of quality {quality} was found"
    if origin != (0, 0):
        said += (
            f", with blocks that begin at row {origin[0]}, col {origin[1]}: the image was cropped"
        )
    return Steps(_standard(quality), origin, quality, said + ".")


def planes(u: Image) -> Image:
    """Return brightness and differences of colour, or the grey image."""
    return luma_chroma(u) if len(u) == 3 else u


def resolution(sampling: int | None) -> tuple[int, int]:
    """Return rows and cols of brightness for one of colour."""
    return ((1, 1), (1, 2), (2, 2))[2 if sampling is None else sampling]


def repaired(
    parts: Image, steps: Steps, halves: tuple[int, int], model: str | None, grid: Grid
) -> Image:
    """Return the grey image, or red, green, blue, of repaired planes."""
    out = parts.copy()
    out[0] = plane(parts[0], steps.tables[0], steps.origin, model, grid)
    if len(parts) == 1:
        return out
    for n in (1, 2):
        small = _reduced(parts[n], halves)
        place = (-(-steps.origin[0] // halves[0]), -(-steps.origin[1] // halves[1]))
        # The means of what a decoder drew between colours are only near to what it was given.
        change = plane(small, steps.tables[1], place, model, grid, rounding=np.inf) - small
        out[n] += _enlarged(change, halves, parts[n].shape)
    return colours(out)


def plane(
    given: Image,
    table: Table,
    origin: tuple[int, int],
    model: str | None,
    grid: Grid,
    rounding: float = 2.5,
) -> Image:
    """Return ``given[row, col]`` after diffusion within its cell."""
    cell = QuantisationCell.of(given, table, origin, rounding)
    level = jpeg_level(table)
    if model is not None:
        odd = [(n % 2, 0) for n in origin]  # models take pixels by twos, from where blocks begin
        padded = np.pad(given, odd, mode="edge")[None]
        smooth = run(padded, shipped(model), level, tiling=grid.tiling)[0, odd[0][0] :, odd[1][0] :]
        return cell.project(np.ascontiguousarray(smooth), PART)
    v, tau = given, TIME / ROUNDS
    flow = PeronaMalik(CONTRAST * level, presmoothing=PRESMOOTHING)
    for _ in range(ROUNDS):
        v = evolve(v, flow, scheme=FSI(tau=tau), until=Time(tau), tiling=grid.tiling).u
        v = cell.project(v, PART)
    return v


def _standard(quality: int) -> tuple[Table, Table]:
    return steps(quality), steps(quality, CHROMINANCE)


def _checked(table: Sequence[int]) -> Table:
    array = np.asarray(table)
    if array.size != SIDE**2 or array.dtype.kind not in "iu" or array.min() < 1:
        raise ParameterError(
            f"a table has 64 whole numbers of 1 or more; got {' '.join(repr(table).split()):.60}"
        )
    return array.reshape(SIDE, SIDE).astype(np.intp)


def _reduced(plane: Image, by: tuple[int, int]) -> Image:
    """Return the means of small rectangles; those that the border cuts repeat its pixels."""
    padded = np.pad(plane, [(0, -n % k) for n, k in zip(plane.shape, by, strict=True)], mode="edge")
    (rows, cols), (a, b) = padded.shape, by
    means = padded.reshape(rows // a, a, cols // b, b).mean(axis=(1, 3), dtype=plane.dtype)
    return np.asarray(means)


def _enlarged(plane: Image, by: tuple[int, int], shape: tuple[int, ...]) -> Image:
    """Return a reduced plane with straight lines between its pixels, as decoders draw them."""
    for axis, (times, extent) in enumerate(zip(by, shape, strict=True)):
        if times == 1:
            continue
        places = (np.arange(extent) + 0.5) / times - 0.5
        places = np.clip(places, 0, plane.shape[axis] - 1)
        left = np.minimum(places.astype(int), max(0, plane.shape[axis] - 2))
        weight = (places - left).astype(plane.dtype).reshape((-1, 1) if axis == 0 else (1, -1))
        right = np.minimum(left + 1, plane.shape[axis] - 1)
        plane = plane.take(left, axis) * (1 - weight) + plane.take(right, axis) * weight
    return plane
