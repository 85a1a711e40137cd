"""Clean images -> patches, turned and mirrored at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.transform import downscale_local_mean

from divgrad.errors import ParameterError

Picture = NDArray[np.float32]
SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".npy")


def load(
    folder: str | Path, *, colour: bool = False, reductions: Sequence[int] = (1,)
) -> list[Picture]:
    """Return all images of a folder as ``[channel, row, col]``, 0..255, each in all reduced sizes asked for.

    Large photographs are smooth and noisy, pixel by pixel; reduced by 2 to 4 they are sharp and clean.
    """
    import divgrad.io

    found = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)
    if not found:
        raise ParameterError(f"{folder} has no images: give a folder with {', '.join(SUFFIXES)}")
    out = []
    for path in found:
        image = np.asarray(divgrad.io.read(path).array)
        peak = 255.0 / np.iinfo(image.dtype).max if image.dtype.kind == "u" else 1.0
        picture = arrange(image.astype(np.float32) * np.float32(peak), colour=colour)
        out += [reduce(picture, by) for by in reductions if min(picture.shape[1:]) >= 96 * by]
    return out


def arrange(image: NDArray[Any], *, colour: bool = False) -> Picture:
    """Return ``[channel, row, col]`` of a grey or colour image, of one or three channels."""
    if image.ndim == 2:
        image = image[..., None]
    image = image[..., :3] if image.shape[-1] > 2 else image[..., :1]
    if colour:
        image = np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
    elif image.shape[-1] == 3:
        image = image @ np.array([[0.299], [0.587], [0.114]], image.dtype)
    return np.ascontiguousarray(np.moveaxis(image, -1, 0), np.float32)


def reduce(picture: Picture, by: int) -> Picture:
    """Return the means of squares of ``by`` pixels."""
    if by == 1:
        return picture
    rows, cols = (n - n % by for n in picture.shape[1:])
    return np.asarray(downscale_local_mean(picture[:, :rows, :cols], (1, by, by)), np.float32)


def patches(
    pictures: Sequence[Picture], size: int, batch: int, rng: np.random.Generator
) -> Iterator[Picture]:
    """Yield batches ``[batch, channel, size, size]`` without end; every pixel of all pictures is as likely.

    >>> next(patches([np.zeros((1, 9, 9), np.float32)], 4, 2, np.random.default_rng(0))).shape
    (2, 1, 4, 4)
    """
    areas = np.array([float(p[0].size) ** 0.5 for p in pictures])
    while True:
        chosen = rng.choice(len(pictures), batch, p=areas / areas.sum())
        yield np.stack([_patch(pictures[i], size, rng) for i in chosen])


def _patch(picture: Picture, size: int, rng: np.random.Generator) -> Picture:
    y, x = (rng.integers(n - size + 1) for n in picture.shape[1:])
    part = picture[:, y : y + size, x : x + size]
    part = np.rot90(part, int(rng.integers(4)), (1, 2))
    return np.asarray(part[..., ::-1] if rng.integers(2) else part)
