"""Clean images, or pairs of noisy and clean ones -> patches, turned and mirrored at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ParameterError

Picture = NDArray[np.float32]  # [channel, row, col], 0..255
Sample = tuple[Picture, Picture | None]  # clean, and noisy where the noise is to be learned from it
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".npy")
LEAST = 32  # rows and cols of an image that patches are taken from


def load(
    folder: str | Path, *, colour: bool = False, reductions: Sequence[int] = (1,)
) -> list[Sample]:
    """Return all images of a folder, in all reduced sizes asked for.

    Where it holds the folders ``clean`` and ``noisy`` with files of the same names, these are pairs. Large
    photographs are smooth and noisy, pixel by pixel; reduced by 2 to 4 they are sharp and clean.

    Raises
    ------
    ParameterError
        If there is no image, or a pair lacks one.
    """
    folder = Path(folder)
    paired = (folder / "clean").is_dir() and (folder / "noisy").is_dir()
    where = folder / "clean" if paired else folder
    found = sorted(p for p in where.rglob("*") if p.suffix.lower() in SUFFIXES)
    out: list[Sample] = []
    for path in found:
        clean = picture_of(path, colour)
        if min(clean.shape[1:]) < LEAST:
            continue
        if paired:
            twin = folder / "noisy" / path.relative_to(where)
            if not twin.exists():
                raise ParameterError(f"{path} has no noisy twin: put one at {twin}")
            noisy = picture_of(twin, colour)
            if noisy.shape != clean.shape:
                raise ParameterError(f"{path} and {twin} must have the same size")
            out.append((clean, noisy))
        else:
            out += [
                (reduce(clean, n), None)
                for n in reductions
                if min(clean.shape[1:]) >= 96 * n or n == 1
            ]
    if not out:
        raise ParameterError(
            f"{folder} has no image of {LEAST} x {LEAST} pixels or more: give a folder of {', '.join(SUFFIXES)}"
        )
    return out


def picture_of(path: Path, colour: bool) -> Picture:
    """Return an image file as ``[channel, row, col]``, 0..255."""
    from divgrad.io import read

    image = read(path).array
    peak = 255.0 / np.iinfo(image.dtype).max if image.dtype.kind == "u" else 1.0
    return arrange(image.astype(np.float32) * np.float32(peak), colour=colour)


def arrange(image: NDArray[Any], *, colour: bool = False) -> Picture:
    """Return ``[channel, row, col]`` of a grey or colour image, of one or three channels.

    >>> arrange(np.zeros((4, 5, 3), np.float32)).shape
    (1, 4, 5)
    """
    if image.ndim == 2:
        image = image[..., None]
    image = image[..., :3] if image.shape[-1] > 2 else image[..., :1]
    if colour:
        image = np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
    elif image.shape[-1] == 3:
        image = image @ np.array([[0.299], [0.587], [0.114]], image.dtype)
    return np.ascontiguousarray(np.moveaxis(image, -1, 0), np.float32)


def reduce(picture: Picture, by: int) -> Picture:
    """Return the means of squares of ``by`` pixels.

    >>> reduce(np.ones((1, 5, 4), np.float32), 2).shape
    (1, 2, 2)
    """
    channels, rows, cols = picture.shape
    rows, cols = rows // by, cols // by
    squares = picture[:, : rows * by, : cols * by].reshape(channels, rows, by, cols, by)
    return np.asarray(squares.mean(axis=(2, 4)), np.float32)


def held_out(samples: Sequence[Sample], patch: int) -> tuple[list[Sample], list[Sample]]:
    """Split into training and validation: one image of ten, or of fewer images a lower part of each.

    >>> train, test = held_out([(np.zeros((1, 100, 90), np.float32), None)], 32)
    >>> train[0][0].shape, test[0][0].shape
    ((1, 68, 90), (1, 32, 90))
    """
    if len(samples) >= 10:
        return [s for n, s in enumerate(samples) if n % 10], list(samples[::10])
    train: list[Sample] = []
    test: list[Sample] = []
    for clean, noisy in samples:
        rows = max(clean.shape[1] // 5, min(patch, clean.shape[1] // 2))
        train.append((clean[:, :-rows], None if noisy is None else noisy[:, :-rows]))
        part = clean[:, -rows:, :512]
        test.append((part, None if noisy is None else noisy[:, -rows:, :512]))
    return train, test


def patches(
    samples: Sequence[Sample],
    size: int,
    batch: int,
    rng: np.random.Generator,
    change: Callable[[Picture, np.random.Generator], Picture] | None = None,
) -> Iterator[tuple[Picture, Picture | None]]:
    """Yield batches ``[batch, channel, size, size]`` of clean patches and, from pairs, of noisy ones.

    An image of four times the area is drawn twice as often. ``change`` is what is done to clean patches that
    are none of a pair.

    >>> zeros = np.zeros((1, 9, 9), np.float32)
    >>> next(patches([(zeros, None)], 4, 2, np.random.default_rng(0)))[0].shape
    (2, 1, 4, 4)
    """
    size = min(size, *(n for clean, _ in samples for n in clean.shape[1:]))
    weights = np.array([float(clean[0].size) ** 0.5 for clean, _ in samples])
    paired = samples[0][1] is not None
    while True:
        chosen = rng.choice(len(samples), batch, p=weights / weights.sum())
        both = [_patch(samples[i], size, rng) for i in chosen]
        if change is not None and not paired:
            both = [(change(clean, rng), noisy) for clean, noisy in both]
        yield np.stack([p[0] for p in both]), np.stack([p[1] for p in both]) if paired else None


def _patch(sample: Sample, size: int, rng: np.random.Generator) -> tuple[Picture, Picture]:
    clean, noisy = sample
    y, x = (int(rng.integers(n - size + 1)) for n in clean.shape[1:])
    turns, flip = int(rng.integers(4)), bool(rng.integers(2))

    def cut(picture: Picture) -> Picture:
        part = np.rot90(picture[:, y : y + size, x : x + size], turns, (1, 2))
        return np.asarray(part[..., ::-1] if flip else part)

    return cut(clean), cut(clean if noisy is None else noisy)
