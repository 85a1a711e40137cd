"""Randomness, seeded: of the first image, or of every step."""

from __future__ import annotations

import math

import numpy as np

from divgrad.operators import Image
from divgrad.parameters import Declared, Varying, declared, parameter


@declared
class Perturbation(Declared):
    r"""Add Gaussian noise to the image an evolution begins with, and to every step of it.

    .. math:: du = A(u) u \, dt + \rho \, dW

    The same seed gives the same bits, with any number of threads.

    References
    ----------
    G. Maruyama, Rendiconti del Circolo Matematico di Palermo 4:48-90, 1955.
    """

    initial: float = parameter(
        "Standard deviation of the noise added to the first image", unit="image units", least=0,
        default=0.0,
    )  # fmt: skip
    rate: Varying = parameter(
        "Standard deviation of the noise added per square root of unit time",
        unit="image units per length", least=0, varies=True, default=0.0,
    )  # fmt: skip
    seed: int = parameter("Seed of the random numbers", kind=int, least=0, most=2**63, default=0)

    def begin(self, u: Image) -> Image:
        """Return the first image with its noise."""
        return self._add(u, float(self.initial), 0)

    def disturb(self, u: Image, t: float, tau: float, step: int) -> Image:
        """Return the image after the step of length tau that began at t, with its noise."""
        return self._add(u, float(self.at("rate", t)) * math.sqrt(tau), step)

    @property
    def lasts(self) -> bool:
        """Whether steps are disturbed too."""
        return callable(self.rate) or self.rate > 0

    def _add(self, u: Image, sigma: float, step: int) -> Image:
        if sigma == 0.0:
            return u
        key = np.array([int(self.seed), step], np.uint64)
        generator = np.random.Generator(np.random.Philox(key=key))
        noise = generator.standard_normal(u.shape, dtype=u.dtype.type)
        noise *= u.dtype.type(sigma)
        noise += u
        return noise
