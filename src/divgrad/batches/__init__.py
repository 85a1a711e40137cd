"""Batches: a recipe over many files, in several processes, resumed after whatever ended it."""

from __future__ import annotations

from divgrad.batches.batch import batch
from divgrad.batches.plan import inputs
from divgrad.batches.treating import Outcome

__all__ = ["Outcome", "batch", "inputs"]
