"""Equations: how grey value flows. One file each, and its name here; loaded on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from divgrad.operators import Equation

# Files. The class is named likewise: perona_malik.PeronaMalik is `perona-malik` on the command line.
_FLOWS = (
    "affine_curvature", "allen_cahn", "ambrosio_tortorelli", "biharmonic", "complex_diffusion", "coherence_enhancing",
    "coherence_enhancing_shock", "detail_preserving_speckle", "diffusion_shock", "edge_enhancing", "forward_backward",
    "fourth_order", "geodesic", "gray_scott", "heat", "histogram_modification", "hybrid", "mean_curvature",
    "min_max_curvature", "osmosis", "p_laplacian", "perona_malik", "porous_medium", "robust", "shock",
    "smoothing_shock", "speckle_reducing", "total_variation",
)  # fmt: skip
_WRAPPERS = ("bending", "fidelity", "masked", "sum")
_GUIDED = ("guided", "oriented")  # by images, which no command line holds

#: Every equation by the name that the command line uses.
EQUATIONS: dict[str, type[Equation]]

#: Those that wrap others, and are made in Python.
WRAPPERS: tuple[type[Equation], ...]


def _name(file: str) -> str:
    return file.title().replace("_", "")


_FILES = {_name(file): file for file in (*_FLOWS, *_WRAPPERS, *_GUIDED)}

__all__ = ["EQUATIONS", "WRAPPERS", *_FILES]


def __getattr__(name: str) -> Any:
    value: Any
    if name == "EQUATIONS":
        value = {file.replace("_", "-"): __getattr__(_name(file)) for file in _FLOWS}
    elif name == "WRAPPERS":
        value = tuple(__getattr__(_name(file)) for file in _WRAPPERS)
    elif name in _FILES:
        value = getattr(importlib.import_module(f"divgrad.equations.{_FILES[name]}"), name)
    else:
        raise AttributeError(f"module 'divgrad.equations' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
