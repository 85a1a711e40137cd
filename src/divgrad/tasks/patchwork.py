"""Surroundings of holes, side by side in one small image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Slices = tuple[slice, slice]
BLOCK = 8  # pixels: pieces begin and end at multiples, so that means over wider pixels are the same
MOST = 0.7  # of the image: a larger patchwork is not worth it
LEAST = 16384  # pixels: smaller images are not cut


@dataclass(frozen=True)
class Patchwork:
    """Where the pieces lie in a padded image and in the small one.

    Parameters
    ----------
    shape
        Of the small image.
    margin
        By which the image is mirrored at its border, so that holes there keep their border.
    pieces
        For each piece: from where, to where, and which of its pixels may be brought back.
    """

    shape: tuple[int, int]
    margin: int
    pieces: tuple[tuple[Slices, Slices, NDArray[np.bool_]], ...]

    def gather(self, image: NDArray[Any], rest: Any) -> NDArray[Any]:
        """Return the pieces of an image ``(..., row, col)``, and ``rest`` between them."""
        wide = _mirrored(image, self.margin)
        out = np.full((*image.shape[:-2], *self.shape), rest, image.dtype)
        for here, there, _ in self.pieces:
            out[(..., *there)] = wide[(..., *here)]
        return out

    def scatter(self, small: NDArray[Any], image: NDArray[Any]) -> NDArray[Any]:
        """Return the image with what the pieces have at its holes."""
        wide = _mirrored(image, self.margin)
        for here, there, own in self.pieces:
            np.copyto(wide[(..., *here)], small[(..., *there)], where=own)
        rows, cols = (slice(self.margin, self.margin + n) for n in image.shape[-2:])
        return np.ascontiguousarray(wide[..., rows, cols])


def patchwork(lost: NDArray[np.bool_], margin: float) -> Patchwork | None:
    """Return how to cut out all holes of an image of two axes with a margin; None where that is not worth it.

    Holes nearer to each other than twice the margin stay together.

    Examples
    --------
    >>> lost = np.zeros((200, 200), bool)
    >>> lost[20:30, 20:30] = lost[150:160, 90:190] = True
    >>> patchwork(lost, 16.0).shape
    (96, 144)
    """
    from scipy.ndimage import binary_dilation, find_objects, label

    blocks = int(np.ceil(margin / BLOCK))
    margin = BLOCK * blocks
    if lost.ndim != 2 or lost.size < LEAST or min(lost.shape) < margin:
        return None
    wide = _mirrored(lost, margin)
    short = [-n % BLOCK for n in wide.shape]
    whole = np.pad(wide, [(0, n) for n in short], mode="edge")
    rows, cols = (n // BLOCK for n in whole.shape)
    coarse = whole.reshape(rows, BLOCK, cols, BLOCK).any(axis=(1, 3))
    square = np.ones((2 * blocks + 1,) * 2, bool)
    numbers, _ = label(binary_dilation(coarse, square), np.ones((3, 3)))
    found = [(k + 1, box) for k, box in enumerate(find_objects(numbers)) if box is not None]
    sizes = [tuple(BLOCK * (part.stop - part.start) for part in box) for _, box in found]
    area = sum(high * long for high, long in sizes)
    if not found or area > MOST * lost.size:
        return None
    width = max(max(long for _, long in sizes), BLOCK * round(np.sqrt(1.1 * area) / BLOCK))
    pieces, top, left, high = [], 0, 0, 0
    for k in sorted(range(len(found)), key=lambda k: sizes[k], reverse=True):
        number, box = found[k]
        if left + sizes[k][1] > width:
            top, left, high = top + high, 0, 0
        own = (numbers[box] == number).repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
        here = tuple(
            slice(BLOCK * p.start, min(BLOCK * p.stop, n))
            for p, n in zip(box, wide.shape, strict=True)
        )
        own = own[: here[0].stop - here[0].start, : here[1].stop - here[1].start]
        there = (slice(top, top + own.shape[0]), slice(left, left + own.shape[1]))
        pieces.append(((here[0], here[1]), there, own & wide[here]))
        left, high = left + sizes[k][1], max(high, sizes[k][0])
    shape = (top + high, width)
    if shape[0] * shape[1] > MOST * lost.size:
        return None
    return Patchwork(shape, margin, tuple(pieces))


def _mirrored(image: NDArray[Any], margin: int) -> NDArray[Any]:
    pads = [(0, 0)] * (image.ndim - 2) + [(margin, margin)] * 2
    return np.pad(image, pads, mode="symmetric")
