"""How much memory a file may ask for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from divgrad.errors import ImageReadError

# A file of a few kilobytes can declare terabytes ("decompression bomb"). A file that is itself
# large is no bomb, hence the second bound, which follows the file's own size.
DEFAULT_BYTES = 2**31
_DEFAULT_RATIO = 4


# A file is unpacked piece by piece (tiles, chunks), each to its whole size even if most of it lies outside.
_SMALL_PIECE = 2**26


def refuse_piece(piece: Sequence[int], shape: Sequence[int], itemsize: int) -> None:
    """Raise if one tile or chunk is far larger than the image that it is part of."""
    needed = math.prod(piece) * itemsize
    if needed > max(_SMALL_PIECE, _DEFAULT_RATIO * math.prod(shape) * itemsize):
        size = " x ".join(str(n) for n in piece)
        raise ImageReadError(
            f"the header asks for pieces of {size} pixels, far more than the image has: it is damaged"
        )


def refuse_oversize(
    shape: Sequence[int], itemsize: int, file_bytes: int, max_bytes: int | None
) -> None:
    """Raise if an image of `shape`, which the header declares, would not fit in `max_bytes`."""
    needed = math.prod(shape) * itemsize
    if needed == 0:
        size = " x ".join(str(n) for n in shape)
        raise ImageReadError(f"the header says {size} pixels: the image is empty; save it again")
    limit = max(DEFAULT_BYTES, _DEFAULT_RATIO * file_bytes) if max_bytes is None else max_bytes
    if needed > limit:
        raise ImageReadError(
            f"the header asks for {needed:,} bytes, over the limit of {limit:,}; "
            "if you trust the file, raise max_bytes"
        )
