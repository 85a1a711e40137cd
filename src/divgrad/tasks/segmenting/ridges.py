"""How much each pixel looks like part of a dark line: line-shaped second derivatives, and what lies along.

All filters are heat flows with a constant diffusion tensor, one for each direction and long along it; they are
applied as products of Fourier transforms, of the image mirrored at its borders.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.grid import Grid
from divgrad.kernels.presmoothing import smooth
from divgrad.operators import Image

DIRECTIONS = 12
# In widths of a line: standard deviations across, along, along what has been found, and of mere darkness.
ACROSS, ALONG, FURTHER, FINE = (0.375, 0.625), 1.5, 2.0, 0.25
BRIGHT = (
    1.0  # what is brighter than the ground by more of its noise is cut: no rims of bright spots
)
DARK = 0.8  # weight of mere darkness
BESIDE = 0.25  # of the strongest within a width
MARGIN = 6.0  # widths of a line that are mirrored


def ridges(below: Image, inside: NDArray[Any], width: float, grid: Grid) -> NDArray[Any]:
    """Return how many times the noise of line-shaped filters each pixel stands out as part of a line.

    Parameters
    ----------
    below
        Image less its ground, ``(1, row, col)``; lines are negative.
    inside
        Where to look; the image goes on smoothly outside.
    width
        Width of the lines, in units of length.
    grid
        Where the pixels are.
    """
    noise = 1.4826 * float(np.median(np.abs(below[0][inside])))
    if noise == 0.0:
        return np.zeros(below.shape[1:], below.dtype)
    cut = np.minimum(below[0], below.dtype.type(BRIGHT * noise))
    waves = Waves(cut.shape, MARGIN * width, grid, cut.dtype)
    image = waves.forth(cut)
    best = [np.full(cut.shape, -np.inf, cut.dtype) for _ in ACROSS]
    further = np.zeros_like(cut)
    spread = []
    for n in range(DIRECTIONS):
        angle = math.pi * n / DIRECTIONS
        both = np.zeros_like(cut)
        for s, most in zip(ACROSS, best, strict=True):
            shape = waves.flow(angle, (s * width) ** 2, (ALONG * width) ** 2, second=True)
            found = waves.back(image * shape)
            np.maximum(most, found, out=most)
            both += found
        spread.append(float(np.median(np.abs(both[inside]))))
        shape = waves.flow(angle, (0.125 * width) ** 2, (FURTHER * width) ** 2)
        found = waves.back(waves.forth(np.maximum(both, 0)) * shape)
        np.maximum(further, found, out=further)
    dark = -smooth(cut[None], FINE * width, grid)[0]
    total = best[0] + best[1] + further + cut.dtype.type(DARK) * dark
    return np.asarray(total / cut.dtype.type(1.4826 * np.mean(spread)))


class Waves:
    """Fourier transforms of images of one shape, mirrored over a margin."""

    def __init__(self, shape: tuple[int, ...], margin: float, grid: Grid, dtype: Any) -> None:
        from scipy.fft import next_fast_len

        self.shape = shape
        self.margin = [
            min(math.ceil(margin / h), n) for h, n in zip(grid.spacing, shape, strict=True)
        ]
        self.size = tuple(
            next_fast_len(n + 2 * m, True) for n, m in zip(shape, self.margin, strict=True)
        )
        y = np.fft.fftfreq(self.size[0], grid.spacing[0] / (2 * math.pi))
        x = np.fft.rfftfreq(self.size[1], grid.spacing[1] / (2 * math.pi))
        self.y, self.x = y[:, None].astype(dtype), x.astype(dtype)

    def forth(self, u: NDArray[Any]) -> NDArray[Any]:
        """Return the transform."""
        from scipy.fft import rfft2

        mirrored = np.pad(u, [(m, m) for m in self.margin], mode="symmetric")
        return np.asarray(rfft2(mirrored, self.size))

    def back(self, waves: NDArray[Any]) -> NDArray[Any]:
        """Return the image of a transform."""
        from scipy.fft import irfft2

        inside = tuple(slice(m, m + n) for m, n in zip(self.margin, self.shape, strict=True))
        return np.asarray(irfft2(waves, self.size)[inside])

    def flow(self, angle: float, across: float, along: float, second: bool = False) -> NDArray[Any]:
        """Return the transform of a Gaussian of these variances, or its second derivative across times ``across``."""
        u = self.y * self.y.dtype.type(math.sin(angle)) + self.x * self.x.dtype.type(
            math.cos(angle)
        )
        v = self.y * self.y.dtype.type(math.cos(angle)) - self.x * self.x.dtype.type(
            math.sin(angle)
        )
        v *= v * v.dtype.type(across)
        gauss = np.exp(v.dtype.type(-0.5) * (v + u * u * u.dtype.type(along)))
        return np.asarray(v * gauss * gauss.dtype.type(-1.0) if second else gauss)


def linked(
    strength: NDArray[Any], threshold: float, length: float, width: float, grid: Grid
) -> NDArray[Any]:
    """Return numbered networks of what is strong enough, parts of them 1.5 times, and that are long.

    Beside a strong line a pixel needs a part of its strength: else lines of high contrast become broad.
    """
    from scipy.ndimage import find_objects, label, maximum_filter

    reach = [2 * round(width / h) + 1 for h in grid.spacing]
    x = strength > np.maximum(threshold, BESIDE * maximum_filter(strength, reach))
    labels, count = label(x, np.ones((3, 3)))
    sure = np.bincount(labels[x & (strength > 1.5 * threshold)], minlength=count + 1) > 0
    keep = np.zeros(count + 1, bool)
    for number, box in enumerate(find_objects(labels), 1):
        extent = [(part.stop - part.start) * h for part, h in zip(box, grid.spacing, strict=True)]
        keep[number] = sure[number] and math.hypot(*extent) >= length
    return np.asarray((np.cumsum(keep) * keep).astype(np.int32)[labels])
