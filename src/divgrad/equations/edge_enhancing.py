"""Diffusion along edges, and hardly across them."""

from __future__ import annotations

from divgrad.conductances import Conductance, weickert
from divgrad.equations.tensor_flow import TensorFlow, compact_parameter, reach_parameter
from divgrad.grid import Grid
from divgrad.kernels.tensor_fields import edge_tensors, structure
from divgrad.operators import Image
from divgrad.parameters import Varying, declared, parameter


@declared
class EdgeEnhancing(TensorFlow):
    r"""Smooth within regions and along their edges, which become clean lines: noise at edges goes too.

    .. math:: \partial_t u = \mathrm{div}(D \, \nabla u), \quad
        D = g\bigl(G_\rho * (\nabla u_\sigma \nabla u_\sigma^\top)\bigr)

    Across an edge the conductance is g of its slope, along it g(0) = 1 (EED). Channels are coupled: one tensor,
    from the sum of :math:`\nabla u_\sigma \nabla u_\sigma^\top` over all; averaged with an integration scale rho > 0
    it knows the direction of fine texture better, and corners less. Stencils have no negative weight: no
    new extrema.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    J. Weickert, Anisotropic Diffusion in Image Processing, Teubner, 1998. Stencils: J. Fehrenbach,
    J.-M. Mirebeau, J. Mathematical Imaging and Vision 49:123-147, 2014; J. Weickert, M. Welk, M. Wickert,
    SSVM 2013, LNCS 7893:380-391.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import EdgeEnhancing, Steps, evolve
    >>> edge = np.repeat([[0.0, 100.0]], 4, axis=1) + np.array([[2.0], [-2.0], [2.0], [-2.0]])
    >>> evolve(edge, EdgeEnhancing(contrast=5.0), until=Steps(20)).u[0].round().tolist()
    [0.0, 0.0, 0.0, 4.0, 97.0, 100.0, 100.0, 100.0]
    """

    contrast: Varying = parameter(
        "Slope above which an edge is kept and below which it is smoothed away",
        unit="image units per length unit", above=0, varies=True, example="20",
    )  # fmt: skip
    conductance: Conductance = parameter(
        "How flow across falls with the slope: one of divgrad.conductances, or your own g(s2, contrast)",
        kind=object, default=weickert(4),
    )  # fmt: skip
    presmoothing: Varying = parameter(
        "Standard deviation of the Gaussian that smooths the image from which slopes are taken",
        unit="length units", least=0, varies=True, default=1.0,
    )  # fmt: skip
    integration: Varying = parameter(
        "Standard deviation of the Gaussian that averages directions",
        unit="length units", least=0, varies=True, default=0.0,
    )  # fmt: skip
    reach: int = reach_parameter()
    compact: bool = compact_parameter()

    citation = "J. Weickert, Anisotropic Diffusion in Image Processing, Teubner, 1998"

    def tensor(self, u: Image, t: float, least: float, grid: Grid) -> Image:
        """Return g of the structure tensor."""
        slopes = structure(
            u, float(self.at("presmoothing", t)), float(self.at("integration", t)), grid
        )
        return edge_tensors(slopes, self.conductance, float(self.at("contrast", t)), least, grid)
