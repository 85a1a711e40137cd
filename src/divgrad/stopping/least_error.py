"""Rules that know the error without the clean image: something whose fate is known goes through the same flow."""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.reductions import moments
from divgrad.operators import Image
from divgrad.parameters import declared, parameter
from divgrad.stopping.rules import Beside, Stop, Verdict, Watch

PROBE = 0.05  # of the noise: small beside it, large beside rounding
SIGMA = "Standard deviation of the noise"


@declared
class LeastError(Stop):
    r"""Stop when the expected error is least, told without the clean image.

    .. math:: \frac1N E\|u_t - x\|^2 = \frac1N E\|u_0 - u_t\|^2 - \sigma^2
              + \frac{2 \sigma^2}{N} E\,\mathrm{div}_{u_0} u_t

    The divergence, how much of a disturbance of the first image is left, is seen on an image disturbed a little,
    which is evolved beside: twice the work. White Gaussian noise of a known level is assumed.

    References
    ----------
    C. M. Stein, Annals of Statistics 9:1135-1151, 1981; S. Ramani, T. Blu, M. Unser, IEEE TIP 17:1540-1554, 2008.

    Examples
    --------
    >>> from divgrad import PeronaMalik, evolve
    >>> clean = np.where(np.arange(64) < 32, 50.0, 150.0) * np.ones((64, 1))
    >>> noisy = clean + np.random.default_rng(0).normal(0, 20, clean.shape)
    >>> solution = evolve(noisy, PeronaMalik(15.0), until=LeastError(20.0))
    >>> bool((solution.u - clean).std() < 5.0), solution.reason.partition(":")[0]
    (True, 'the expected error is least')
    """

    sigma: float = parameter(SIGMA, unit="image units", above=0, example="12")

    citation = "S. Ramani, T. Blu, M. Unser, IEEE TIP 17:1540-1554, 2008"

    def watch(self, u0: Image, grid: Grid) -> Watch:
        """Watch the expected error."""
        return _DisturbedWatch(float(self.sigma), u0, grid)


@declared
class SignalToNoise(Stop):
    r"""Stop when the ratio of signal to noise is highest, as far as pure noise tells that flows alike.

    .. math:: \frac{d}{dt} \mathrm{var}(u_0 - u_t) = 2 \frac{d}{dt} \mathrm{cov}(n, n - n_t)

    n is noise of the same level that is evolved beside. Near edges noise flows less than it does alone;
    :class:`LeastError` sees that.

    References
    ----------
    G. Gilboa, N. Sochen, Y. Y. Zeevi, IEEE TIP 15:2269-2280, 2006.
    """

    sigma: float = parameter(SIGMA, unit="image units", above=0, example="12")

    citation = "G. Gilboa, N. Sochen, Y. Y. Zeevi, IEEE TIP 15:2269-2280, 2006"

    def watch(self, u0: Image, grid: Grid) -> Watch:
        """Watch the variance of what was removed."""
        return _NoiseWatch(float(self.sigma), u0, grid)


class _ErrorWatch(Watch):
    """Stops at the first minimum of an expected error."""

    every_step = True

    def __init__(self, sigma: float, u0: Image, grid: Grid) -> None:
        self.sigma, self.u0, self.grid = sigma, u0, grid
        self.random = np.random.Generator(np.random.Philox(key=0))
        self.least = math.inf
        self.begin()

    @abstractmethod
    def begin(self) -> None:
        """Make what is evolved beside."""

    @abstractmethod
    def left_of_noise(self, u: Image) -> float:
        """Return the covariance of the noise and u, in units of its variance."""

    def look(self, t: float, u: Image, step: int) -> Verdict | None:
        removed = moments(self.u0, u, self.grid).apart
        now = removed + self.sigma**2 * (2.0 * self.left_of_noise(u) - 1.0)
        if now > self.least:
            error = math.sqrt(max(self.least, 0.0))
            return Verdict(f"the expected error is least: {error:.3g}", part=0.0)
        self.least = now
        return None


class _DisturbedWatch(_ErrorWatch):
    def begin(self) -> None:
        self.signs = (2 * self.random.integers(0, 2, self.u0.shape) - 1).astype(self.u0.dtype)
        self.size = PROBE * self.sigma
        self.disturbed = Beside(self.u0 + self.u0.dtype.type(self.size) * self.signs)
        self.beside = (self.disturbed,)

    def left_of_noise(self, u: Image) -> float:
        return moments(self.signs, self.disturbed.u - u, self.grid).uv / self.size


class _NoiseWatch(_ErrorWatch):
    def begin(self) -> None:
        noise = self.random.standard_normal(self.u0.shape).astype(self.u0.dtype)
        self.noise = noise * self.u0.dtype.type(self.sigma)
        self.alone = Beside(self.noise)
        self.beside = (self.alone,)

    def left_of_noise(self, u: Image) -> float:
        return moments(self.noise, self.alone.u, self.grid).uv / self.sigma**2
