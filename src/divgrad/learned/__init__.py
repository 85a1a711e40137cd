"""Learned diffusion: trained models run on divgrad's own kernels; PyTorch is needed for training alone.

>>> from divgrad import learned
>>> learned.shipped("fast").stages
8
"""

from __future__ import annotations

import importlib
from typing import Any

_FACE = {
    "Learned": "divgrad.learned.equation",
    "Model": "divgrad.learned.weights",
    "read": "divgrad.learned.weights",
    "shipped": "divgrad.learned.weights",
    "run": "divgrad.learned.running",
    "GaussianNoise": "divgrad.learned.noises",
    "PoissonNoise": "divgrad.learned.noises",
    "Architecture": "divgrad.learned.model",
    "Recipe": "divgrad.learned.training",
    "fit": "divgrad.learned.fitting",
    "train": "divgrad.learned.trainer",
}

__all__ = [*_FACE]


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'divgrad.learned' has no attribute {name!r}")
    value = getattr(importlib.import_module(_FACE[name]), name)
    globals()[name] = value
    return value
