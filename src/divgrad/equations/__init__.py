"""Equations: how grey value flows. One file each, and one line here."""

from __future__ import annotations

from divgrad.equations.detail_preserving_speckle import DetailPreservingSpeckle
from divgrad.equations.fidelity import Fidelity
from divgrad.equations.heat import Heat
from divgrad.equations.masked import Masked
from divgrad.equations.perona_malik import PeronaMalik
from divgrad.equations.porous_medium import PorousMedium
from divgrad.equations.speckle_reducing import SpeckleReducing
from divgrad.equations.sum import Sum
from divgrad.operators import Equation

#: Every equation by the name that the command line uses; those that wrap others are made in Python.
EQUATIONS: dict[str, type[Equation]] = {
    "detail-preserving-speckle": DetailPreservingSpeckle,
    "heat": Heat,
    "perona-malik": PeronaMalik,
    "porous-medium": PorousMedium,
    "speckle-reducing": SpeckleReducing,
}

#: Those that wrap others.
WRAPPERS: tuple[type[Equation], ...] = (Fidelity, Masked, Sum)

__all__ = [
    "EQUATIONS",
    "WRAPPERS",
    "DetailPreservingSpeckle",
    "Fidelity",
    "Heat",
    "Masked",
    "PeronaMalik",
    "PorousMedium",
    "SpeckleReducing",
    "Sum",
]
