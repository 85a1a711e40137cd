"""What a file says: the pixels, what their axes are, and what must survive to the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Metadata:
    """What a file holds beside its pixels.

    Attributes
    ----------
    format : str
        ``"PNG"``, ``"TIFF"``, ... (`divgrad.io.formats`), or ``""`` for a picture made in memory.
    bits : int
        Bits per sample in the file, which may be fewer than those of the array; 0 if unknown.
    icc : bytes or None
        The ICC colour profile.
    exif : bytes or None
        The EXIF block, beginning with its byte order (``II`` or ``MM``). An orientation in it is
        not applied to the pixels: it stays here and goes to the output.
    native : mapping
        What only the same format can take: text chunks, quantisation tables, descriptions.
    dropped : tuple of str
        A sentence for each thing that reading did not take along.
    """

    format: str = ""
    bits: int = 0
    icc: bytes | None = field(default=None, repr=False)
    exif: bytes | None = field(default=None, repr=False)
    native: Mapping[str, Any] = field(default_factory=dict, repr=False)
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """An image as a file holds it.

    Attributes
    ----------
    array : ndarray
        The pixels exactly as stored, in native byte order and C-contiguous. Axes are (row, col) or
        (plane, row, col), followed by the channels if `channel_axis` is -1.
    channel_axis : None or -1
        None for grey images, -1 if the last axis holds the channels.
    alpha : bool
        Whether the last channel is opacity: something to leave as it is, not to denoise.
    spacing : tuple of float, or None
        Size of a pixel along each spatial axis, in `unit`; None if the file does not say, or not
        for every axis: pages and time points have no distance.
    unit : str or None
        ``"um"``, ``"mm"``, ... ; None if `spacing` is only the pixels' shape, or is None.
    calibrated : bool
        True if `spacing` was measured (ImageJ, OME); False if it only comes from a print
        resolution (dots per inch), which most cameras and programs fill in with a constant.
    metadata : Metadata
        What must survive to the output; hand the whole picture to `write` as ``like=``.
    origin : tuple of float, or None
        Where the centre of the first pixel lies, (x, y[, z]) in `unit`. In medical formats x runs to the
        patient's left, y to the back, z to the head; elsewhere along cols, rows, planes.
    direction : tuple of tuples, or None
        For each spatial axis, in the order of the array, the unit vector (x, y[, z]) along which its index
        grows; None where cols run along x, rows along y and planes along z.
    names : tuple of str
        Names of the channels, or empty.
    axes : str
        Letters of the spatial axes, such as ``"ZYX"`` or ``"TYX"``; empty if the file does not say.

    Examples
    --------
    >>> import numpy as np
    >>> picture = Picture(np.zeros((4, 6, 8)), spacing=(0.3, 0.1, 0.1), unit="um")
    >>> picture.channel_axis is None, picture.ndim
    (True, 3)
    """

    array: NDArray[Any] = field(repr=False)
    channel_axis: int | None = None
    alpha: bool = False
    spacing: tuple[float, ...] | None = None
    unit: str | None = None
    calibrated: bool = True
    metadata: Metadata = field(default_factory=Metadata)
    origin: tuple[float, ...] | None = None
    direction: tuple[tuple[float, ...], ...] | None = None
    names: tuple[str, ...] = ()
    axes: str = ""

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return int(np.ndim(self.array)) - (self.channel_axis is not None)

    def respaced(self, spacing: tuple[float, ...]) -> Picture:
        """Return this with pixels of another size over the same field: the first one's centre moves.

        >>> fine = Picture(np.zeros((4, 4)), spacing=(2.0, 2.0), origin=(0.0, 0.0)).respaced((1.0, 1.0))
        >>> fine.origin
        (-0.5, -0.5)
        """
        origin, before = self.origin, self.spacing
        if origin is not None and before is not None:
            vectors = self.direction or upright(len(before), len(origin))
            moves = [(new - old) / 2 for new, old in zip(spacing, before, strict=True)]
            origin = tuple(
                x + sum(move * vector[n] for move, vector in zip(moves, vectors, strict=True))
                for n, x in enumerate(origin)
            )
        return replace(self, spacing=spacing, origin=origin)


def upright(axes: int, dimensions: int) -> tuple[tuple[float, ...], ...]:
    """Return the direction of an image whose cols run along x, rows along y and planes along z.

    >>> upright(2, 3)
    ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0))
    """
    return tuple(
        tuple(float(n == axes - 1 - axis) for n in range(dimensions)) for axis in range(axes)
    )
