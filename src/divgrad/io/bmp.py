"""BMP <-> Picture: masks, 8-bit grey and colour; palettes are expanded."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from divgrad.errors import ImageReadError
from divgrad.io import lengths
from divgrad.io.limits import refuse_oversize
from divgrad.io.picture import Metadata, Picture

_MM_PER_METRE = 1000.0
_READABLE = {"1": 1, "L": 1, "P": 3, "RGB": 3, "RGBA": 4}  # Pillow's modes -> channels


def decode(file: BinaryIO, max_bytes: int | None = None) -> Picture:
    """Return the picture in a BMP file."""
    from PIL.BmpImagePlugin import BmpImageFile

    data = file.read()
    # Not by Image.open, whose limit of pixels is one for the whole process and warns.
    image = BmpImageFile(io.BytesIO(data))
    channels = _READABLE.get(image.mode)
    if channels is None:
        raise ImageReadError(f"the BMP has pixels of the kind {image.mode}; save it as RGB")
    cols, rows = image.size
    refuse_oversize((rows, cols, channels), 1, len(data), max_bytes)
    _refuse_missing_pixels(data, image)
    palette = image.mode == "P"
    array: NDArray[Any] = np.array(image.convert("RGB") if palette else image)
    x, y = image.info.get("dpi", (0, 0))
    spacing = lengths.from_density(x, y, 25.4)
    return Picture(
        np.ascontiguousarray(array),
        channel_axis=-1 if array.ndim == 3 else None,
        alpha=channels == 4,
        spacing=spacing,
        unit=None if spacing is None else "mm",
        calibrated=False,
        metadata=Metadata(
            format="BMP",
            bits=1 if image.mode == "1" else 8,
            dropped=("the palette of the BMP was expanded to colour",) if palette else (),
        ),
    )


def encode(file: BinaryIO, picture: Picture) -> list[str]:
    """Write a 2-D mask, or a uint8 image of one or three channels."""
    from PIL import Image

    options: dict[str, Any] = {}
    size = None
    if picture.spacing is not None:
        size = lengths.millimetres(picture.spacing[-2:], picture.unit)
    lost = []
    if size is not None and all(1 < _MM_PER_METRE / h < 2**31 for h in size):
        options["dpi"] = tuple(25.4 / h for h in reversed(size))
    elif picture.spacing is not None:
        lost.append(f"BMP cannot store the pixel size {picture.spacing} {picture.unit}")
    Image.fromarray(picture.array).save(file, "BMP", **options)
    return lost


def _refuse_missing_pixels(data: bytes, image: Any) -> None:
    """Raise unless uncompressed rows are all there; Pillow itself looks at the others."""
    cols, rows = image.size
    bits = int.from_bytes(data[28:30], "little") if data[14] >= 40 else 0
    packed = int.from_bytes(data[30:34], "little") if data[14] >= 40 else 0
    at = int.from_bytes(data[10:14], "little")
    if bits and packed in (0, 3, 6) and len(data) - at < rows * ((cols * bits + 31) // 32 * 4):
        raise ImageReadError("the BMP ends within its pixels; the file is damaged: copy it again")
