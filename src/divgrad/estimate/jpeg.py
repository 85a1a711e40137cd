"""Was the image a JPEG? Its cosine coefficients are multiples of the steps that the quality sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.channels import Channel

Floats = NDArray[np.floating[Any]]

SIDE = 8
BLOCKS = 600  # looked at
QUALITIES = range(2, 96)
ROUNDING = 0.30  # standard deviation that rounding to bytes leaves in a coefficient
SURE = 0.35  # evidence for each coefficient, in nats; 0 for what never was a JPEG
FEWEST = 60  # coefficients that are not zero
JUMP = 1.05  # between blocks over within them, at least, where an image that was cropped has its blocks

# Table K.1 of the standard, which almost every encoder scales.
LUMINANCE = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56], [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
])  # fmt: skip


def steps(quality: int, table: NDArray[Any] = LUMINANCE) -> NDArray[np.intp]:
    """Give the step of each coefficient at a quality, 1 to 100, of the table at 50.

    >>> steps(50)[0, 0], steps(90)[0, 0]
    (np.int64(16), np.int64(3))
    """
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    result: NDArray[np.intp] = np.clip((table * scale + 50) // 100, 1, 255)
    return result


def jpeg_quality(channel: Channel) -> tuple[int, float]:
    r"""Find the quality with which an image was compressed, if it was.

    Of all qualities that one is taken whose steps explain the coefficients c of the 8 x 8 blocks
    best: their remainders by the step q are rounding, and not evenly spread over it:

    .. math:: \frac1n \sum_{|c| > q/2} \log \frac{p(c \bmod q)}{1 / q}

    Parameters
    ----------
    channel : ndarray, 2-D
        Whole numbers 0..255, of any dtype; the blocks begin at the first pixel, or, in an image
        that was cropped, anywhere.

    Returns
    -------
    quality, evidence
        1 to 95, and evidence for each coefficient; 0, 0.0 if it was none.

    References
    ----------
    .. [1] Z. Fan, R. L. de Queiroz, "Identification of bitmap compression history: JPEG detection
       and quantizer estimation", IEEE Trans. Image Process. 12(2), 230-235, 2003.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> scene = 120 + 90 * np.sin(np.arange(128) ** 1.5 / 60) * np.cos(np.arange(128) / 9)[:, None]
    >>> file = io.BytesIO()
    >>> Image.fromarray(scene.astype(np.uint8)).save(file, "JPEG", quality=40)
    >>> jpeg_quality(np.asarray(Image.open(file)))[0]
    40
    """
    return jpeg_blocks(channel)[:2]


def jpeg_blocks(channel: Channel) -> tuple[int, float, tuple[int, int]]:
    """Find the quality, its evidence, and the row and col at which the first whole block begins.

    As :func:`jpeg_quality`, which says how; 0, 0.0, (0, 0) if the image was no JPEG.

    >>> jpeg_blocks(np.zeros((64, 64)))
    (0, 0.0, (0, 0))
    """
    nothing = 0, 0.0, (0, 0)
    if channel.ndim != 2 or min(channel.shape) < 3 * SIDE:
        return nothing
    image = channel.astype(np.float64)
    if image.min() < 0.0 or image.max() > 255.0 or np.ptp(image) == 0.0:
        return nothing
    some = image.reshape(-1)[:: max(1, image.size // 4096)]
    if np.abs(some - np.rint(some)).max() > 1e-3:
        return nothing
    best = (*_best(image), (0, 0))
    if best[1] < SURE:
        origin = _origin(image)
        if origin != (0, 0):
            cropped = image[origin[0] :, origin[1] :]
            best = max(best, (*_best(cropped), origin), key=lambda one: one[1])
    return best if best[1] >= SURE else nothing


def _best(image: Floats) -> tuple[int, float]:
    """Return the best quality and its evidence."""
    coefficients = _coefficients(image)
    found = (0, 0.0)
    scores = {quality: _evidence(coefficients, steps(quality)) for quality in QUALITIES}
    for quality, score in scores.items():
        if score > found[1]:
            found = quality, score
    return found


def _coefficients(image: Floats) -> Floats:
    """Return the cosine transform of blocks spread over the image, (n, 8, 8), without clipped ones."""
    h, w = (n // SIDE * SIDE for n in image.shape)
    tiles = image[:h, :w].reshape(h // SIDE, SIDE, w // SIDE, SIDE).swapaxes(1, 2)
    blocks: Floats = tiles.reshape(-1, SIDE, SIDE)
    blocks = blocks[(blocks.min((1, 2)) > 0) & (blocks.max((1, 2)) < 255)]
    blocks = blocks[:: max(1, len(blocks) // BLOCKS)]
    # A pattern that is repeated is no more evidence than once.
    blocks = np.unique(blocks.reshape(-1, SIDE * SIDE), axis=0).reshape(-1, SIDE, SIDE)
    k = np.arange(SIDE)
    basis = np.cos(np.pi * np.outer(k, k + 0.5) / SIDE) * np.sqrt(2.0 / SIDE)
    basis[0] /= np.sqrt(2.0)
    result: Floats = np.einsum("ij,njk,lk->nil", basis, blocks - 128.0, basis, optimize=True)
    return result


def _evidence(coefficients: Floats, q: NDArray[np.intp]) -> float:
    """Return the mean evidence of the coefficients that a table of steps does not round to zero."""
    total, count = 0.0, 0
    for i in range(SIDE):
        for j in range(SIDE):
            if not 0 < i + j < 6:
                continue
            step = float(q[i, j])
            c = coefficients[:, i, j]
            c = c[np.abs(c) > 0.5 * step]
            if c.size == 0:
                continue
            rest = np.abs(c - step * np.rint(c / step))
            near = _peak(rest)
            if step < 4:  # what its neighbours' rounding adds
                near = near + _peak(step - rest)
            total += float(np.log(0.05 + 0.95 * near * step).sum())
            count += c.size
    return total / count if count >= FEWEST else 0.0


def _peak(rest: Floats) -> Floats:
    """Return the density of rounding, which is normal."""
    result: Floats = np.exp(rest * rest * (-0.5 / ROUNDING**2)) * (0.39894228 / ROUNDING)
    return result


def _origin(image: Floats) -> tuple[int, int]:
    """Return where blocks begin, from the jumps between pixels, which are largest between blocks."""
    place = []
    for axis in (0, 1):
        second = np.abs(np.diff(image, 3, axis=axis)).mean(axis=1 - axis)
        jump = np.array([second[k::SIDE].mean() for k in range(SIDE)])
        if jump.max() < JUMP * np.median(jump):
            return 0, 0
        place.append(int((np.argmax(jump) + 2) % SIDE))
    return place[0], place[1]
