"""Several flows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from divgrad.equations.wrapped import WrappedOperator, whole
from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.operators import Arrange, Bands, Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class Sum(Equation):
    r"""Let several flows act at the same time.

    .. math:: \partial_t u = F_1(u) + F_2(u) + \dots

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Heat, PeronaMalik, Steps, Sum, evolve
    >>> both = Sum([PeronaMalik(contrast=5.0), Heat(diffusivity=0.1)])
    >>> evolve(np.eye(4), both, until=Steps(2)).steps
    2
    """

    flows: Sequence[Equation] = parameter("The flows", kind=object)

    def __post_init__(self) -> None:
        flows = tuple(self.flows) if isinstance(self.flows, Sequence) else ()
        if not flows or not all(isinstance(flow, Equation) for flow in flows):
            raise ParameterError(f"Sum needs a list of equations; got {self.flows!r:.60}")
        object.__setattr__(self, "flows", flows)

    @property
    def complex_valued(self) -> bool:  # type: ignore[override]
        """Whether any flow's images are complex."""
        return any(flow.complex_valued for flow in self.flows)

    @property
    def exemptions(self) -> dict[str, str]:  # type: ignore[override]
        """Those of all flows."""
        return {name: why for flow in self.flows for name, why in flow.exemptions.items()}

    def varies(self) -> bool:
        """Whether any flow has a parameter that is a function of time."""
        return any(flow.varies() for flow in self.flows)

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with all flows begun."""
        return replace(self, flows=tuple(flow.begin(u, grid, arrange) for flow in self.flows))

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return the sum of the operators."""
        return _Summed([flow.operator(u, t, grid) for flow in self.flows])


class _Summed(WrappedOperator):
    """v -> A_1 v + A_2 v + ..."""

    def __init__(self, parts: Sequence[Operator]) -> None:
        super().__init__(parts[0])
        self.parts = parts
        self.linear = all(part.linear for part in parts)
        self.symmetric = all(part.symmetric for part in parts)
        self.real_spectrum = all(part.real_spectrum for part in parts)
        for part in parts[1:]:
            if part.inflow is not None:
                self.inflow = part.inflow if self.inflow is None else self.inflow + part.inflow

    @property
    def has_bands(self) -> bool:
        """Whether all parts have."""
        return all(part.has_bands for part in self.parts)

    def bound(self) -> float:
        return sum(part.bound() for part in self.parts)

    def axpy(self, tau: float, v: Image) -> Image:
        step = self.parts[0].axpy(tau, v)
        for part in self.parts[1:]:
            step += part.axpy(tau, v)
            step -= v
        return step

    def bands(self, axis: int) -> Bands:
        several = [whole(part.bands(axis), axis) for part in self.parts]
        names = ("upper", "diagonal", "lower")
        return Bands(*(reduce(np.add, [getattr(part, name) for part in several]) for name in names))
