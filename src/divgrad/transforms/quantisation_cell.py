"""What a JPEG says of the image that was compressed: each cosine coefficient lies in a cell around its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
SIDE = 8


@dataclass(frozen=True, eq=False)
class QuantisationCell:
    r"""All images that JPEG compression turns into one and the same file.

    .. math:: |c_{ij}(v) - q_{ij} k_{ij}| \le \tfrac12 q_{ij}

    with the cosine coefficients c of each block of 8 x 8 pixels, the steps q, and the whole numbers k that the
    file holds. Blocks that the border cuts are free: the file holds pixels of them that nobody sees; and so are
    blocks where the decoder clipped so much to black or white that k cannot be told.

    Parameters
    ----------
    table
        Steps q, 8 x 8, row by row from the mean on.
    centres
        q k of all whole blocks, ``(block row, block col, 8, 8)``.
    origin
        Row and col at which the first whole block begins.
    known
        Which blocks are not free, ``(block row, block col, 1, 1)``.

    References
    ----------
    A. Zakhor, IEEE Trans. Circuits and Systems for Video Technology 2:91-95, 1992.

    Examples
    --------
    >>> ramp = np.add.outer(np.arange(16.0), np.arange(16.0))
    >>> cell = QuantisationCell.of(ramp, np.full((8, 8), 10))
    >>> bool(np.abs(cell.project(ramp + 100.0).mean() - ramp.mean()) < 1.0)
    True
    """

    table: NDArray[Any]
    centres: NDArray[Any]
    origin: tuple[int, int]
    known: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        image: Plane,
        table: NDArray[Any],
        origin: tuple[int, int] = (0, 0),
        rounding: float = 2.5,
    ) -> QuantisationCell:
        """Return the cell of an image as it was decoded, ``[row, col]`` of 0..255.

        Blocks that decode to other pixels than these, by more than ``rounding``, are free.
        """
        steps = np.asarray(table, image.dtype).reshape(SIDE, SIDE)
        given = _whole(image, origin)
        centres = steps * np.rint(cosines(given) / steps)
        off = np.abs(np.clip(from_cosines(centres), 0, 255) - given)
        rows, cols = centres.shape[:2]
        worst = off.reshape(rows, SIDE, cols, SIDE).max(axis=(1, 3), initial=0)
        return cls(steps, centres, origin, (worst <= rounding)[..., None, None])

    def project(self, image: Plane, part: float = 1.0) -> Plane:
        """Return the nearest image in the cell, or in that ``part`` of it around its centre."""
        half = self.table * image.dtype.type(0.5 * part)
        inside = _whole(image, self.origin)
        c = cosines(inside)
        np.copyto(c, np.clip(c, self.centres - half, self.centres + half), where=self.known)
        out = image.copy()
        _whole(out, self.origin)[...] = from_cosines(c)
        return out

    def distance(self, image: Plane) -> float:
        """Return how far it leaves the cell at most, in steps; 0 inside."""
        off = np.abs(cosines(_whole(image, self.origin)) - self.centres) / self.table * self.known
        return max(0.0, float(off.max()) - 0.5) if off.size else 0.0


def _whole(image: Plane, origin: tuple[int, int]) -> Plane:
    """Return a view of the part that whole blocks cover."""
    (y, x), (rows, cols) = origin, image.shape
    whole: Plane = image[y : y + (rows - y) // SIDE * SIDE, x : x + (cols - x) // SIDE * SIDE]
    return whole


def basis(dtype: Any) -> NDArray[Any]:
    """Return the orthonormal cosines, ``[frequency, position]``.

    >>> bool(np.allclose(basis(float) @ basis(float).T, np.eye(8)))
    True
    """
    k = np.arange(SIDE)
    cos = np.cos(np.pi * np.outer(k, k + 0.5) / SIDE) * np.sqrt(2.0 / SIDE)
    cos[0] /= np.sqrt(2.0)
    out: NDArray[Any] = cos.astype(dtype)
    return out


def cosines(image: Plane) -> NDArray[Any]:
    """Return the coefficients of grey value - 128, ``(block row, block col, 8, 8)``, of whole blocks.

    >>> float(cosines(np.full((8, 16), 130.0))[0, 1, 0, 0].round(6))
    16.0
    """
    rows, cols = (n // SIDE for n in image.shape)
    blocks = (image - image.dtype.type(128)).reshape(rows, SIDE, cols, SIDE).swapaxes(1, 2)
    b = basis(image.dtype)
    return np.asarray(b @ blocks @ b.T)


def from_cosines(coefficients: NDArray[Any]) -> Plane:
    """Return the image of the coefficients: the inverse of :func:`cosines`."""
    rows, cols = coefficients.shape[:2]
    b = basis(coefficients.dtype)
    blocks = b.T @ coefficients @ b + coefficients.dtype.type(128)
    image: Plane = blocks.swapaxes(1, 2).reshape(rows * SIDE, cols * SIDE)
    return image
