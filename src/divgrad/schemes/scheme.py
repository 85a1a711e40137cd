"""What every scheme is: a way to carry an image from a time to a later one."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from divgrad.grid import Grid
from divgrad.operators import Equation, Image
from divgrad.parameters import Declared


@dataclass(frozen=True)
class State:
    """Where an evolution is: the image, its time, the steps so far, and the step that a scheme would try next."""

    u: Image
    t: float = 0.0
    step: int = 0
    tau: float | None = None


class Scheme(Declared, ABC):
    """A polynomial or rational function of the operator; a subclass is a declared dataclass.

    ``order`` is the order in time: the error at a fixed time falls like the step to this power; None where the
    scheme chooses its steps itself.
    """

    order: ClassVar[int | None] = None
    citation: ClassVar[str] = ""

    @abstractmethod
    def advance(self, equation: Equation, at: State, grid: Grid, left: float, most: float) -> State:
        """Go on from a state by at most ``left`` in time and ``most`` steps, and by at least one step."""


def fit(tau: float, left: float) -> float:
    """Return tau, or what is left where that is less; a rest that is only rounding is taken along."""
    return left if left <= tau * (1.0 + 1e-9) else tau


def stable(equation: Equation, u: Image, t: float, grid: Grid) -> float:
    """Return the largest stable explicit step, 2 / bound: up to it a diffusion makes no new extrema.

    What is as good as no flow at all gives a large number, not infinity.
    """
    bound = equation.bound(u, t, grid)
    return 2.0 / max(bound, 1e-30)


def outer_step(scheme: Any, t: float, limit: float) -> float:
    """Return the scheme's own step at the time t, or 20 stable explicit ones where it has none."""
    tau = scheme.at("tau", t)
    return 20.0 * limit if tau is None else float(tau)


def cycle_length(tau: float, limit: float) -> int:
    """Return the least n with limit (n^2 + n) / 3 >= tau: the inner steps of a cycle of the time tau.

    >>> cycle_length(0.25, 0.25), cycle_length(5.0, 0.25)
    (2, 8)
    """
    return max(1, math.ceil(math.sqrt(3.0 * tau / limit * (1.0 - 1e-9) + 0.25) - 0.5))
