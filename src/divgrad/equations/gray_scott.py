"""Two substances that react and spread."""

from __future__ import annotations

from collections.abc import Sequence

from divgrad.errors import ImageError
from divgrad.grid import Grid
from divgrad.kernels.reactions import Stepping, two_species
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter


@declared
class GrayScott(Equation):
    r"""Grow spots, stripes and labyrinths out of nearly nothing: textures like those on animals' skins.

    .. math:: \partial_t u = D_u \Delta u - r u v^2 + F (1 - u), \quad
        \partial_t v = D_v \Delta v + r u v^2 - (F + k) v

    The image has two channels: the substrate u, about 1 where nothing happens, and the activator v, about 0
    there, with some seeds. Steps are explicit in what spreads and is produced, implicit in what is consumed: both
    stay >= 0 and bounded, at every step that diffusion allows.

    Raises
    ------
    ImageError
        If the image has not two channels, or negative values.

    References
    ----------
    J. E. Pearson, Science 261:189-192, 1993; P. Gray, S. K. Scott, Chemical Engineering Science 38:29-43,
    1983. Steps: H. Burchard, E. Deleersnijder, A. Meister, Applied Numerical Mathematics 47:1-30, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import GrayScott, Time, evolve
    >>> u, v = np.ones((32, 32)), np.zeros((32, 32))
    >>> u[12:20, 12:20], v[12:20, 12:20] = 0.5, 0.25
    >>> grown = evolve(np.stack([u, v]), GrayScott(), until=Time(300.0), channel_axis=0).u
    >>> bool((grown[1] > 0.1).sum() > 3 * (v > 0.1).sum())
    True
    """

    feed: float = parameter(
        "Rate F at which substrate is fed", unit="per time", least=0, default=0.037
    )
    kill: float = parameter(
        "Rate k at which activator decays, beyond the feed", unit="per time", least=0, default=0.06
    )
    substrate_diffusivity: float = parameter(
        "How fast substrate spreads", unit="area per time", above=0, default=0.16
    )
    activator_diffusivity: float = parameter(
        "How fast activator spreads", unit="area per time", above=0, default=0.08
    )
    rate: float = parameter("Rate r of the reaction", unit="per time", above=0, default=1.0)

    citation = "J. E. Pearson, Science 261:189-192, 1993"
    bound_lasts = True
    components = 2
    exemptions = dict.fromkeys(
        ("constant", "mean", "range", "shift", "negative"),
        "substances are produced and consumed, by laws that hold for amounts >= 0",
    )

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return itself, if the image holds amounts of two substances."""
        if u.shape[0] != 2:
            raise ImageError(
                "GrayScott needs two channels, substrate and activator, as np.stack([u, v]) with "
                f"channel_axis=0; got {u.shape[0]}"
            )
        if float(u.min()) < 0.0:
            raise ImageError(f"GrayScott needs amounts >= 0; got a minimum of {float(u.min()):g}")
        return self

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return its step."""
        return Stepping(lambda v, tau: self.explicit(v, t, [tau], grid), self.bound(u, t, grid))

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return 4 D sum 1 / h^2, with the larger D: consumption is implicit and limits nothing."""
        fastest = max(self.substrate_diffusivity, self.activator_diffusivity)
        return fastest * grid.laplacian_bound

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after steps."""
        spreads = (self.substrate_diffusivity, self.activator_diffusivity)
        return two_species(u, taus, spreads, self.feed, self.feed + self.kill, self.rate, grid)
