"""The operator's contract: what a scheme relies on when it asks for a verb."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.operators import Bands, Image, Operator


def check_operator(operator: Operator, image: Image, *, ulps: float = 64.0) -> None:
    r"""Raise AssertionError unless the verbs of an operator say the same of one linear or affine map.

    Of one that is not linear (upwind) only this is tried: that ``axpy`` writes to nothing that it is given.

    ========== ==========================================================================================
    verb       law
    ========== ==========================================================================================
    axpy       linear: :math:`v + \tau A v` of a sum is the sum; writes to nothing that it is given
    bound      no multiple of an image grows faster, by the power method
    symmetric  where it says so, :math:`\langle A v, w \rangle = \langle v, A w \rangle`
    polynomial equals the recurrence, made of axpy
    bands      where it has them, their sum is A
    ========== ==========================================================================================

    Parameters
    ----------
    operator
        What is tried.
    image
        An image ``(channel, *space)`` of the shape and dtype that it takes.
    ulps
        Rounding allowed, in units of the last place of the largest value.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Grid, Heat
    >>> image = np.eye(4)[None]
    >>> check_operator(Heat().operator(image, 0.0, Grid((1.0, 1.0))), image)
    """
    trial = _Trial(operator, image, ulps)
    if not operator.linear:
        trial.untouched()
        return
    trial.linear()
    trial.bounded()
    trial.symmetric()
    trial.polynomial()
    if operator.has_bands:
        trial.bands()


class _Trial:
    """The laws, tried on two random images."""

    def __init__(self, operator: Operator, image: Image, ulps: float) -> None:
        self.operator = operator
        rng = np.random.default_rng(0)
        self.v = rng.standard_normal(image.shape).astype(image.dtype)
        self.w = rng.standard_normal(image.shape).astype(image.dtype)
        self.eps = ulps * float(np.finfo(image.dtype).eps)
        self.tau = 1.0 / max(operator.bound(), 1e-30)  # half a stable step

    def apply(self, v: Image) -> NDArray[Any]:
        """Return tau A v, in float64."""
        step = self.operator.axpy(self.tau, v).astype(np.float64) - v
        inflow = self.operator.inflow
        return step if inflow is None else step - self.tau * inflow.astype(np.float64)

    def demand(self, law: str, off: float, allowed: float) -> None:
        """Raise AssertionError with the law unless off <= allowed."""
        assert off <= allowed, (
            f"{type(self.operator).__name__}: {law}: off by {off:.3g}, allowed is {allowed:.3g}"
        )

    def untouched(self) -> None:
        before = self.v.tobytes()
        step = self.operator.axpy(self.tau, self.v)
        self.demand("axpy writes to no image given", float(self.v.tobytes() != before), 0.0)
        self.demand("axpy returns a new image", float(np.shares_memory(step, self.v)), 0.0)

    def linear(self) -> None:
        self.untouched()
        both = self.apply(self.v + self.w)
        off = np.abs(both - self.apply(self.v) - self.apply(self.w)).max()
        self.demand("A of a sum is the sum of both", float(off), self.eps * np.abs(both).max())
        half = self.operator.axpy(0.5 * self.tau, self.v).astype(np.float64) - self.v
        if self.operator.inflow is not None:
            half -= 0.5 * self.tau * self.operator.inflow.astype(np.float64)
        off = np.abs(2.0 * half - self.apply(self.v)).max()
        self.demand("twice the tau gives twice the step", float(off), self.eps * np.abs(both).max())

    def bounded(self) -> None:
        bound = self.operator.bound()
        self.demand("the bound is a finite number >= 0", float(not 0.0 <= bound < math.inf), 0.0)
        v, growth = self.v, 0.0
        for _ in range(30):
            step = self.apply(v)
            length = float(np.linalg.norm(step))
            if length == 0.0:
                break
            growth = length / float(np.linalg.norm(v))
            v = (step / length).astype(v.dtype)
        excess = growth / self.tau - bound
        self.demand("no image grows faster than the bound", excess, max(1e-5, self.eps) * bound)

    def symmetric(self) -> None:
        if self.operator.symmetric:
            there = float(np.vdot(self.apply(self.v), self.w))
            back = float(np.vdot(self.v, self.apply(self.w)))
            lengths = float(np.linalg.norm(self.v) * np.linalg.norm(self.w))
            self.demand("<A v, w> = <v, A w>", abs(there - back), self.eps * lengths)

    def polynomial(self) -> None:
        taus = [self.tau, 0.3 * self.tau, 1.7 * self.tau, self.tau]
        for fresh in (None, [1.0, 1.2, 1.4, 1.5]):
            got = self.operator.polynomial(self.v, taus, fresh).astype(np.float64)
            wanted = Operator.polynomial(self.operator, self.v, taus, fresh).astype(np.float64)
            off = float(np.abs(got - wanted).max())
            largest = float(np.abs(wanted).max())
            self.demand("polynomial is the recurrence of axpy", off, self.eps * largest)

    def bands(self) -> None:
        total = np.zeros(self.v.shape)
        for axis in range(self.v.ndim - 1):
            total += apply_bands(self.operator.bands(axis), axis, self.v)
        off = float(np.abs(self.tau * total - self.apply(self.v)).max())
        self.demand("A is the sum of its bands", off, self.eps * float(np.abs(self.v).max()))


def apply_bands(bands: Bands, axis: int, v: Image) -> NDArray[Any]:
    """Return the part of A along an axis, given by its bands, applied to ``v[channel, *space]``."""
    upper = np.moveaxis(bands.upper.astype(np.float64), axis, -1)
    lower = np.roll(upper, 1, -1) if bands.lower is None else np.moveaxis(bands.lower, axis, -1)
    diagonal = -(upper + lower) if bands.diagonal is None else np.moveaxis(bands.diagonal, axis, -1)
    u = np.moveaxis(v.astype(np.float64), axis + 1, -1)
    result = diagonal * u + upper * np.roll(u, -1, -1) + lower * np.roll(u, 1, -1)
    return np.moveaxis(result, -1, axis + 1)
