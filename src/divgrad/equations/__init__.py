"""Equations: how grey value flows. One file each, and one line here."""

from __future__ import annotations

from divgrad.equations.heat import Heat
from divgrad.equations.perona_malik import PeronaMalik
from divgrad.equations.porous_medium import PorousMedium
from divgrad.operators import Equation

#: Every equation by the name that the command line uses.
EQUATIONS: dict[str, type[Equation]] = {
    "heat": Heat,
    "perona-malik": PeronaMalik,
    "porous-medium": PorousMedium,
}

__all__ = ["EQUATIONS", "Heat", "PeronaMalik", "PorousMedium"]
