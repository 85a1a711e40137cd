"""Stopping rules: when enough is enough. Joined with ``|``, the first that says stop ends the evolution."""

from __future__ import annotations

from divgrad.stopping.least_error import LeastError, SignalToNoise
from divgrad.stopping.rules import (
    Any_,
    Decorrelation,
    Discrepancy,
    SteadyState,
    Steps,
    Stop,
    Time,
    Verdict,
    Watch,
)

#: Every rule by the name that the command line uses.
STOPS: dict[str, type[Stop]] = {
    "time": Time,
    "steps": Steps,
    "steady-state": SteadyState,
    "discrepancy": Discrepancy,
    "decorrelation": Decorrelation,
    "least-error": LeastError,
    "signal-to-noise": SignalToNoise,
}

__all__ = [
    "STOPS", "Any_", "Decorrelation", "Discrepancy", "LeastError", "SignalToNoise", "SteadyState", "Steps",
    "Stop", "Time", "Verdict", "Watch",
]  # fmt: skip
