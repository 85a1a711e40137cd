"""What sharpening flows have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from divgrad.grid import Grid
from divgrad.kernels.sharpening import UpwindShock, shock_operator
from divgrad.kernels.steering import Room, SteeredShock, Steering
from divgrad.operators import Equation, Image
from divgrad.parameters import parameter


def speed_parameter() -> Any:
    """Return the field ``speed``."""
    return parameter(
        "Speed at which edges sharpen: in the time t fronts move speed * t units of length",
        unit="per length unit", least=0, varies=True, default=1.0,
    )  # fmt: skip


class ShockFlow(Equation):
    """A flow in which grey value climbs or falls by the sign of a curvature; subclasses steer it."""

    bound_lasts = True
    exemptions = {"mean": "dark and bright regions grow at each other's expense"}  # noqa: RUF012

    @abstractmethod
    def steered(self, u: Image, t: float, grid: Grid) -> Steering:
        """Return what the sign is taken from."""

    def operator(self, u: Image, t: float, grid: Grid) -> UpwindShock | SteeredShock:
        """Return the flow with its sign taken from u."""
        return shock_operator(u, self.steered(u, t, grid), grid)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps, each anew, in two images by turns."""
        room, now = Room(), u
        spare: list[Image] = []
        for tau in taus:
            operator = shock_operator(now, self.steered(now, t, grid), grid, room)
            out = spare.pop() if spare else np.empty_like(u)
            operator.into(tau, now, out)
            if now is not u:
                spare.append(now)
            now = out
            t += tau
        return now.copy() if now is u else now
