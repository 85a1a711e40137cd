"""Where medical volumes lie: ITK's axes (x, y, z) of files to the axes (plane, row, col) of arrays, and back.

ITK, DICOM and MetaImage measure x to the patient's left, y to the back, z to the head (LPS), as `Picture`
does; NIfTI measures to the right and to the front (RAS).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from divgrad.io import lengths
from divgrad.io.picture import Picture, upright

_TINY = 1e-6


class Space(NamedTuple):
    """Spacing and unit vectors, one for each axis of one order, and the first pixel's place (x, y, z)."""

    spacing: tuple[float, ...] | None
    origin: tuple[float, ...] | None
    direction: tuple[tuple[float, ...], ...] | None

    def flat(self) -> Space:
        """Return a plane's space without the third dimension."""
        return Space(self.spacing, self.origin[:2] if self.origin else None, None)


def from_itk(
    spacing: Sequence[float], origin: Sequence[float], vectors: Sequence[Sequence[float]], ndim: int
) -> Space:
    """Return the space of an array whose file has its axes in the order (x, y[, z]).

    `vectors` are one for each axis. What does not have the right number of sound values is left out.
    """
    sizes = lengths.sound(*(abs(h) for h in spacing)) if len(spacing) == ndim else None
    place = tuple(float(x) for x in origin)
    if len(place) < ndim or not all(map(math.isfinite, place)):
        return Space(sizes[::-1] if sizes else None, None, None)
    matrix = np.array(vectors, float) if len(vectors) == ndim else np.eye(ndim, len(place))
    if matrix.shape != (ndim, len(place)) or not _orthonormal(matrix):
        return Space(sizes[::-1] if sizes else None, place, None)
    direction = tuple(tuple(float(v) + 0.0 for v in row) for row in matrix[::-1])
    plain = np.allclose(direction, upright(ndim, len(place)), atol=_TINY)
    return Space(sizes[::-1] if sizes else None, place, None if plain else direction)


def to_itk(picture: Picture) -> tuple[Space, list[str]]:
    """Return the space in mm with axes in the order (x, y[, z]), and what does not go into it.

    A print resolution is left out: such files hold measured sizes only.
    """
    lost: list[str] = []
    if picture.spacing is None or not picture.calibrated:
        return Space(None, picture.origin, _turned(picture)), lost
    size = lengths.millimetres(picture.spacing, picture.unit)
    if size is None:
        if picture.unit is not None:
            lost.append(f"the unit {picture.unit} was left out: such files measure in mm")
        return Space(picture.spacing[::-1], picture.origin, _turned(picture)), lost
    origin = None if picture.origin is None else lengths.millimetres(picture.origin, picture.unit)
    return Space(size[::-1], origin, _turned(picture)), lost


def affine(space: Space, ndim: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return NIfTI's 4 x 4 matrix, to the right, the front and the head, of a space in ITK's order."""
    matrix = np.eye(4)
    sizes = (*(space.spacing or (1.0,) * ndim), 1.0)[:3]
    vectors = np.eye(3)
    if space.direction is not None:
        for n, vector in enumerate(space.direction):
            vectors[n, : len(vector)] = vector
        if len(space.direction) == 2:
            vectors[2] = np.cross(vectors[0], vectors[1])
    matrix[:3, :3] = vectors.T * sizes
    place = (*(space.origin or (0.0,) * ndim), 0.0)[:3]
    matrix[:3, 3] = place
    matrix[:2] *= -1
    return matrix


def _turned(picture: Picture) -> tuple[tuple[float, ...], ...] | None:
    return None if picture.direction is None else picture.direction[::-1]


def _orthonormal(matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> bool:
    return bool(np.allclose(matrix @ matrix.T, np.eye(len(matrix)), atol=1e-3))
