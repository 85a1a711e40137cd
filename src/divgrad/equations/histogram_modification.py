"""Equalised contrast, by a flow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.kernels.ranks import Spread, draw, spread
from divgrad.operators import Arrange, Bands, Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class HistogramModification(Equation):
    r"""Spread grey values until all are equally frequent: stop early for some of it, late for all.

    .. math:: \partial_t u(x) = r \, \Bigl( a + (b - a) \, \frac{|\{u < u(x)\}| + \frac12 |\{u = u(x)\}|}{|\Omega|}
        - u(x) \Bigr)

    from a, low, to b, high. The order of grey values is kept; at the time t a part 1 - exp(-r t) of the way
    to full equalisation is made. Added to a diffusion by :class:`~divgrad.Sum`, it raises contrast while that
    removes the noise which would be raised with it. Each channel for itself. Ranks are found
    with a histogram of 4,096 bins, within which they are interpolated.

    Raises
    ------
    ParameterError
        If low is not below high.

    References
    ----------
    G. Sapiro, V. Caselles, Journal of Differential Equations 135:238-268, 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import HistogramModification, Time, evolve
    >>> dark = np.array([0.0, 1.0, 2.0, 4.0, 100.0])
    >>> evolve(dark, HistogramModification(), until=Time(20.0)).u.round().tolist()
    [10.0, 30.0, 50.0, 70.0, 90.0]
    """

    rate: float = parameter("How fast", unit="per time", above=0, default=1.0)
    low: float | None = parameter(
        "Grey value of the darkest; None: as in the first image",
        unit="image units", optional=True, default=None,
    )  # fmt: skip
    high: float | None = parameter(
        "Grey value of the brightest; None: as in the first image",
        unit="image units", optional=True, default=None,
    )  # fmt: skip

    citation = "G. Sapiro, V. Caselles, Journal of Differential Equations 135:238-268, 1997"
    bound_lasts = True

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ParameterError(
                f"HistogramModification: low must be < high; got {self.low:g} and {self.high:g}"
            )

    @property
    def exemptions(self) -> dict[str, str]:  # type: ignore[override]
        """The mean, and what a fixed range does not keep."""
        own = dict.fromkeys(
            ("shift", "negative"), "equal grey values share a rank, until rounding parts them"
        )
        own |= {
            f"{axiom} with {scheme}": "rounding of a solver parts pixels that mirror each other, and their ranks"
            for axiom in ("flip", "turn")
            for scheme in ("Implicit", "CoarseToFine")
        }
        own["mean"] = "ranks decide on grey values, whatever their mean"
        if self.low is not None or self.high is not None:
            own |= dict.fromkeys(("constant", "range"), "the range to be filled is fixed")
        return own

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with the range to be filled."""
        return _Spreading(self, spread(u, self.low, self.high))

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return r (goal - .)."""
        return _Spreading(self, spread(u, self.low, self.high)).operator(u, t, grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 2 r: a step of 2 / bound goes to the end, and not beyond."""
        return 2.0 * self.rate


class _Spreading(Equation):
    """The flow with the range to be filled at hand."""

    citation = HistogramModification.citation
    bound_lasts = True

    def __init__(self, flow: HistogramModification, to: Spread) -> None:
        self.rate, self.to = float(flow.rate), to

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        return _Drawn(self.rate, draw(u, self.to, 1.0, grid))

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        return 2.0 * self.rate

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        for tau in taus:
            u = draw(u, self.to, tau * self.rate, grid)
        return u


_Spreading.__name__ = HistogramModification.__name__  # messages name the flow that was asked for


class _Drawn(Operator):
    """v -> rate (goal - v), pixel by pixel."""

    symmetric = True

    def __init__(self, rate: float, goal: Image) -> None:
        self.rate, self.goal = rate, goal
        self.inflow = goal.dtype.type(rate) * goal

    def bound(self) -> float:
        return 2.0 * self.rate

    def axpy(self, tau: float, v: Image) -> Image:
        step = self.goal - v
        step *= v.dtype.type(tau * self.rate)
        step += v
        return step

    def bands(self, axis: int) -> Bands:
        none = np.zeros(self.goal.shape[1:], self.goal.dtype)
        return Bands(none, np.full_like(none, -self.rate / none.ndim), none)
