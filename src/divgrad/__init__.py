"""divgrad: PDE diffusion for people who measure with images.

>>> import numpy as np
>>> import divgrad
>>> edge = np.repeat([[0.0, 100.0]], 4, axis=1)
>>> solution = divgrad.evolve(edge, divgrad.PeronaMalik(contrast=5), until=divgrad.Steps(10))
>>> solution.steps
10
"""

from __future__ import annotations

import importlib
from typing import Any

from divgrad.tasks import TASKS

__version__ = "0.1.0"

# Public name -> module. Loaded on first use: importing divgrad loads neither numba, torch nor dask.
_FACE = {
    "evolve": "divgrad.evolution",
    "march": "divgrad.evolution",
    "Frame": "divgrad.evolution",
    "Solution": "divgrad.evolution",
    "Perturbation": "divgrad.perturbation",
    "scale_space": "divgrad.scales",
    "diffused_features": "divgrad.estimate.diffused_features",
    "explain": "divgrad.reporting",
    "cite": "divgrad.reporting",
    "AffineCurvature": "divgrad.equations",
    "Geodesic": "divgrad.equations",
    "Guided": "divgrad.equations",
    "MeanCurvature": "divgrad.equations",
    "MinMaxCurvature": "divgrad.equations",
    "PLaplacian": "divgrad.equations",
    "TotalVariation": "divgrad.equations",
    "Heat": "divgrad.equations",
    "Fidelity": "divgrad.equations",
    "Masked": "divgrad.equations",
    "Sum": "divgrad.equations",
    "PeronaMalik": "divgrad.equations",
    "PorousMedium": "divgrad.equations",
    "EdgeEnhancing": "divgrad.equations",
    "CoherenceEnhancing": "divgrad.equations",
    "Hybrid": "divgrad.equations",
    "Oriented": "divgrad.equations",
    "SpeckleReducing": "divgrad.equations",
    "DetailPreservingSpeckle": "divgrad.equations",
    "AllenCahn": "divgrad.equations",
    "AmbrosioTortorelli": "divgrad.equations",
    "Bending": "divgrad.equations",
    "Biharmonic": "divgrad.equations",
    "FourthOrder": "divgrad.equations",
    "GrayScott": "divgrad.equations",
    "HistogramModification": "divgrad.equations",
    "Osmosis": "divgrad.equations",
    "Robust": "divgrad.equations",
    "ComplexDiffusion": "divgrad.equations",
    "CoherenceEnhancingShock": "divgrad.equations",
    "DiffusionShock": "divgrad.equations",
    "ForwardBackward": "divgrad.equations",
    "Shock": "divgrad.equations",
    "SmoothingShock": "divgrad.equations",
    "Explicit": "divgrad.schemes",
    "FED": "divgrad.schemes",
    "FSI": "divgrad.schemes",
    "AOS": "divgrad.schemes",
    "LOD": "divgrad.schemes",
    "Implicit": "divgrad.schemes",
    "Proximal": "divgrad.schemes",
    "Adaptive": "divgrad.schemes",
    "CoarseToFine": "divgrad.schemes",
    "Time": "divgrad.stopping",
    "Steps": "divgrad.stopping",
    "SteadyState": "divgrad.stopping",
    "Discrepancy": "divgrad.stopping",
    "Decorrelation": "divgrad.stopping",
    "LeastError": "divgrad.stopping",
    "SignalToNoise": "divgrad.stopping",
    "denoise_poisson": "divgrad.tasks.denoise_poisson",
    "denoise_rician": "divgrad.tasks.denoise_rician",
    "denoise_speckle": "divgrad.tasks.denoise_speckle",
    "remove_impulses": "divgrad.tasks.remove_impulses",
    "denoise_volume": "divgrad.tasks.denoise_volume",
    "set_aside": "divgrad.missing",
    "Grid": "divgrad.grid",
    "Tiling": "divgrad.grid",
}
_FACE |= {name: f"divgrad.tasks.{name}" for name in TASKS}
_ROOMS = (
    "batches", "conductances", "equations", "errors", "estimate", "io", "kernels", "learned", "metrics", "operators",
    "recipes", "schemes", "stopping", "tasks", "testing", "transforms",
)  # fmt: skip

__all__ = [*_FACE, *_ROOMS]


def __getattr__(name: str) -> Any:
    if name in _FACE:
        value = getattr(importlib.import_module(_FACE[name]), name)
    elif name in _ROOMS:
        value = importlib.import_module(f"divgrad.{name}")
    else:
        raise AttributeError(f"module 'divgrad' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
