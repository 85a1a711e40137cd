"""HDF5's scale-offset filter undone: what lies above the least value of a chunk, in as few bits as it takes.

The HDF Group, "HDF5 File Format Specification", section IV.A.2.l, and "Scale-Offset Filter" (2007).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEAD = 21  # bytes: bits of a value (4), length of the least value (1), the least value (8), unused
_INTEGER = 2  # kind of scaling
_EXPONENT, _KIND, _HAS_FILL = 1, 0, 7  # where the filter's options stand


def unscaled(data: bytes, options: Any, count: int, dtype: np.dtype[Any], fill: Any) -> bytes:
    """Return the values of a chunk as bytes of `dtype`.

    Raises
    ------
    ValueError
        If there are too few bits, or no such options.
    """
    native = dtype.newbyteorder("<")
    whole = 8 * dtype.itemsize
    bits = int.from_bytes(data[:4], "little")
    least = np.frombuffer(data[5:13].ljust(8, b"\0"), native)[0]
    if len(data) < _HEAD or bits > whole or len(options) <= _HAS_FILL:
        raise ValueError("too short")
    if bits == whole:
        return bytes(np.frombuffer(data, native, count, _HEAD).astype(dtype))
    steps = _unpacked(data[_HEAD:], count, bits)
    if dtype.kind == "f":
        if options[_KIND] == _INTEGER:
            raise ValueError("integers are wanted")
        power = native.type(10.0 ** np.int32(np.uint32(options[_EXPONENT])))
        values = steps.astype(np.int64).astype(native) / power + least
    else:
        values = (steps + least.astype(np.int64).astype(np.uint64)).astype(native)
    if options[_HAS_FILL] and bits:
        values[steps == (1 << bits) - 1] = fill
    return bytes(values.astype(dtype))


def _unpacked(data: bytes, count: int, bits: int) -> NDArray[np.uint64]:
    """Return numbers of so many bits each, the highest first."""
    if len(data) * 8 < count * bits:
        raise ValueError("too short")
    each = np.unpackbits(np.frombuffer(data, np.uint8), count=count * bits).reshape(count, bits)
    values = np.zeros(count, np.uint64)
    for place in range(bits):
        values = values << np.uint64(1) | each[:, place]
    return values
