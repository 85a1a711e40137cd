"""Schemes: how time passes. One file each, and one line here."""

from __future__ import annotations

from divgrad.schemes.adaptive import Adaptive
from divgrad.schemes.aos import AOS
from divgrad.schemes.coarse_to_fine import CoarseToFine
from divgrad.schemes.explicit import Explicit
from divgrad.schemes.fed import FED
from divgrad.schemes.fsi import FSI
from divgrad.schemes.implicit import Implicit
from divgrad.schemes.lod import LOD
from divgrad.schemes.scheme import Scheme, State

#: Every scheme by the name that the command line uses.
SCHEMES: dict[str, type[Scheme]] = {
    "explicit": Explicit,
    "fed": FED,
    "fsi": FSI,
    "aos": AOS,
    "lod": LOD,
    "implicit": Implicit,
    "adaptive": Adaptive,
    "coarse-to-fine": CoarseToFine,
}

__all__ = [
    "AOS", "FED", "FSI", "LOD", "SCHEMES", "Adaptive", "CoarseToFine", "Explicit", "Implicit", "Scheme", "State",
]  # fmt: skip
