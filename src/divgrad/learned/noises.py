"""Noise that a model is trained to remove: each turns clean patches into noisy ones and says their levels."""

from __future__ import annotations

import math
from typing import Protocol

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


#: By the names that the command line uses.
NOISES: dict[str, type[Declared]] = {"gaussian": GaussianNoise, "poisson": PoissonNoise}
