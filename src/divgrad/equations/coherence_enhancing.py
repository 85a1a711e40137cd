"""Diffusion along the lines of a texture."""

from __future__ import annotations

from divgrad.equations.tensor_flow import TensorFlow, compact_parameter, reach_parameter
from divgrad.grid import Grid
from divgrad.kernels.tensor_fields import coherence_tensors, structure
from divgrad.operators import Image
from divgrad.parameters import Varying, declared, parameter


@declared
class CoherenceEnhancing(TensorFlow):
    r"""Smooth along lines, ridges and fibres, close their gaps, and leave alone what has no direction.

    .. math:: \partial_t u = \mathrm{div}(D \, \nabla u), \quad
        \lambda_i = \alpha + (1 - \alpha) \exp\Bigl(-\frac{k^4}{(\mu_1 - \mu_i)^2}\Bigr)

    D has the eigenvectors of the structure tensor :math:`J = G_\rho * (\nabla u_\sigma \nabla u_\sigma^\top)`,
    whose eigenvalues are :math:`\mu_1 \ge \mu_2 \ge \dots` (CED). In volumes flow is free along lines and within
    sheets. Channels are coupled: one J, summed over all. Weickert's parameter C is :math:`k^4`. Stencils have
    no negative weight: no new extrema.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    J. Weickert, International J. of Computer Vision 31:111-127, 1999. Stencils: J. Fehrenbach,
    J.-M. Mirebeau, J. Mathematical Imaging and Vision 49:123-147, 2014; J. Weickert, M. Welk, M. Wickert,
    SSVM 2013, LNCS 7893:380-391.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import CoherenceEnhancing, Time, evolve
    >>> line = np.zeros((9, 24))
    >>> line[4] = 100.0
    >>> line[4, 10:13] = 0.0
    >>> bool(evolve(line, CoherenceEnhancing(), until=Time(10.0)).u[4, 11] > 25.0)
    True
    """

    contrast: Varying = parameter(
        "Slope above which a structure counts as coherent; for noisy images the typical slope of the noise",
        unit="image units per length unit", above=0, varies=True, default=1.0,
    )  # fmt: skip
    presmoothing: Varying = parameter(
        "Standard deviation of the Gaussian that smooths the image from which slopes are taken",
        unit="length units", least=0, varies=True, default=0.5,
    )  # fmt: skip
    integration: Varying = parameter(
        "Standard deviation of the Gaussian that averages directions: as wide as the gaps to be closed, or "
        "the distance of the lines",
        unit="length units", least=0, varies=True, default=4.0,
    )  # fmt: skip
    isotropic: float = parameter(
        "Flow across structures and where there are none, as a part of that along them",
        above=0, most=1, default=0.001,
    )  # fmt: skip
    reach: int = reach_parameter()
    compact: bool = compact_parameter()

    citation = "J. Weickert, International J. Computer Vision 31:111-127, 1999"

    def tensor(self, u: Image, t: float, least: float, grid: Grid) -> Image:
        """Return the tensors along the structure."""
        slopes = structure(
            u, float(self.at("presmoothing", t)), float(self.at("integration", t)), grid
        )
        return coherence_tensors(
            slopes, float(self.at("contrast", t)), float(self.isotropic), least, grid
        )
