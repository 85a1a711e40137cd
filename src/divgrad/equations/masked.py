"""Any flow, in a part of the image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from divgrad.equations.wrapped import WrappedOperator, Wrapper
from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.operators import Arrange, Bands, Equation, Image, Operator, Reduced
from divgrad.parameters import declared, parameter


@declared
class Masked(Wrapper):
    r"""Let a flow change the pixels of a mask only; the others stay, and what they hold flows in.

    .. math:: \partial_t u = m \, F(u)

    With a flow that runs to its steady state this fills holes (inpainting).

    Raises
    ------
    ImageError
        If the mask is not of the image's shape, or not within 0 to 1.

    References
    ----------
    J. Weickert, M. Welk, in Visualization and Processing of Tensor Fields, Springer, 2006, 315-325.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Heat, Masked, Time, evolve
    >>> hole = np.array([False, True, True, False])
    >>> evolve(np.array([0.0, 9.0, 9.0, 3.0]), Masked(Heat(), hole), until=Time(50.0)).u.round(3)
    array([0., 1., 2., 3.])
    """

    flow: Equation = parameter("How grey value flows", kind=object)
    mask: Any = parameter(
        "Where: True or 1 at pixels that may change, 0 at those that stay, anything between slows",
        array=True,
    )  # fmt: skip

    citation = (
        "J. Weickert, M. Welk, in Visualization and Processing of Tensor Fields, 2006, 315-325"
    )

    @property
    def bound_lasts(self) -> bool:  # type: ignore[override]
        """Whether the flow's does."""
        return self.flow.bound_lasts

    @property
    def exemptions(self) -> dict[str, str]:  # type: ignore[override]
        """Those of the flow, and the mean."""
        return dict(self.flow.exemptions) | {"mean": "pixels that stay are a source"}

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with its mask at hand."""
        mask = arrange(self.mask, "mask")
        if mask.min() < 0.0 or mask.max() > 1.0:
            raise ImageError(
                f"a mask has values from 0 to 1; got {float(mask.min()):g} to {float(mask.max()):g}"
            )
        return replace(self, flow=self.flow.begin(u, grid, arrange), mask=mask)

    def reduced(self, u: Image, shrink: Callable[[Image], Image]) -> Reduced:
        """Return it on fewer pixels: one that holds any that stay, stays, with the mean of those."""
        known = (self.mask == 0).astype(u.dtype)
        part = shrink(known)
        there = np.maximum(part, np.finfo(u.dtype).tiny)
        image = np.where(part > 0, shrink(known * u) / there, shrink(u))
        mask = np.where(part > 0, u.dtype.type(0), shrink(self.mask))
        flow = self.flow.reduced(u, shrink).equation
        return Reduced(replace(self, flow=flow, mask=mask), image, 1 - known)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return m A."""
        return _Masked(self.flow.operator(u, t, grid), self.mask)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return the flow's."""
        return self.flow.bound(u, t, grid)


class _Masked(WrappedOperator):
    """v -> m (A v + b)."""

    def __init__(self, inner: Operator, mask: Image) -> None:
        super().__init__(inner)
        self.mask = mask
        self.inflow = None if inner.inflow is None else mask * inner.inflow

    @property
    def has_bands(self) -> bool:
        """Bands are one for all channels, and so must the mask be."""
        return super().has_bands and self.mask.shape[0] == 1

    def bound(self) -> float:
        return self.inner.bound()

    def axpy(self, tau: float, v: Image) -> Image:
        step = self.inner.axpy(tau, v)
        step -= v
        step *= self.mask
        step += v
        return step

    def polynomial(
        self,
        v: Image,
        taus: Sequence[float],
        fresh: Sequence[float] | None = None,
        chain: Sequence[float] | None = None,
        *,
        spoil: bool = False,
    ) -> Image:
        out = super().polynomial(v, taus, fresh, chain, spoil=spoil)
        np.copyto(out, v, where=self.mask == 0)  # to the bit: a recurrence rounds what stays, too
        return out

    def bands(self, axis: int) -> Bands:
        bands, mask = self.whole_bands(axis), self.mask[0]
        assert bands.diagonal is not None
        assert bands.lower is not None
        return Bands(mask * bands.upper, mask * bands.diagonal, mask * bands.lower)
