"""Counts of photons, with or without the noise of the camera."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from divgrad.parameters import declared, parameter
from divgrad.transforms.stabiliser import Curve, Image, Stabiliser

LONG = 120.0  # photons: above, the series is exact to 1e-3 of the noise
GAUSSIAN = 6.0  # camera noise in photons from which on the series is exact everywhere
REACH = 8.0  # standard deviations of the camera noise that count


@declared
class Anscombe(Stabiliser):
    r"""Make photon noise the same in dark and bright places.

    .. math:: y = g\,P(x / g) + o + \sigma n, \qquad
              z = 2 \sqrt{\max\Bigl(0, \frac{y - o}{g} + \frac38 + \frac{\sigma^2}{g^2}\Bigr)}

    P are Poisson counts, n is standard normal; z has noise of standard deviation 1, but for the darkest places, of
    one or two photons. The inverse looks up :math:`E[z | x]`, summed over all counts and all camera noise. A mixture,
    :math:`(1 - \lambda) x + \lambda y`, is taken for counts of gain :math:`\lambda^2 g`, whose mean and variance it
    has; the sums are over its own law.

    References
    ----------
    F. J. Anscombe, Biometrika 35:246-254, 1948; M. Makitalo, A. Foi, IEEE TIP 20:99-109, 2011 and 22:91-103, 2013.

    Examples
    --------
    >>> transform = Anscombe()
    >>> z = transform.forward(np.random.default_rng(0).poisson(3.0, 100_000))
    >>> print(f"noise {z.std():.1f}, inverse of the mean {transform.inverse(z.mean(keepdims=True))[0]:.2f}")
    noise 1.0, inverse of the mean 3.00
    """

    gain: float = parameter("Grey values per photon", unit="image units", above=0, default=1.0)
    offset: float = parameter("Grey value without light", unit="image units", default=0.0)
    sigma: float = parameter(
        "Standard deviation of the camera's own noise", unit="image units", least=0, default=0.0
    )
    share: float = parameter("Share of the noisy image in a mixture", above=0, most=1, default=1.0)

    citation = "M. Makitalo, A. Foi, IEEE TIP 22:91-103, 2013"

    @property
    def step(self) -> float:
        """Grey values per photon that variance and mean of a mixture tell."""
        return self.gain * self.share**2

    @property
    def camera(self) -> float:
        """The camera's noise in such photons."""
        return self.sigma * self.share / self.step

    def check(self, image: Image) -> None:
        """Raise ImageError where counts are negative though the camera makes no noise."""
        if self.sigma == 0.0:
            super().check(image - image.dtype.type(self.offset))

    def forward(self, image: Image) -> Image:
        """Return z."""
        real = np.result_type(image, np.float32).type
        shift = real(0.375 + self.camera**2 - self.offset / self.step)
        return np.asarray(2 * np.sqrt(np.maximum(image / real(self.step) + shift, real(0))))

    def inverse(self, mean: Image) -> Image:
        """Return the x of which z has this mean; 0 photons below all of them."""
        real = mean.dtype.type
        beside = real(-0.125 - self.camera**2)
        if self.camera < GAUSSIAN:
            curve = _curve(round(self.camera, 6), self.share)
            least, end = real(curve.means[0]), real(curve.end)
            mean = np.maximum(mean, least)
            beside = np.where(mean < end, curve(mean), beside)
        photons = np.maximum(mean * mean / real(4) + beside, real(0))
        return np.asarray(photons * real(self.step) + real(self.offset))

    def averaged(self, count: float) -> Stabiliser:
        """Return the transform for more photons for a grey value."""
        return replace(self, gain=self.gain / count, sigma=self.sigma / count**0.5)

    def mixed(self, share: float) -> Stabiliser:
        """Return the transform for a mixture with the clean image."""
        return replace(self, share=share)


@lru_cache(maxsize=64)
def _curve(camera: float, share: float) -> Curve:
    """Return photons - (mean of z)^2 / 4 over that mean: sums over counts and over the camera's noise."""
    from scipy.special import gammaln

    photons = np.concatenate([[0.0], np.geomspace(1e-4, LONG, 128)])
    light = photons[:, None] * share**2  # before the mixture
    most = LONG * share**2
    counts = np.arange(int(most + 10 * np.sqrt(most) + 10))
    clean = light if share < 1 else light[:1]  # of no weight then: one row will do
    values = ((1 - share) * clean + share * counts) / share**2 + 0.375 + camera**2
    if camera > 0:
        noise = np.linspace(-REACH, REACH, 65 if share < 1 else 257)
        weights = np.exp(-0.5 * noise**2)
        values = np.maximum(values[..., None] + camera * noise, 0)
        z = 2 * np.sqrt(values) @ (weights / weights.sum())
    else:
        z = 2 * np.sqrt(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        chances = np.exp(counts * np.log(light) - light - gammaln(counts + 1.0))
    chances[0] = counts == 0
    means = (chances * z).sum(axis=1)
    return Curve(means, photons - means**2 / 4)
