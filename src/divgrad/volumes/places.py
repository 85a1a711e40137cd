"""Zarr arrays as places of an image ``u[channel, *space]``: parts are read and written, files brought to the disk."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from divgrad.dtypes import to_dtype
from divgrad.errors import ImageError, ImageReadError, ImageWriteError, ParameterError
from divgrad.layout import working_dtype
from divgrad.operators import Image
from divgrad.volumes.blocks import Block

AT_ONCE = 3  # chunks that are read or written at once ...
IN_HAND = 2**24  # ... and bytes of them: fewer if they are large
SIDE_BY_SIDE = 16  # files that are brought to the disk at once


def zarr_module() -> Any:
    """Return zarr, an optional extra.

    Raises
    ------
    ParameterError
        If it is not installed.
    """
    try:
        import zarr
    except ImportError:
        raise ParameterError(
            "Zarr volumes need the package zarr: pip install 'divgrad[formats]'"
        ) from None
    return zarr


@dataclass(frozen=True)
class Place:
    """A Zarr array on a disk, and which of its axes are space.

    Parameters
    ----------
    path
        Folder of the array.
    channel_axis
        Axis of the channels; None: there is none.
    at
        Indices along leading axes, such as time, that come before all others.
    """

    path: str
    channel_axis: int | None = None
    at: tuple[int, ...] = ()

    @property
    def array(self) -> Any:
        """The array, opened."""
        return _opened(self.path, os.getpid())

    @property
    def dims(self) -> tuple[int, ...]:
        """Its shape without the leading axes."""
        shape: tuple[int, ...] = tuple(self.array.shape)[len(self.at) :]
        return shape

    @property
    def shape(self) -> tuple[int, ...]:
        """Extents of the spatial axes."""
        return self._space(self.dims)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return 1 if self.channel_axis is None else int(self.dims[self.channel_axis])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The values' type, as stored."""
        kind: np.dtype[Any] = np.dtype(self.array.dtype)
        return kind

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a chunk."""
        chunks: tuple[int, ...] = tuple(self.array.chunks)
        return math.prod(chunks) * self.dtype.itemsize

    @property
    def at_once(self) -> int:
        """How many chunks are read or written at once."""
        return max(1, min(AT_ONCE, IN_HAND // self.chunk_bytes))

    def unit(self) -> tuple[int, ...]:
        """Return the spatial extents of what is written as a whole: shards, or else chunks."""
        array = self.array
        whole = getattr(array, "shards", None) or array.chunks
        return self._space(tuple(whole)[len(self.at) :])

    def _space(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if self.channel_axis is None:
            return sizes
        return tuple(n for axis, n in enumerate(sizes) if axis != self.channel_axis)

    def _index(self, block: Block) -> tuple[Any, ...]:
        where: list[Any] = list(block.where)
        if self.channel_axis is not None:
            where.insert(self.channel_axis, slice(None))
        return (*self.at, *where)

    def read(self, block: Block) -> Image:
        """Return a part as ``u[channel, *space]``, float32 or float64.

        Raises
        ------
        ImageError
            If it has NaN or infinite values.
        ImageReadError
            If it cannot be read.
        """
        try:
            stored = np.asarray(self.array[self._index(block)])
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            said = " ".join(str(error).split())
            raise ImageReadError(f"{self.path}: chunks cannot be read: {said:.100}") from None
        axis = self.channel_axis
        moved = stored[None] if axis is None else np.moveaxis(stored, axis, 0)
        u = np.require(moved, working_dtype(stored.dtype), ["C", "A", "W"])
        if stored.dtype.kind == "f" and not np.isfinite((u.min(), u.max())).all():
            bad = np.argwhere(~np.isfinite(u))[0]
            where = tuple(int(i + o) for i, o in zip(bad[1:], block.low, strict=True))
            raise ImageError(
                f"the volume has values that are NaN or infinite, one at {where}: replace them first"
            )
        return u

    def write(self, block: Block, u: Image) -> None:
        """Write a part of whole write units; integers are rounded and clipped.

        Raises
        ------
        ImageWriteError
            If that fails.
        """
        array = u[0] if self.channel_axis is None else np.moveaxis(u, 0, self.channel_axis)
        try:
            self.array[self._index(block)] = to_dtype(array, self.dtype)
        except OSError as error:
            raise ImageWriteError(f"{self.path}: {error.strerror or error}") from None

    def sync(self, blocks: Sequence[Block]) -> None:
        """See that blocks which were written are on the disk, not only in memory."""
        array = self.array
        whole = tuple(getattr(array, "shards", None) or array.chunks)
        paths: list[Path] = []
        for block in blocks:
            index = [i if isinstance(i, slice) else slice(i, i + 1) for i in self._index(block)]
            ranges = [
                range((s.start or 0) // c, -(-(n if s.stop is None else s.stop) // c))
                for s, c, n in zip(index, whole, array.shape, strict=True)
            ]
            paths += [
                Path(self.path) / array.metadata.encode_chunk_key(key)
                for key in itertools.product(*ranges)
            ]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:  # a disk takes many at once
            list(threads.map(flush, paths))


def flush(path: Path) -> None:
    """Wait until a file is on the disk; what is not there (a chunk of zeros) needs no waiting."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@lru_cache(maxsize=64)
def _opened(path: str, process: int) -> Any:
    zarr = zarr_module()
    try:
        return zarr.open_array(path, mode="r+")
    except Exception as error:
        said = " ".join(str(error).split())
        raise ImageReadError(f"{path} is no Zarr array: {said:.100}") from None


def few_at_once(place: Place) -> Any:
    """Return a context in which Zarr has few chunks in hand at once: each is held in memory several times."""
    return zarr_module().config.set({"async.concurrency": place.at_once})


def forget() -> None:
    """Forget what was opened: arrays may have been made anew under the same path."""
    _opened.cache_clear()


def make_array(
    path: Path, shape: Sequence[int], chunks: Sequence[int], dtype: Any, **more: Any
) -> None:
    """Make an array of zeros, without compression unless more is said; an old one is gone."""
    zarr = zarr_module()
    kept = {"compressors": None, "filters": None, **more}
    zarr.create_array(
        path, shape=tuple(shape), chunks=tuple(chunks), dtype=dtype, overwrite=True, **kept
    )
    forget()


def exists(place: Place) -> bool:
    """Return whether its array is there."""
    folder = Path(place.path)
    return (folder / "zarr.json").exists() or (folder / ".zarray").exists()


def write_unit(source: Place, most: int) -> tuple[int, ...]:
    """Return the spatial extents of an output's write units: those of the input, or handier ones.

    ``most`` are the voxels that one may have: an input in one chunk would have to be written as a whole.
    """
    unit, shape = list(source.unit()), source.shape
    unit = [min(u, n) for u, n in zip(unit, shape, strict=True)]
    while max(unit) > 1 and np.prod(unit, dtype=float) > most:
        axis = max(range(len(unit)), key=lambda a: unit[a])
        unit[axis] = max(1, unit[axis] // 2)
    return tuple(unit)
