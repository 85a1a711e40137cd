"""Any flow, held by data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from divgrad.equations.wrapped import WrappedOperator, Wrapper
from divgrad.grid import Grid
from divgrad.operators import Arrange, Bands, Equation, Image, Operator, Reduced
from divgrad.parameters import Varying, declared, parameter

#: (image, data) -> how strongly each pixel is pulled, (1, *space): the residual is multiplied by it.
Penalty = Callable[[Image, Image], Any]


def quadratic(u: Image, data: Image) -> Any:
    """Pull in proportion to the residual (L2): for Gaussian noise.

    >>> float(quadratic(np.zeros((1, 2)), np.ones((1, 2))))
    1.0
    """
    return u.dtype.type(1.0)


def absolute(smoothing: float) -> Penalty:
    """Pull with the same strength however large the residual (L1, Huber's smoothing): for outliers.

    Parameters
    ----------
    smoothing
        Residual, in image units, below which the pull falls to zero.

    >>> float(absolute(1.0)(np.zeros((1, 1)), np.array([[10.0]]))[0, 0]) * 10
    1.0
    """

    def penalty(u: Image, data: Image) -> Any:
        residual = np.sqrt(np.square(data - u).sum(axis=0, keepdims=True))
        return 1.0 / np.maximum(residual, residual.dtype.type(smoothing))

    return penalty


def poisson(least: float) -> Penalty:
    """Pull in inverse proportion to the grey value, as the variance of counts demands.

    Parameters
    ----------
    least
        Grey value, in image units, below which it is taken for this.

    >>> float(poisson(0.5)(np.full((1, 1), 4.0), np.ones((1, 1)))[0, 0])
    0.25
    """

    def penalty(u: Image, data: Image) -> Any:
        mean = u.mean(axis=0, keepdims=True, dtype=u.dtype)
        return 1.0 / np.maximum(mean, u.dtype.type(least))

    return penalty


@declared
class Fidelity(Wrapper):
    r"""Let an image flow, but hold it near data: the two come to a balance that does not fade away.

    .. math:: \partial_t u = F(u) + \lambda \, w(u, f) \, (f - u)

    Raises
    ------
    ImageError
        If the data are not of the image's shape, or not finite.

    References
    ----------
    K. N. Nordstrom, Image and Vision Computing 8:318-327, 1990. L1: T. F. Chan, S. Esedoglu, SIAM J. Applied
    Mathematics 65:1817-1837, 2005. Poisson: T. Le, R. Chartrand, T. J. Asaki, JMIV 27:257-263, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Fidelity, Heat, SteadyState, evolve
    >>> evolve(np.array([0.0, 0.0, 8.0]), Fidelity(Heat(), weight=1.0), until=SteadyState(1e-9)).u.round(2)
    array([1., 2., 5.])
    """

    flow: Equation = parameter("How grey value flows", kind=object)
    weight: Varying = parameter(
        "How strongly data pull", unit="per length squared", least=0, varies=True, example="0.1"
    )  # fmt: skip
    data: Any = parameter(
        "Image that pulls; None: the one at the beginning", array=True, optional=True, default=None
    )
    penalty: Penalty = parameter(
        "What the residual costs: quadratic, absolute(smoothing) or poisson(least)",
        kind=object, default=quadratic,
    )  # fmt: skip

    citation = "K. N. Nordstrom, Image and Vision Computing 8:318-327, 1990"

    @property
    def exemptions(self) -> dict[str, str]:  # type: ignore[override]
        """Those of the flow, and the mean where data do not keep it."""
        own = {"mean": "data pull it to their own"}
        if self.penalty is not quadratic:
            own |= {"spacing": "the pull is in image units", "shift": "", "negative": ""}
            own = {
                name: reason or "the pull depends on grey values" for name, reason in own.items()
            }
        keeps = self.penalty is quadratic and self.data is None
        return dict(self.flow.exemptions) | ({} if keeps else own)

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with its data at hand."""
        data = u if self.data is None else arrange(self.data, "data")
        return replace(self, flow=self.flow.begin(u, grid, arrange), data=data)

    def reduced(self, u: Image, shrink: Callable[[Image], Image]) -> Reduced:
        """Return it with its data on fewer pixels, too."""
        flow = self.flow.reduced(u, shrink).equation
        return Reduced(replace(self, flow=flow, data=shrink(self.data)), shrink(u))

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return A - r, with r f flowing in."""
        rate = u.dtype.type(self.at("weight", t)) * self.penalty(u, self.data)
        return Pulled(self.flow.operator(u, t, grid), np.asarray(rate, u.dtype), self.data)


class Pulled(WrappedOperator):
    """v -> A v + b + r (f - v)."""

    def __init__(self, inner: Operator, rate: Image, data: Image) -> None:
        super().__init__(inner)
        self.rate, self.data = rate, data
        pull = rate * data
        self.inflow = pull if inner.inflow is None else inner.inflow + pull

    def bound(self) -> float:
        """Return that of A and twice the rate."""
        # Twice the rate: a step of 2 / bound may pull to the data, and not beyond.
        return self.inner.bound() + 2.0 * float(self.rate.max())

    def axpy(self, tau: float, v: Image) -> Image:
        """Return v + tau (A v + b + r (f - v))."""
        step = self.inner.axpy(tau, v)
        pull = self.data - v
        pull *= v.dtype.type(tau) * self.rate
        step += pull
        return step

    @property
    def has_resolvent(self) -> bool:
        """Where the flow has, and all pixels are pulled alike."""
        return self.rate.ndim == 0 and self.inner.has_resolvent

    def resolvent(self, tau: float, v: Image, iterations: int) -> Image:
        """Return the implicit step: a shorter one of the flow, from a mean of v and the data."""
        part = 1.0 / (1.0 + tau * float(self.rate))
        start = v.dtype.type(part) * v
        start += v.dtype.type(1.0 - part) * self.data
        return self.inner.resolvent(tau * part, start, iterations)

    def bands(self, axis: int) -> Bands:
        """Return those of A, the rate dealt out to the axes."""
        bands = self.whole_bands(axis)
        assert bands.diagonal is not None
        rate = self.rate if self.rate.ndim == 0 else self.rate[0]
        part = rate / bands.diagonal.dtype.type(bands.diagonal.ndim)
        return replace(bands, diagonal=bands.diagonal - part)
