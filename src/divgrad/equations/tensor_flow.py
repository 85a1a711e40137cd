"""What flows with a diffusion tensor have in common."""

from __future__ import annotations

import sys
from abc import abstractmethod
from copy import copy
from typing import Any

import numpy as np

from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.kernels.directions import roundest
from divgrad.kernels.presmoothing import radii
from divgrad.kernels.tensor_diffusion import tensor_diffusion
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import parameter
from divgrad.reach import Reach

#: The least eigenvalue, as a part of the largest, of the tensors made of an image's own structure: with hardly any flow
#: across, an image of one row would not flow at all, and the stable step would change by orders within a run.
THINNEST = 0.01

#: Declarations that the flows share.
REACH_SENTENCE = (
    "Most pixels along an axis between two that exchange grey value; tensors are made so round that it suffices: "
    "eigenvalues 38 apart at worst with 3, 102 with 5 (volumes: 20, 38)"
)
COMPACT_SENTENCE = (
    "Whether only the eight nearest neighbours exchange grey value (delta stencil, images only): faster, for "
    "mild anisotropy, with eigenvalues at most 5.8 apart"
)


def reach_parameter() -> Any:
    """Return the field ``reach``."""
    return parameter(
        REACH_SENTENCE, unit="pixels", kind=int, least=1, most=9, default=3
    )  # fmt: skip


def compact_parameter() -> Any:
    """Return the field ``compact``."""
    return parameter(COMPACT_SENTENCE, kind=bool, default=False)


def farthest(flow: Any, grid: Grid) -> int:
    """Return how far the stencils of a flow with ``reach`` and ``compact`` go.

    Raises
    ------
    ParameterError
        If the delta stencil is asked for in volumes.
    """
    if not flow.compact:
        return int(flow.reach)
    if grid.ndim == 3:
        raise ParameterError(
            f"{type(flow).__name__}: compact=True is for images; for volumes take reach=1"
        )
    return 1


class TensorFlow(Equation):
    """A flow u_t = div(D grad u); subclasses give D, ``reach`` and ``compact``.

    During an evolution the operator made last is kept: the bound is asked for first, and making it twice would
    cost as much as ten steps. It is used again only for an image of the same values.
    """

    reach: int
    compact: bool
    _kept: list[Any] | None = None

    @abstractmethod
    def tensor(self, u: Image, t: float, least: float, grid: Grid) -> Image:
        """Return the field of tensors at u and t, ``(part, *space)``, no rounder than ``least`` demands."""

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with room for one operator."""
        farthest(self, grid)
        begun = copy(self)
        object.__setattr__(begun, "_kept", [])  # frozen, and no parameter
        return begun

    def sees(self, t: float, grid: Grid) -> Reach:
        """Return that of both Gaussians, of differences and of the stencil."""
        sigmas = (float(self.at(name, t)) for name in ("presmoothing", "integration"))
        wide = [sum(pair) + 1 for pair in zip(*(radii(s, grid) for s in sigmas), strict=True)]
        far = farthest(self, grid)
        making = tuple(radius + far for radius in wide)
        step = tuple(radius + far for radius in making)
        return Reach(making, (far,) * grid.ndim, step, by_rows=True, copies=90)

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return div(D grad .) with D made from u."""
        kept = self._kept
        if kept and kept[0] == (t, grid, u.shape) and np.array_equal(kept[1], u):
            operator: Operator = kept[2]
            return operator
        spent, image = None, None
        if kept:  # there is room for one
            _, image, spent = kept
            kept.clear()
            if grid.ndim == 3 or sys.getrefcount(spent) > 2:  # somebody else may need it
                spent = None
        reach = farthest(self, grid)
        # In images the stencil makes a tensor as much rounder as its direction needs.
        worst = grid.ndim == 3 or self.compact
        least = (
            roundest(grid, reach, self.compact) if worst else min(THINNEST, roundest(grid, reach))
        )
        field = self.tensor(u, t, least, grid)
        made = tensor_diffusion(field, grid, reach=reach, compact=self.compact, spent=spent)
        if kept is not None:
            image = np.empty_like(u) if image is None or image.shape != u.shape else image
            np.copyto(image, u)
            kept.extend(((t, grid, u.shape), image, made))
        return made
