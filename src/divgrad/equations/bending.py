"""Any diffusion, of fourth order."""

from __future__ import annotations

from dataclasses import replace

from divgrad.equations.wrapped import WrappedOperator, Wrapper
from divgrad.errors import SchemeError
from divgrad.grid import Grid
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class Bending(Wrapper):
    r"""Smooth as a thin plate gives way, which resists being bent and not being sloped; a flow says where it is stiff.

    .. math:: \partial_t u = -s^2 A(A \, u), \quad \text{where the flow is} \quad \partial_t u = A \, u

    Of :class:`~divgrad.Heat` this is biharmonic flow. Of a flow along edges, such as
    :class:`~divgrad.EdgeEnhancing`, the plate is stiff along edges and gives way across them: with
    :class:`~divgrad.Masked` it fills holes with ramps that go on, and edges that do. There is no maximum principle at
    fourth order: near edges values overshoot a little.

    Raises
    ------
    SchemeError
        If the flow is no linear operator with real eigenvalues, or something flows in.

    References
    ----------
    Biharmonic filling: T. F. Chan, S. H. Kang, JMIV 26:85-103, 2006. Along edges: J. Weickert, M. Welk,
    Visualization and Processing of Tensor Fields, Springer, 2006, 315-325.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Bending, Heat, Masked, Time, evolve
    >>> hole = np.array([False, False, True, True, False, False, False])
    >>> ramp = np.where(hole, 2.0, np.arange(7.0))
    >>> evolve(ramp, Masked(Bending(Heat()), hole), until=Time(50.0)).u[2:4].round(3)
    array([2., 3.])
    """

    flow: Equation = parameter("The flow that acts twice", kind=object)
    scale: float = parameter(
        "Length s at which it smooths as fast as the flow: a wave's length / 2 pi",
        unit="length units", above=0, default=1.0,
    )  # fmt: skip

    citation = "T. F. Chan, S. H. Kang, JMIV 26:85-103, 2006"

    @property
    def bound_lasts(self) -> bool:  # type: ignore[override]
        """Whether the flow's does."""
        return self.flow.bound_lasts

    @property
    def exemptions(self) -> dict[str, str]:  # type: ignore[override]
        """Those of the flow, and the range."""
        return dict(self.flow.exemptions) | {
            "range": "flows of fourth order have no maximum principle"
        }

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with the flow begun."""
        return replace(self, flow=self.flow.begin(u, grid, arrange))

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return -s^2 A A."""
        return _Bent(self.flow.operator(u, t, grid), self.flow, self.scale**2)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return s^2 times the square of the flow's."""
        return self.scale**2 * self.flow.bound(u, t, grid) ** 2


class _Bent(WrappedOperator):
    """v -> -factor A A v."""

    def __init__(self, inner: Operator, flow: Equation, factor: float) -> None:
        if not (inner.linear and inner.real_spectrum) or inner.inflow is not None:
            raise SchemeError(
                f"Bending needs a linear diffusion such as Heat() or EdgeEnhancing(); {type(flow).__name__} is none"
            )
        super().__init__(inner)
        self.factor = factor
        self.symmetric = inner.symmetric

    @property
    def has_bands(self) -> bool:
        """Neighbours of neighbours are coupled too."""
        return False

    def bound(self) -> float:
        return self.factor * self.inner.bound() ** 2

    def axpy(self, tau: float, v: Image) -> Image:
        bound = self.inner.bound()
        unit = 1.0 / bound if bound > 0.0 else 1.0
        once = self.inner.axpy(unit, v)
        once -= v
        twice = self.inner.axpy(unit, once)
        twice -= once
        twice *= v.dtype.type(-tau * self.factor / unit**2)
        twice += v
        return twice
