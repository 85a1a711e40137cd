"""The course of an evolution without its image: which calls a scheme will make of an equation, and when it stops.

Schemes that may be done in parts (:attr:`divgrad.schemes.Scheme.in_parts`) look at an image by the equation's bound
alone. So the scheme itself is run, on an equation that writes down what it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from divgrad.errors import SchemeError
from divgrad.grid import Grid
from divgrad.operators import Equation, Image, Operator
from divgrad.reach import Reach
from divgrad.schemes import Scheme
from divgrad.schemes.scheme import State
from divgrad.stopping import Stop, Verdict


class Visit(NamedTuple):
    """One call of an equation: explicit steps from a time, or with ``frozen`` a cycle of its operator there."""

    t: float
    taus: tuple[float, ...]
    frozen: bool = False
    fresh: tuple[float, ...] | None = None
    chain: tuple[float, ...] | None = None

    def halo(self, equation: Equation, grid: Grid) -> tuple[int, ...]:
        """Return how far it looks along each axis, in pixels."""
        if self.frozen:
            return sees(equation, self.t, grid).of_cycle(len(self.taus))
        total, t = (0,) * grid.ndim, self.t
        for tau in self.taus:
            step = sees(equation, t, grid).step
            total = tuple(a + b for a, b in zip(total, step, strict=True))
            t += tau
        return total

    def single_steps(self) -> Iterator[Visit]:
        """Yield it in the smallest parts that give the same bits."""
        if self.frozen:
            yield self
            return
        t = self.t
        for tau in self.taus:
            yield Visit(t, (tau,))
            t += tau

    def run(self, u: Image, equation: Equation, grid: Grid) -> Image:
        """Return what it makes of a part of an image; u may be used as scratch."""
        if not self.frozen:
            return equation.explicit(u, self.t, self.taus, grid)
        operator = equation.operator(u, self.t, grid)
        return operator.polynomial(u, self.taus, self.fresh, self.chain)


def joined(visits: Sequence[Visit]) -> list[Visit]:
    """Return explicit steps that follow each other as one call: several are made in one visit of the cache.

    >>> joined([Visit(0.0, (1.0,)), Visit(1.0, (2.0,))])
    [Visit(t=0.0, taus=(1.0, 2.0), frozen=False, fresh=None, chain=None)]
    """
    made: list[Visit] = []
    for visit in visits:
        if made and not (visit.frozen or made[-1].frozen):
            made[-1] = made[-1]._replace(taus=made[-1].taus + visit.taus)
        else:
            made.append(visit)
    return made


def sees(equation: Equation, t: float, grid: Grid) -> Reach:
    """Return how far an equation looks.

    Raises
    ------
    SchemeError
        If it looks at the whole image.
    """
    reach = equation.sees(t, grid)
    if reach is None:
        raise SchemeError(
            f"{type(equation).__name__} looks at the whole image, so that parts of it cannot be done one by one: "
            "use divgrad.evolve in memory"
        )
    return reach


class Look(Protocol):
    """What can be asked of the image as it is now, without having it at hand."""

    def extremes(self) -> tuple[float, float]:
        """Return its least and largest value."""

    def bound(self, equation: Equation, t: float) -> float:
        """Return the equation's bound, as the largest over parts."""


class Course:
    """An evolution of which only its calls are known.

    Parameters
    ----------
    equation, scheme, until
        What, how, and until when.
    look
        What is known of the image as it is when it is asked.
    channels, dtype, grid
        Of the image.

    Raises
    ------
    SchemeError
        If the equation, the scheme or the rule needs the whole image.
    """

    def __init__(
        self, equation: Equation, scheme: Scheme, until: Stop, look: Look, channels: int, dtype: Any,
        grid: Grid,
    ) -> None:  # fmt: skip
        self.scheme, self.grid, self.look = scheme, grid, look
        self.stand_in = np.zeros((channels, *(4,) * grid.ndim), dtype)
        check(equation, scheme, until, grid)
        self.equation = self._begun(equation)
        self.rehearsed = _Rehearsed(self.equation, self)
        self.watch = until.watch(self.stand_in, grid)
        self.state = State(self.stand_in)
        self.verdict: Verdict | None = self.watch.look(0.0, self.stand_in, 0)
        if self.verdict is None and scheme.needs:
            operator = self.equation.operator(self.stand_in, 0.0, grid)
            sentence = scheme.refusal(self.equation, operator)
            if sentence is not None:
                raise SchemeError(sentence)

    @property
    def foreseen(self) -> bool:
        """Whether nothing of the image needs to be known on the way."""
        reach = sees(self.equation, self.state.t, self.grid)
        return not (reach.extremes or reach.by_rows)

    def advance(self) -> list[Visit]:
        """Go on by one call of the scheme, and return what that asks of the equation."""
        self.rehearsed.asked.clear()
        end, most = self.watch.left(self.state.t, self.state.step)
        self.state = self.scheme.advance(self.rehearsed, self.state, self.grid, end, most)
        self.verdict = self.watch.look(self.state.t, self.stand_in, self.state.step)
        return list(self.rehearsed.asked)

    def picture(self) -> Image:
        """Return a small image with the extremes of the large one, if the equation cares for them."""
        if sees(self.equation, self.state.t, self.grid).extremes:
            low, high = self.look.extremes()
            self.stand_in[...] = low
            self.stand_in.flat[-1] = high
        return self.stand_in

    def _begun(self, equation: Equation) -> Equation:
        self.equation, self.state = equation, State(self.stand_in)
        begun = equation.begin(self.picture(), self.grid, _no_arrays)
        return equation if begun == equation else begun  # the same, but with room for an operator


def check(equation: Equation, scheme: Scheme, until: Stop, grid: Grid) -> None:
    """Raise SchemeError unless an evolution may be done in parts."""
    sees(equation, 0.0, grid)
    name = type(scheme).__name__
    if not scheme.in_parts:
        raise SchemeError(
            f"{name} couples the whole image in every step, which parts cannot do to the same bits: "
            "use FSI, FED or Explicit, or divgrad.evolve in memory"
        )
    watch = until.watch(np.zeros((1, *(1,) * grid.ndim)), grid)
    if watch.every_step or watch.beside:
        raise SchemeError(
            f"{until} looks at the whole image after every step: in parts only Time and Steps can stop"
        )


def _no_arrays(array: Any, name: str) -> Image:
    raise SchemeError(f"{name} is an array beside the image, which cannot be done in parts")


class _Rehearsed(Equation):
    """An equation that writes down what it is asked for."""

    def __init__(self, inner: Equation, course: Course) -> None:
        self.inner, self.course = inner, course
        self.asked: list[Visit] = []
        self.bound_lasts = inner.bound_lasts  # type: ignore[misc]

    def varies(self) -> bool:
        return self.inner.varies()

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        if sees(self.inner, t, grid).by_rows:
            return self.course.look.bound(self.inner, t)
        return self.inner.bound(self.course.picture(), t, grid)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        self.asked.append(Visit(t, tuple(float(tau) for tau in taus)))
        return u

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        return _Recorder(self.asked, t)


class _Recorder(Operator):
    """An operator that writes down the cycles it is asked for; whether it can was asked before."""

    def __init__(self, asked: list[Visit], t: float) -> None:
        self.asked, self.t = asked, t

    def bound(self) -> float:
        raise AssertionError("schemes ask the equation")

    def axpy(self, tau: float, v: Image) -> Image:
        raise AssertionError("schemes that may be done in parts ask for polynomials")

    def polynomial(
        self, v: Image, taus: Sequence[float], fresh: Sequence[float] | None = None,
        chain: Sequence[float] | None = None, *, spoil: bool = False,
    ) -> Image:  # fmt: skip
        self.asked.append(
            Visit(
                self.t, tuple(taus), True, None if fresh is None else tuple(fresh),
                None if chain is None else tuple(chain),
            )
        )  # fmt: skip
        return v


__all__ = ["Course", "Look", "Visit", "check", "joined", "sees"]
