"""Noise that a model is trained to remove: each turns clean patches into noisy ones and says their levels."""

from __future__ import annotations

import io
import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from divgrad.parameters import Declared, declared, parameter

Patches = NDArray[np.float32]


class Noise(Protocol):
    """What makes noise."""

    def __call__(self, clean: Patches, rng: np.random.Generator) -> tuple[Patches, Patches]:
        """Return noisy patches, and the standard deviation of the noise of each."""


def _levels(least: float, most: float, count: int, rng: np.random.Generator) -> Patches:
    """Return levels: a quarter spread evenly in logarithm, the others evenly."""
    even = rng.uniform(least, most, count)
    logarithmic = np.exp(rng.uniform(math.log(least), math.log(most), count))
    return np.where(rng.random(count) < 0.25, logarithmic, even).astype(np.float32)


@declared
class GaussianNoise(Declared):
    """White Gaussian noise, of a level drawn anew for each patch.

    Examples
    --------
    >>> noisy, sigma = GaussianNoise()(np.zeros((2, 1, 8, 8), np.float32), np.random.default_rng(0))
    >>> noisy.shape, sigma.shape
    ((2, 1, 8, 8), (2,))
    """

    least: float = parameter(
        "Smallest standard deviation", unit="image units", above=0, default=1.0
    )
    most: float = parameter("Largest standard deviation", unit="image units", above=0, default=75.0)

    def __call__(self, clean: Patches, rng: np.random.Generator) -> tuple[Patches, Patches]:
        """Return noisy patches, and the standard deviation of the noise of each."""
        sigma = _levels(self.least, self.most, len(clean), rng)
        noise = rng.standard_normal(clean.shape, np.float32)
        return clean + noise * sigma[:, None, None, None], sigma


@declared
class PoissonNoise(Declared):
    """Shot noise: brighter pixels are noisier; of a light drawn anew for each patch.

    Examples
    --------
    >>> noisy, sigma = PoissonNoise()(np.full((1, 1, 64, 64), 100, np.float32), np.random.default_rng(0))
    >>> bool(abs(noisy.std() / sigma[0] - 1) < 0.05)
    True
    """

    least: float = parameter("Fewest quanta at the grey value 255", above=0, default=4.0)
    most: float = parameter("Most quanta at the grey value 255", above=0, default=1000.0)

    def __call__(self, clean: Patches, rng: np.random.Generator) -> tuple[Patches, Patches]:
        """Return noisy patches, and the mean standard deviation of the noise of each."""
        quanta = np.exp(rng.uniform(math.log(self.least), math.log(self.most), len(clean))) / 255
        light = quanta[:, None, None, None]
        noisy = (rng.poisson(np.maximum(clean, 0) * light) / light).astype(np.float32)
        variance = np.maximum(clean.mean((1, 2, 3)), 1.0) / quanta
        return noisy, np.sqrt(variance).astype(np.float32)


@declared
class JPEGNoise(Declared):
    """What JPEG compression does, at a quality drawn anew for each patch: more often at a low one.

    Examples
    --------
    >>> ramp = np.tile(np.arange(0, 256, 8, dtype=np.float32), (1, 1, 32, 1))
    >>> noisy, sigma = JPEGNoise(10, 10)(ramp, np.random.default_rng(0))
    >>> bool(noisy.std() > 0), round(float(sigma[0]), 1)
    (True, 10.7)
    """

    least: float = parameter("Lowest quality", least=1, most=100, default=5.0)
    most: float = parameter("Highest quality", least=1, most=100, default=95.0)

    def __call__(self, clean: Patches, rng: np.random.Generator) -> tuple[Patches, Patches]:
        """Return compressed patches, and the level of each, as :func:`jpeg_level` counts it."""
        noisy, sigma = np.empty_like(clean), np.empty(len(clean), np.float32)
        logarithms = rng.uniform(math.log(self.least), math.log(self.most), len(clean))
        for n, logarithm in enumerate(logarithms):
            quality = round(math.exp(logarithm))
            for c, channel in enumerate(clean[n]):
                noisy[n, c], table = compressed(channel, quality)
            sigma[n] = jpeg_level(table)
        return noisy, sigma


def compressed(image: Patches, quality: int) -> tuple[Patches, NDArray[np.intp]]:
    """Return a grey image after JPEG compression, and the table of its steps, 8 x 8."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.clip(np.rint(image), 0, 255).astype(np.uint8)).save(
        file, "JPEG", quality=quality
    )
    opened: Any = Image.open(file)
    table = np.array(opened.quantization[0], np.intp).reshape(8, 8)
    return np.asarray(opened, np.float32), table


def jpeg_level(table: NDArray[Any]) -> float:
    r"""Return the usual standard deviation of what a JPEG of a photograph lost.

    .. math:: \sigma = 2 \, \bigl(\tfrac1{10} \textstyle\sum_{i + j < 4} q_{ij}\bigr)^{0.4}

    with the steps q of the low frequencies; within 6 % on photographs at qualities 5 to 80, a third too much at 95.

    >>> round(jpeg_level(np.full((8, 8), 14)), 2)
    5.75
    """
    i, j = np.indices((8, 8))
    return float(2.0 * np.asarray(table, np.float64)[i + j < 4].mean() ** 0.4)


#: By the names that the command line uses.
NOISES: dict[str, type[Declared]] = {
    "gaussian": GaussianNoise,
    "jpeg": JPEGNoise,
    "poisson": PoissonNoise,
}
