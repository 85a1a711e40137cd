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
from divgrad.schemes.proximal import Proximal
from divgrad.schemes.scheme import Scheme, State

#: Every scheme that takes any flow, by the name that the command line uses; Proximal is for total variation alone.
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
    "AOS", "FED", "FSI", "LOD", "SCHEMES", "Adaptive", "CoarseToFine", "Explicit", "Implicit", "Proximal", "Scheme",
    "State",
]  # fmt: skip
