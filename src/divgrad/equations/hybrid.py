"""Diffusion along structures where there are some, along edges elsewhere."""

from __future__ import annotations

from divgrad.conductances import Conductance, weickert
from divgrad.equations.tensor_flow import TensorFlow, compact_parameter, reach_parameter
from divgrad.grid import Grid
from divgrad.kernels.presmoothing import smooth
from divgrad.kernels.tensor_fields import blended_tensors, edge_tensors, structure
from divgrad.operators import Image
from divgrad.parameters import Varying, declared, parameter


@declared
class Hybrid(TensorFlow):
    r"""Smooth the background and flat regions, and along fibres and membranes: for noisy volumes (tomograms).

    .. math:: D = (1 - s) \, D_\mathrm{edge} + s \, D_\mathrm{coherence}, \quad
        s = \exp\Bigl(-\frac{k_s^4}{(\mu_1 - \mu_n)^2}\Bigr)

    Both tensors are those of :class:`~divgrad.EdgeEnhancing` and :class:`~divgrad.CoherenceEnhancing`; the switch
    s goes from 0 to 1 where the structure tensor's coherence :math:`\mu_1 - \mu_n` passes :math:`k_s^2`,
    smoothly, where Frangakis and Hegerl jump. Stencils have no negative weight: no new extrema.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    A. S. Frangakis, R. Hegerl, J. of Structural Biology 135:239-250, 2001; J.-J. Fernandez, S. Li, J. of
    Structural Biology 144:152-161, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Hybrid, Steps, evolve
    >>> flat = np.random.default_rng(0).normal(100.0, 5.0, (12, 12, 12))
    >>> bool(evolve(flat, Hybrid(contrast=20.0, switch=20.0), until=Steps(10)).u.std() < 1.5)
    True
    """

    contrast: Varying = parameter(
        "Slope above which an edge is kept and below which it is smoothed away",
        unit="image units per length unit", above=0, varies=True, example="20",
    )  # fmt: skip
    switch: Varying = parameter(
        "Slope of structures, averaged, above which flow goes along them; about that of the background or a "
        "little more",
        unit="image units per length unit", above=0, varies=True, example="10",
    )  # fmt: skip
    coherence: Varying = parameter(
        "Slope above which a structure counts as coherent",
        unit="image units per length unit", above=0, varies=True, default=1.0,
    )  # fmt: skip
    conductance: Conductance = parameter(
        "How flow across edges falls with the slope: one of divgrad.conductances, or your own g(s2, contrast)",
        kind=object, default=weickert(4),
    )  # fmt: skip
    presmoothing: Varying = parameter(
        "Standard deviation of the Gaussian that smooths the image from which slopes are taken",
        unit="length units", least=0, varies=True, default=1.0,
    )  # fmt: skip
    integration: Varying = parameter(
        "Standard deviation of the Gaussian that averages directions: as wide as the gaps to be closed",
        unit="length units", least=0, varies=True, default=2.0,
    )  # fmt: skip
    isotropic: float = parameter(
        "Flow across coherent structures, as a part of that along them",
        above=0, most=1, default=0.001,
    )  # fmt: skip
    reach: int = reach_parameter()
    compact: bool = compact_parameter()

    citation = "A. S. Frangakis, R. Hegerl, J. Structural Biology 135:239-250, 2001"

    def tensor(self, u: Image, t: float, least: float, grid: Grid) -> Image:
        """Return the mean of both tensors, by the switch."""
        slopes = structure(u, float(self.at("presmoothing", t)), 0.0, grid)
        edges = edge_tensors(slopes, self.conductance, float(self.at("contrast", t)), least, grid)
        mean = smooth(slopes, float(self.at("integration", t)), grid)
        return blended_tensors(
            mean, edges, float(self.at("coherence", t)), float(self.isotropic),
            float(self.at("switch", t)), least, grid,
        )  # fmt: skip
