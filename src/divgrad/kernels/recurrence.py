"""Operators whose kernels make the steps of a two-term recurrence themselves, several in one visit of a block."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.operators import Image, Operator


class Recurrence(Operator):
    """An operator that makes runs of steps in two buffers: a subclass says how long a run is, and makes it."""

    def axpy(self, tau: float, v: Image) -> Image:
        """Return v + tau (A v + b)."""
        return self.polynomial(v, [tau])

    def polynomial(
        self,
        v: Image,
        taus: Sequence[float],
        fresh: Sequence[float] | None = None,
        chain: Sequence[float] | None = None,
        *,
        spoil: bool = False,
    ) -> Image:
        """Return the recurrence of two terms, all steps in one visit of each block where that pays."""
        # A chain needs no state but the last, so it may be cut into visits of several steps; a recurrence
        # would have to go step by step. Which one it is must not depend on how the work is cut.
        if chain is not None and self.chained(len(taus)):
            taus, fresh = chain, None
        steps = np.asarray(taus, v.dtype)
        f = np.ones_like(steps) if fresh is None else np.asarray(fresh, v.dtype)
        longest = self.longest()
        stride = longest if len(steps) <= longest or fresh is None else 1
        old, new = v, v
        for s in range(0, len(steps), stride):
            keep = old is v and (s == 0 or not spoil or self.looked_at(v))
            out = np.empty_like(v) if keep else old
            self.visit(new, old, out, steps[s : s + stride], f[s : s + stride])
            old, new = new, out
        return v.copy() if new is v and not spoil else new

    def longest(self) -> int:
        """Return how many steps a visit may make."""
        return 1

    def chained(self, steps: int) -> bool:
        """Whether so many steps are better made as a chain."""
        return False

    def looked_at(self, v: Image) -> bool:
        """Whether visits still need v, besides its steps."""
        return True

    @abstractmethod
    def visit(
        self, v: Image, old: Image, out: Image, taus: NDArray[Any], fresh: NDArray[Any]
    ) -> None:
        """Write the state after the steps into out; ``old`` is the state before v, for a single step perhaps out."""
