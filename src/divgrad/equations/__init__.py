"""Equations: how grey value flows. One file each, and one line here."""

from __future__ import annotations

from divgrad.equations.affine_curvature import AffineCurvature
from divgrad.equations.allen_cahn import AllenCahn
from divgrad.equations.ambrosio_tortorelli import AmbrosioTortorelli
from divgrad.equations.bending import Bending
from divgrad.equations.biharmonic import Biharmonic
from divgrad.equations.coherence_enhancing import CoherenceEnhancing
from divgrad.equations.coherence_enhancing_shock import CoherenceEnhancingShock
from divgrad.equations.complex_diffusion import ComplexDiffusion
from divgrad.equations.detail_preserving_speckle import DetailPreservingSpeckle
from divgrad.equations.diffusion_shock import DiffusionShock
from divgrad.equations.edge_enhancing import EdgeEnhancing
from divgrad.equations.fidelity import Fidelity
from divgrad.equations.forward_backward import ForwardBackward
from divgrad.equations.fourth_order import FourthOrder
from divgrad.equations.geodesic import Geodesic
from divgrad.equations.gray_scott import GrayScott
from divgrad.equations.guided import Guided
from divgrad.equations.heat import Heat
from divgrad.equations.histogram_modification import HistogramModification
from divgrad.equations.hybrid import Hybrid
from divgrad.equations.masked import Masked
from divgrad.equations.mean_curvature import MeanCurvature
from divgrad.equations.min_max_curvature import MinMaxCurvature
from divgrad.equations.oriented import Oriented
from divgrad.equations.osmosis import Osmosis
from divgrad.equations.p_laplacian import PLaplacian
from divgrad.equations.perona_malik import PeronaMalik
from divgrad.equations.porous_medium import PorousMedium
from divgrad.equations.robust import Robust
from divgrad.equations.shock import Shock
from divgrad.equations.smoothing_shock import SmoothingShock
from divgrad.equations.speckle_reducing import SpeckleReducing
from divgrad.equations.sum import Sum
from divgrad.equations.total_variation import TotalVariation
from divgrad.operators import Equation

#: Every equation by the name that the command line uses; those that wrap others are made in Python.
EQUATIONS: dict[str, type[Equation]] = {
    "affine-curvature": AffineCurvature,
    "allen-cahn": AllenCahn,
    "ambrosio-tortorelli": AmbrosioTortorelli,
    "biharmonic": Biharmonic,
    "complex-diffusion": ComplexDiffusion,
    "coherence-enhancing": CoherenceEnhancing,
    "coherence-enhancing-shock": CoherenceEnhancingShock,
    "detail-preserving-speckle": DetailPreservingSpeckle,
    "diffusion-shock": DiffusionShock,
    "edge-enhancing": EdgeEnhancing,
    "forward-backward": ForwardBackward,
    "fourth-order": FourthOrder,
    "geodesic": Geodesic,
    "gray-scott": GrayScott,
    "heat": Heat,
    "histogram-modification": HistogramModification,
    "hybrid": Hybrid,
    "mean-curvature": MeanCurvature,
    "min-max-curvature": MinMaxCurvature,
    "osmosis": Osmosis,
    "p-laplacian": PLaplacian,
    "perona-malik": PeronaMalik,
    "porous-medium": PorousMedium,
    "robust": Robust,
    "shock": Shock,
    "smoothing-shock": SmoothingShock,
    "speckle-reducing": SpeckleReducing,
    "total-variation": TotalVariation,
}

#: Those that wrap others.
WRAPPERS: tuple[type[Equation], ...] = (Bending, Fidelity, Masked, Sum)

__all__ = [
    "EQUATIONS",
    "WRAPPERS",
    "AffineCurvature",
    "AllenCahn",
    "AmbrosioTortorelli",
    "Bending",
    "Biharmonic",
    "CoherenceEnhancing",
    "CoherenceEnhancingShock",
    "ComplexDiffusion",
    "DetailPreservingSpeckle",
    "DiffusionShock",
    "EdgeEnhancing",
    "Fidelity",
    "ForwardBackward",
    "FourthOrder",
    "Geodesic",
    "GrayScott",
    "Guided",
    "Heat",
    "HistogramModification",
    "Hybrid",
    "Masked",
    "MeanCurvature",
    "MinMaxCurvature",
    "Oriented",
    "Osmosis",
    "PLaplacian",
    "PeronaMalik",
    "PorousMedium",
    "Robust",
    "Shock",
    "SmoothingShock",
    "SpeckleReducing",
    "Sum",
    "TotalVariation",
]
