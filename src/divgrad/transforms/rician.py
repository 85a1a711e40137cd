"""Magnitudes of magnetic resonance: noise that never takes a value below zero."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from divgrad.parameters import declared, parameter
from divgrad.transforms.stabiliser import Curve, Floats, Image, Stabiliser

TOP = 22.0  # noise levels up to which the transform is a table; it goes on with slope 1
LONG = 14.0  # noise levels up to which the inverse is one
ROUNDS = 50  # leave the noise within 4 % of 1


@declared
class Rician(Stabiliser):
    r"""Make the noise of magnitude images the same in tissue and air.

    .. math:: y = \sqrt{(x + \sigma n_1)^2 + (\sigma n_2)^2}, \qquad z = f(y / \sigma)

    In air, x = 0, the mean of y is :math:`\sigma\sqrt{\pi/2}` and its noise is :math:`0.66\,\sigma`; far above
    the noise they are x and sigma. f is found by repeated division of its slope by the level of noise that it
    leaves, which is 1 within 4 % then. The inverse looks up :math:`E[z | x]`: air becomes 0 again.

    References
    ----------
    A. Foi, IEEE International Symposium on Biomedical Imaging, 1809-1814, 2011.

    Examples
    --------
    >>> transform = Rician(sigma=10.0)
    >>> noise = np.random.default_rng(0).normal(0.0, 10.0, (2, 100_000))
    >>> z = transform.forward(np.hypot(20.0 + noise[0], noise[1]))
    >>> print(f"noise {z.std():.2f}, inverse of the mean {transform.inverse(z.mean(keepdims=True))[0]:.0f}")
    noise 1.01, inverse of the mean 20
    """

    sigma: float = parameter(
        "Standard deviation of the noise of the real and of the imaginary part",
        unit="image units", above=0, example="12",
    )  # fmt: skip

    citation = "A. Foi, IEEE International Symposium on Biomedical Imaging, 1809-1814, 2011"

    def forward(self, image: Image) -> Image:
        """Return f(y / sigma)."""
        real = np.result_type(image, np.float32).type
        y = np.asarray(image, real) / real(self.sigma)
        table = _tables()
        beyond = np.maximum(y - real(TOP), real(0))
        z = np.interp(y.ravel(), table.values, table.means).astype(real).reshape(y.shape)
        return np.asarray(z + beyond)

    def inverse(self, mean: Image) -> Image:
        """Return the x of which f has this mean; 0 below all of them."""
        real = mean.dtype.type
        table = _tables()
        top = real(table.means[-1])
        y = table.curve(mean) + np.maximum(mean - top, real(0))
        far = np.sqrt(np.maximum(y * y - real(1), real(0)))
        x = np.where(mean < real(table.exact.end), table.exact(mean), far)
        return np.asarray(np.maximum(x, real(0)) * real(self.sigma))


@dataclass(frozen=True, eq=False)
class _Tables:
    """f over magnitudes, and the clean values over the mean of f."""

    values: Floats
    means: Floats
    exact: Curve

    @property
    def curve(self) -> Curve:
        """The magnitudes over f."""
        return Curve(self.means, self.values)


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    """Return f and its mean, in units of the noise; sums over the law of magnitudes."""
    from scipy.special import ive

    clean = np.linspace(0.0, LONG, 281)
    y = np.linspace(0.0, TOP, 1101)
    chances = y * np.exp(-0.5 * (y - clean[:, None]) ** 2) * ive(0, y * clean[:, None])
    chances /= chances.sum(axis=1, keepdims=True)
    likely = chances / np.maximum(chances.sum(axis=0), 1e-300)
    slope = np.ones_like(y)
    for n in range(ROUNDS + 1):
        steps = 0.5 * (slope[1:] + slope[:-1]) * (y[1] - y[0])
        f = np.concatenate([[0.0], np.cumsum(steps)])
        mean = chances @ f
        if n == ROUNDS:
            break
        level = np.sqrt(chances @ f**2 - mean**2)
        change = (likely / level[:, None]).sum(axis=0)
        change[0] = change[1]  # no magnitude is exactly zero
        slope *= np.where(y < LONG + 3.0, change, 1.0)
    return _Tables(y, f, Curve(mean, clean))
