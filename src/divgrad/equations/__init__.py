"""Equations: how grey value flows. One file each, and one line here."""

from __future__ import annotations

from divgrad.equations.allen_cahn import AllenCahn
from divgrad.equations.ambrosio_tortorelli import AmbrosioTortorelli
from divgrad.equations.biharmonic import Biharmonic
from divgrad.equations.complex_diffusion import ComplexDiffusion
from divgrad.equations.detail_preserving_speckle import DetailPreservingSpeckle
from divgrad.equations.fidelity import Fidelity
from divgrad.equations.fourth_order import FourthOrder
from divgrad.equations.gray_scott import GrayScott
from divgrad.equations.heat import Heat
from divgrad.equations.histogram_modification import HistogramModification
from divgrad.equations.masked import Masked
from divgrad.equations.osmosis import Osmosis
from divgrad.equations.perona_malik import PeronaMalik
from divgrad.equations.porous_medium import PorousMedium
from divgrad.equations.robust import Robust
from divgrad.equations.speckle_reducing import SpeckleReducing
from divgrad.equations.sum import Sum
from divgrad.operators import Equation

#: Every equation by the name that the command line uses; those that wrap others are made in Python.
EQUATIONS: dict[str, type[Equation]] = {
    "allen-cahn": AllenCahn,
    "ambrosio-tortorelli": AmbrosioTortorelli,
    "biharmonic": Biharmonic,
    "complex-diffusion": ComplexDiffusion,
    "detail-preserving-speckle": DetailPreservingSpeckle,
    "fourth-order": FourthOrder,
    "gray-scott": GrayScott,
    "heat": Heat,
    "histogram-modification": HistogramModification,
    "osmosis": Osmosis,
    "perona-malik": PeronaMalik,
    "porous-medium": PorousMedium,
    "robust": Robust,
    "speckle-reducing": SpeckleReducing,
}

#: Those that wrap others.
WRAPPERS: tuple[type[Equation], ...] = (Fidelity, Masked, Sum)

__all__ = [
    "EQUATIONS",
    "WRAPPERS",
    "AllenCahn",
    "AmbrosioTortorelli",
    "Biharmonic",
    "ComplexDiffusion",
    "DetailPreservingSpeckle",
    "Fidelity",
    "FourthOrder",
    "GrayScott",
    "Heat",
    "HistogramModification",
    "Masked",
    "Osmosis",
    "PeronaMalik",
    "PorousMedium",
    "Robust",
    "SpeckleReducing",
    "Sum",
]
