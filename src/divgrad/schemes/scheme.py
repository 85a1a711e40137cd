"""What every scheme is: a way to carry an image from a time to a later one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from divgrad.errors import SchemeError
from divgrad.grid import Grid
from divgrad.operators import Equation, Image, Operator
from divgrad.parameters import Declared


@dataclass(frozen=True)
class State:
    """Where an evolution is.

    Parameters
    ----------
    u
        The image.
    t
        Its time.
    step
        Steps so far.
    tau
        The step that the scheme would try next, where it chooses.
    limit
        The largest stable step, where it lasts for several steps.
    seen
        The image at which it was looked at, where it changes in time too.
    own
        Whether the scheme may write over the image.
    """

    u: Image
    t: float = 0.0
    step: int = 0
    tau: float | None = None
    limit: float | None = None
    seen: Image | None = None
    own: bool = False


class Scheme(Declared, ABC):
    """A polynomial or rational function of the operator; a subclass is a declared dataclass.

    ``order`` is the order in time: the error at a fixed time falls like the step to this power; None where the
    scheme chooses its steps itself.
    """

    order: ClassVar[int | None] = None
    citation: ClassVar[str] = ""
    #: Axioms that it need not pass, each with the reason: see :mod:`divgrad.testing`.
    exemptions: ClassVar[dict[str, str]] = {}
    #: What it asks of an operator beyond explicit steps: "linear", "bands", "real" (eigenvalues).
    needs: ClassVar[tuple[str, ...]] = ()
    #: Whether a step above the stable limit is made as several below it: then its length shows no error.
    splits: ClassVar[bool] = False
    #: Whether ``advance`` looks at the image by the equation's ``bound`` alone, and changes it by nothing but one call
    #: of its ``explicit``, or of ``operator(...).polynomial``: then an image can be done in parts, to the same bits.
    in_parts: ClassVar[bool] = False

    def refusal(self, equation: Equation, operator: Operator) -> str | None:
        """Return the sentence with which it refuses an equation, or None."""
        name, cls = type(self).__name__, type(equation).__name__
        if "linear" in self.needs and not operator.linear:
            return f"{name} needs a linear operator; {cls} is none, not even for one step: use Explicit"
        if "real" in self.needs and not operator.real_spectrum:
            return f"{name} is stable for real eigenvalues; those of {cls} are complex: use Explicit or Implicit"
        if "bands" in self.needs and not operator.has_bands:
            other = "FSI or Implicit" if operator.real_spectrum else "Implicit"
            return f"{name} needs `bands`; {cls} has cross terms: use {other}"
        return None

    def linearise(self, equation: Equation, u: Image, t: float, grid: Grid) -> Operator:
        """Return the operator of the equation at u, t.

        Raises
        ------
        SchemeError
            If it lacks what the scheme needs.
        """
        operator = equation.operator(u, t, grid)
        sentence = self.refusal(equation, operator)
        if sentence is not None:
            raise SchemeError(sentence)
        return operator

    @abstractmethod
    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on from a state to at most the time ``end`` by at most ``most`` steps, and by at least one.

        Where it pauses may not change a bit of what follows: frames show the same evolution.
        """


def fit(tau: float, t: float, end: float) -> tuple[float, float]:
    """Return the step from t and the time after it: tau, or what is left; a rest that is only rounding too.

    >>> fit(0.5, 1.0, 9.0), fit(0.5, 1.0, 1.25)
    ((0.5, 1.5), (0.25, 1.25))
    """
    return (end - t, end) if end - t <= tau * (1.0 + 1e-9) else (tau, t + tau)


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
