"""Speckle: noise in proportion to the grey value."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from divgrad.parameters import declared, parameter
from divgrad.transforms.stabiliser import Image, Stabiliser

QUANTILES = 4096  # of the gamma law: means are exact to 1e-4


@declared
class Logarithm(Stabiliser):
    r"""Make speckle the same in dark and bright places.

    .. math:: y = x\,\Gamma_L / L, \qquad z = \ln y, \qquad
              E[z|x] = \ln x + \psi(L) - \ln L, \qquad \mathrm{Var}[z] = \psi'(L)

    L is the number of looks of an intensity (:math:`\Gamma_L` is of the gamma law of that shape), psi the digamma
    function: the mean of logarithms is too dark by :math:`\psi(L) - \ln L`, -0.58 for one look, and the inverse
    puts that back. Of a mixture, :math:`(1 - \lambda) x + \lambda y`, mean and variance are summed over the gamma law.

    References
    ----------
    H. Xie, L. E. Pierce, F. T. Ulaby, IEEE TGRS 40:721-727, 2002.

    Examples
    --------
    >>> transform = Logarithm(looks=1.0)
    >>> z = transform.forward(50.0 * np.random.default_rng(0).gamma(1.0, size=100_000))
    >>> print(f"noise {z.std() / transform.deviation:.2f}, inverse {transform.inverse(z.mean(keepdims=True))[0]:.0f}")
    noise 1.00, inverse 50
    """

    looks: float = parameter(
        "Number of independent looks that were averaged: mean squared over variance in an even place",
        above=0, example="4",
    )  # fmt: skip

    share: float = parameter("Share of the noisy image in a mixture", above=0, most=1, default=1.0)

    citation = "H. Xie, L. E. Pierce, F. T. Ulaby, IEEE TGRS 40:721-727, 2002"

    @property
    def deviation(self) -> float:
        """Standard deviation of the noise after it, of the unmixed image the root of the trigamma function."""
        return _law(self.looks, self.share)[1]

    @property
    def bias(self) -> float:
        """How much the mean of logarithms lies above the logarithm of the mean, <= 0."""
        return _law(self.looks, self.share)[0]

    def forward(self, image: Image) -> Image:
        """Return the logarithm; zeros, which rounding makes, count as half the least positive value."""
        real = np.result_type(image, np.float32).type
        positive = image[image > 0]
        if positive.size == 0:
            return np.zeros(image.shape, real)
        least = real(positive.min())
        return np.asarray(np.log(np.maximum(image.astype(real, copy=False), least / 2)))

    def inverse(self, mean: Image) -> Image:
        """Return the x of which z has this mean."""
        return np.asarray(np.exp(mean - mean.dtype.type(self.bias)))

    def averaged(self, count: float) -> Stabiliser:
        """Return the transform for more looks."""
        return replace(self, looks=self.looks * count)

    def mixed(self, share: float) -> Stabiliser:
        """Return the transform for a mixture with the clean image."""
        return replace(self, share=share)


@lru_cache(maxsize=64)
def _law(looks: float, share: float) -> tuple[float, float]:
    """Return mean and standard deviation of ln(1 - share + share gamma)."""
    from scipy.special import digamma, gammaincinv, polygamma

    if share == 1.0:
        return float(digamma(looks) - np.log(looks)), float(np.sqrt(polygamma(1, looks)))
    middles = (np.arange(QUANTILES) + 0.5) / QUANTILES
    z = np.log1p(share * (gammaincinv(looks, middles) / looks - 1.0))
    return float(z.mean()), float(z.std())
