"""Diffusion with a drift towards the structure of another image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.kernels.drift import Osmotic, drifts, largest
from divgrad.operators import Arrange, Equation, Image, Operator, Reduced
from divgrad.parameters import declared, parameter


@declared
class Osmosis(Equation):
    r"""Give an image the relative contrasts of a guidance image, and keep its mean brightness.

    .. math:: \partial_t u = \Delta u - \mathrm{div}(d \, u), \quad d = \nabla \ln v

    The guidance v, rescaled to the mean of the first image, is the steady state, exactly so on the grid.
    Where ``erase`` is 1 the drift is set to zero: with the image as its own guidance, edges there fade away
    and both sides grow into each other with all their texture, which removes shadows whose border is marked.
    Within :class:`~divgrad.Masked` and with another picture as guidance, that picture is cloned into a region
    without a seam. What is >= 0 stays so with Explicit and AOS steps. An edge that is erased has an effect
    as far as sqrt(t): take a long time, with Implicit steps (FSI and FED do without ``erase`` only, with it the
    drift is no gradient and eigenvalues are complex). Values are intensities: keep them linear and above zero,
    for a pixel of the guidance that is zero loses all it holds.

    Raises
    ------
    ImageError
        If the guidance has negative values, or an array is not of the image's shape.

    References
    ----------
    J. Weickert, K. Hagenburg, M. Breuss, O. Vogel, EMMCVPR 2013, LNCS 8081:26-39; O. Vogel, K. Hagenburg,
    J. Weickert, S. Setzer, SSVM 2013, LNCS 7893:368-379.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Osmosis, Time, evolve
    >>> flow = Osmosis(guidance=np.array([1.0, 2.0, 3.0]))
    >>> evolve(np.array([10.0, 10.0, 10.0]), flow, until=Time(50.0)).u.round(3)
    array([ 5., 10., 15.])
    """

    guidance: Any = parameter(
        "Image v >= 0 whose relative contrasts are taken over; None: the one at the beginning",
        array=True, optional=True, default=None,
    )  # fmt: skip
    erase: Any = parameter(
        "Where edges fade away, such as at the border of a shadow: 1 or True there; None: nowhere",
        array=True, optional=True, default=None,
    )  # fmt: skip

    citation = "J. Weickert, K. Hagenburg, M. Breuss, O. Vogel, EMMCVPR 2013, LNCS 8081:26-39"
    bound_lasts = True
    exemptions = {  # noqa: RUF012
        "range": "contrasts are those of the guidance",
        "shift": "contrasts are relative: adding a constant is another problem",
        "negative": "defined for a guidance >= 0 only",
    }

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with the drift made."""
        v = u if self.guidance is None else arrange(self.guidance, "guidance")
        if float(v.min()) < 0.0:
            raise ImageError(
                f"Osmosis needs a guidance >= 0, got a minimum of {float(v.min()):g}: add an offset"
            )
        mask = np.zeros((1, *u.shape[1:]), u.dtype)
        if self.erase is not None:
            mask = arrange(self.erase, "erase")
            if mask.shape[0] > 1:
                raise ImageError(
                    "erase is one mask for all channels: give it without a channel axis"
                )
            if mask.min() < 0.0 or mask.max() > 1.0:
                raise ImageError(
                    "erase has values from 0 to 1; got "
                    f"{float(mask.min()):g} to {float(mask.max()):g}"
                )
        return _Drifting(v, mask, grid, self.erase is None)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return lap . - div(d .)."""
        return self._begun(u, grid).operator(u, t, grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return twice the largest rate at which a pixel is left."""
        return self._begun(u, grid).bound(u, t, grid)

    def _begun(self, u: Image, grid: Grid) -> Equation:
        """Return it begun, its arrays as they are: for who looks at it before any evolution."""
        return self.begin(
            u, grid, lambda array, _: np.asarray(array, u.dtype).reshape(-1, *u.shape[1:])
        )


class _Drifting(Equation):
    """The flow with its drift at hand, which does not depend on the image."""

    citation = Osmosis.citation
    bound_lasts = True
    exemptions = Osmosis.exemptions

    def __init__(self, v: Image, mask: Image, grid: Grid, real: bool) -> None:
        self.v, self.mask, self.real = v, mask, real
        self.edges = drifts(v, mask, grid)
        self.bounds: dict[tuple[float, ...], float] = {}

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        return self._osmotic(u, t, grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        if grid.spacing not in self.bounds:
            self.bounds[grid.spacing] = largest(self.edges, grid)
        return self.bounds[grid.spacing]

    def reduced(self, u: Image, shrink: Callable[[Image], Image]) -> Reduced:
        grid = Grid((1.0,) * (u.ndim - 1))  # a drift has no unit
        smaller = _Drifting(shrink(self.v), shrink(self.mask), grid, self.real)
        return Reduced(smaller, shrink(u))

    def _osmotic(self, u: Image, t: float, grid: Grid) -> Osmotic:
        return Osmotic(self.edges, grid, self.bound(u, t, grid), real_spectrum=self.real)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        return self._osmotic(u, t, grid).steps(u, taus)


_Drifting.__name__ = Osmosis.__name__  # messages name the flow that was asked for
