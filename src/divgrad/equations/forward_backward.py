"""Diffusion that sharpens edges while it smooths noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from divgrad.conductances import forward_and_backward
from divgrad.equations.mean_slope import mean_slope
from divgrad.grid import Grid
from divgrad.kernels.diffusion import ScalarDiffusion, explicit, peak
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter


class _Backward(ScalarDiffusion):
    """Frozen, backward diffusion grows without limit: only explicit steps, each with its own g, make sense."""

    linear = False


@declared
class ForwardBackward(Equation):
    r"""Smooth noise and sharpen edges at the same time: forward diffusion on small slopes, backward on edges.

    .. math:: \partial_t u = \mathrm{div}(g \, \nabla u), \quad g = \frac{1}{1 + (s/k)^4}
        - \frac{a}{1 + ((s - 2k) / (k/2))^2}, \quad s = |\nabla u|

    Slopes around twice the contrast become steeper; much steeper ones are left alone. New extrema arise
    beside sharpened edges: keep times short. Channels are coupled: one g, from all. The flow is not stable when frozen:
    only explicit steps are made of it. For other bands take :class:`PeronaMalik` with
    ``divgrad.conductances.forward_and_backward(...)``.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    G. Gilboa, N. Sochen, Y. Y. Zeevi, IEEE Trans. Image Processing 11:689-703, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import ForwardBackward, Time, evolve
    >>> edge = np.array([0.0, 0.0, 10.0, 50.0, 90.0, 100.0, 100.0])
    >>> bool(np.diff(evolve(edge, ForwardBackward(contrast=20.0), until=Time(0.3)).u).max() > 41.0)
    True
    """

    contrast: float | None = parameter(
        "Slope above which edges are sharpened; None: twice the mean slope of the first image",
        unit="image units per length unit", above=0, optional=True, default=None, example="20",
    )  # fmt: skip
    amount: float = parameter("Strength of the sharpening", least=0, most=1, default=0.5)

    citation = "G. Gilboa, N. Sochen, Y. Y. Zeevi, IEEE TIP 11:689-703, 2002"
    bound_lasts = True
    exemptions = {"range": "backward diffusion makes edges steeper, up to new extrema"}  # noqa: RUF012

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with a contrast."""
        return (
            self if self.contrast is not None else replace(self, contrast=2.0 * mean_slope(u, grid))
        )

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return div(g grad .) with g made from u."""
        contrast = self.contrast if self.contrast is not None else 2.0 * mean_slope(u, grid)
        conductance = forward_and_backward(amount=float(self.amount))
        top = self.bound(u, t, grid) / grid.laplacian_bound
        return _Backward(u, conductance, float(contrast), grid, peak=top)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        r"""Return 4 max \|g\| sum 1 / h^2."""
        return peak(forward_and_backward(amount=float(self.amount)), 1.0) * grid.laplacian_bound

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, many per visit."""
        contrast = self.contrast if self.contrast is not None else 2.0 * mean_slope(u, grid)
        conductance = forward_and_backward(amount=float(self.amount))
        return explicit(u, conductance, taus, [float(contrast)] * len(taus), grid)
