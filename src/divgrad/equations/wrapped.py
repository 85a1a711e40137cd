"""What equations made of equations have in common, and their operators."""

from __future__ import annotations

import numpy as np

from divgrad.errors import ParameterError
from divgrad.operators import Bands, Equation, Operator


class WrappedOperator(Operator):
    """An operator made of another one, as linear as that, with bands where that has them."""

    def __init__(self, inner: Operator) -> None:
        self.inner = inner
        self.linear = inner.linear
        self.real_spectrum = inner.real_spectrum
        self.inflow = inner.inflow

    @property
    def has_bands(self) -> bool:
        """Whether the operator inside splits into tridiagonal parts."""
        return self.inner.has_bands

    def whole_bands(self, axis: int) -> Bands:
        """Return the bands of the operator inside with all three diagonals written out."""
        return whole(self.inner.bands(axis), axis)


class Wrapper(Equation):
    """An equation made of another one, its ``flow``."""

    flow: Equation

    def __post_init__(self) -> None:
        if not isinstance(self.flow, Equation):
            shown = " ".join(repr(self.flow).split())
            raise ParameterError(
                f"{type(self).__name__}: flow must be an equation, such as Heat(); got {shown:.60}"
            )

    @property
    def complex_valued(self) -> bool:  # type: ignore[override]
        """Whether the flow's images are complex."""
        return self.flow.complex_valued


def whole(bands: Bands, axis: int) -> Bands:
    """Return bands with all three diagonals written out.

    >>> import numpy as np
    >>> whole(Bands(np.array([2.0, 0.0])), 0).diagonal.tolist()
    [-2.0, -2.0]
    """
    lower = bands.lower
    if lower is None:
        lower = np.zeros_like(bands.upper)
        ahead = [slice(None)] * lower.ndim
        behind = list(ahead)
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        lower[tuple(ahead)] = bands.upper[tuple(behind)]
    diagonal = -(bands.upper + lower) if bands.diagonal is None else bands.diagonal
    return Bands(bands.upper, diagonal, lower)
