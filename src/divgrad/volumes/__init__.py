"""Volumes larger than memory, or than one machine: from Zarr to Zarr, on Dask, to the same bits as in memory."""

from __future__ import annotations

import importlib
from typing import Any

_FACE = {
    "evolve": "divgrad.volumes.evolving",
    "Stored": "divgrad.volumes.stored",
    "denoise": "divgrad.volumes.denoising",
    "on_cluster": "divgrad.volumes.cluster",
}

__all__ = ["Stored", "denoise", "evolve", "on_cluster"]


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_FACE[name]), name)
