"""An image and its edges, found together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.kernels.reactions import Stepping, edge_pair
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class AmbrosioTortorelli(Equation):
    r"""Denoise an image and draw its edges in one go: the last channel is 1 within regions, near 0 at edges.

    .. math:: \partial_t u = \mathrm{div}(v^2 \nabla u) + \beta (f - u), \quad
        \partial_t v = \Delta v + \frac{1 - v - v |\nabla u|^2 / k^2}{4 r^2}

    They descend the energy :math:`\int v^2 |\nabla u|^2 + \beta (u - f)^2 + a \bigl(r |\nabla v|^2 + (1 - v)^2 / 4r
    \bigr)`, with :math:`a = 4 r k^2`, which tends to Mumford and Shah's as r falls. f is the first image.
    Where the slope is the contrast k, v is about one half.

    The edge indicator v is carried as one more channel, the last: ``np.stack([image, np.zeros_like(image)])`` and
    ``channel_axis=0``. Begun with zeros it rises wherever there is no edge, and nothing leaks across an edge
    before it is found. Several channels of an image share it.
    Steps are implicit in what lowers v: v stays between 0 and 1, and no grey value leaves the first image's
    range.

    Raises
    ------
    ImageError
        If the image has no channel for the edge indicator, or this is negative.

    References
    ----------
    L. Ambrosio, V. M. Tortorelli, Communications on Pure and Applied Mathematics 43:999-1036, 1990; J. Shah,
    CVPR 1996, 136-142.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import AmbrosioTortorelli, Time, evolve
    >>> step = np.repeat([0.0, 100.0], 5) + (-1.0) ** np.arange(10)
    >>> pair = np.stack([step, np.zeros(10)])
    >>> u, v = evolve(pair, AmbrosioTortorelli(contrast=10.0), until=Time(20.0), channel_axis=0).u
    >>> u.round().tolist()
    [0.0, 0.0, 0.0, 0.0, 2.0, 98.0, 100.0, 100.0, 100.0, 100.0]
    >>> v.round(1).tolist()
    [0.8, 0.7, 0.6, 0.4, 0.1, 0.1, 0.4, 0.6, 0.7, 0.8]
    """

    contrast: float = parameter(
        "Slope above which there is an edge",
        unit="image units per length unit", above=0, example="20",
    )  # fmt: skip
    width: float = parameter(
        "Width r of the dark lines that the indicator draws", unit="length units", above=0, default=1.0
    )  # fmt: skip
    weight: float = parameter(
        "How strongly the first image pulls; 0: not at all",
        unit="per length squared", least=0, default=0.1,
    )  # fmt: skip
    data: Any = parameter(
        "Image that pulls, with any last channel; None: the one at the beginning",
        array=True, optional=True, default=None,
    )  # fmt: skip

    citation = "L. Ambrosio, V. M. Tortorelli, Communications on Pure and Applied Mathematics 43:999-1036, 1990"
    bound_lasts = True
    components = 2
    exemptions = {  # noqa: RUF012
        "constant": "the edge indicator goes to 1",
        "mean": "that of the edge indicator is not kept; data pull that of the image to their own",
        "range": "the edge indicator leaves its own at once; the image keeps to its",
        "shift": "the edge indicator, a channel too, has values of its own",
        "negative": "the edge indicator, a channel too, has values of its own",
    }

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with its data at hand."""
        if u.shape[0] < 2:
            raise ImageError(
                "AmbrosioTortorelli needs the edge indicator as last channel: give it "
                "np.stack([image, np.zeros_like(image)]) with channel_axis=0"
            )
        if float(u[-1].min()) < 0.0:
            raise ImageError(
                f"the edge indicator, the last channel, must be >= 0; got {float(u[-1].min()):g}"
            )
        data = u if self.data is None else arrange(self.data, "data")
        same = np.broadcast_to(data, u.shape)  # one for all channels
        return replace(self, data=np.require(same, u.dtype, ["C", "A", "W"]))

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return its step."""
        return Stepping(lambda v, tau: self.explicit(v, t, [tau], grid), self.bound(u, t, grid))

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 4 max(1, v^2) sum 1 / h^2 + 2 beta: no more than diffusion and the pull of data allow."""
        top = max(1.0, float(u[-1].max()))
        return top * top * grid.laplacian_bound + 2.0 * self.weight

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after steps."""
        data = u if self.data is None else self.data
        rate = 0.25 / self.width**2
        return edge_pair(u, data, taus, self.contrast, rate, self.weight, grid)
