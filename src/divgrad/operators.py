"""The joint at which equations and schemes meet: a linear operator A on images ``(channel, *space)``.

Where something flows in from outside (data that attract, a source) the map is affine: v -> A v + b, and every
verb but ``bound`` and ``bands`` contains b. A flow that is no linear map even when frozen (upwind) says
``linear = False``: then ``axpy`` is one explicit step of it, and schemes that need more refuse.

An equation, linearised at an image, is such an operator; a scheme is a polynomial or a rational function
of it. An operator offers verbs; a scheme that asks for one that it lacks is refused with a sentence.

==============  =======================================  ==========================
verb            what it does                             who asks for it
==============  =======================================  ==========================
``axpy``        v + tau A v                              every scheme can; Implicit without bands
``polynomial``  a two-term recurrence of axpy            Explicit, FED, FSI
``bound``       bound of the spectral radius             Explicit, FED, FSI
``bands``       the three diagonals along one axis       AOS, LOD, Implicit where it has
``inflow``      b, what flows in from outside            AOS, LOD, Implicit
``resolvent``   u = v + tau F(u), F not linearised       Proximal
==============  =======================================  ==========================
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, ClassVar, NamedTuple

from numpy.typing import NDArray

from divgrad.errors import SchemeError
from divgrad.grid import Grid
from divgrad.parameters import Declared
from divgrad.reach import Reach

Image = NDArray[Any]

#: (array in the order of axes of the user's image, its name) -> (channel, *space), of the image's dtype.
Arrange = Callable[[Any, str], Image]


@dataclass(frozen=True)
class Bands:
    """The part of an operator that couples pixels along one axis: a tridiagonal matrix for each line.

    Parameters
    ----------
    upper
        Coefficients of the next pixel, of shape ``space``; the last on each line is zero.
    diagonal
        Coefficients of the pixel itself; None where every row of the matrix sums to zero.
    lower
        Coefficients of the previous pixel, the first on each line zero; None where the part is symmetric.
    """

    upper: Image
    diagonal: Image | None = None
    lower: Image | None = None


class Operator(ABC):
    """A linear operator on images of shape ``(channel, *space)``; ``axpy`` and ``bound`` are required."""

    #: Whether <A u, v> = <u, A v>.
    symmetric: bool = False
    #: Whether v -> A v + b is affine; False: only explicit steps make sense.
    linear: bool = True
    #: Whether its eigenvalues are real; on others only explicit and implicit steps are stable.
    real_spectrum: bool = True
    #: b, of the shape of the image; None where nothing flows in.
    inflow: Image | None = None

    @property
    def has_bands(self) -> bool:
        """Whether it splits into tridiagonal parts, one for each axis."""
        return type(self).bands is not Operator.bands

    @abstractmethod
    def axpy(self, tau: float, v: Image) -> Image:
        """Return v + tau (A v + b) as a new image."""

    @abstractmethod
    def bound(self) -> float:
        """Return a bound of the spectral radius of A, in 1 / time."""

    def polynomial(
        self,
        v: Image,
        taus: Sequence[float],
        fresh: Sequence[float] | None = None,
        chain: Sequence[float] | None = None,
        *,
        spoil: bool = False,
    ) -> Image:
        """Return ``v[n]`` of ``v[s+1] = f[s] (v[s] + taus[s] (A v[s] + b)) + (1 - f[s]) v[s-1]``.

        ``v[-1] = v[0] = v``; without ``fresh`` all f are 1: steps one after the other. ``chain`` are the
        steps of such a sequence that gives the same polynomial, for operators that prefer it. With
        ``spoil`` the operator may use v as scratch.
        """
        old, new = v, v
        for s, tau in enumerate(taus):
            step = self.axpy(tau, new)
            if fresh is not None and fresh[s] != 1.0:
                f = step.dtype.type(fresh[s])
                step *= f
                step += (step.dtype.type(1.0) - f) * old
            old, new = new, step
        return new

    @property
    def has_resolvent(self) -> bool:
        """Whether it solves implicit steps of the flow itself, not of its linearisation."""
        return type(self).resolvent is not Operator.resolvent

    def resolvent(self, tau: float, v: Image, iterations: int) -> Image:
        """Return u with u = v + tau F(u), F the flow that was linearised, as near as the iterations come."""
        raise SchemeError(f"{type(self).__name__} has no resolvent")

    def bands(self, axis: int) -> Bands:
        """Return the part of A along the spatial axis; A must be the sum of these parts."""
        raise SchemeError(f"{type(self).__name__} has no bands: it couples pixels across axes")


class Reduced(NamedTuple):
    """A problem on fewer pixels.

    Parameters
    ----------
    equation
        The equation there.
    image
        The image there.
    mask
        By what a change there is multiplied before it is added here; None: it is added everywhere.
    """

    equation: Equation
    image: Image
    mask: Image | None = None


class Equation(Declared, ABC):
    """How grey value flows; linearised at an image it is an :class:`Operator`.

    A subclass is a frozen dataclass of declared parameters. Images are ``(channel, *space)`` and never
    written to.
    """

    #: One line: authors, journal, year.
    citation: ClassVar[str] = ""
    #: Whether a bound at an image holds at all that follows: then many steps need one look at it.
    bound_lasts: ClassVar[bool] = False
    #: Whether images are complex: then the first half of the channels are real parts, the second imaginary ones,
    #: and a real image is given imaginary parts 0.
    complex_valued: ClassVar[bool] = False
    #: Axioms that it need not pass, each with the reason: see :mod:`divgrad.testing`.
    exemptions: ClassVar[dict[str, str]] = {}

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return the equation for an evolution that begins with u: what it needs of it is looked up once.

        Arrays among its parameters (data, masks, fields) are in the user's order of axes: ``arrange(array,
        name)`` brings them into ``(channel, *space)``, of u's dtype, or refuses them.
        """
        return self

    def reduced(self, u: Image, shrink: Callable[[Image], Image]) -> Reduced:
        """Return the begun equation and the image u on fewer pixels, onto which ``shrink`` averages arrays.

        Parameters in units of length and grey value stay. Override it where the equation holds arrays.

        Raises
        ------
        SchemeError
            If it holds arrays.
        """
        changed: dict[str, Any] = {}
        names: list[str] = [f.name for f in fields(self)] if is_dataclass(self) else []
        for name in names:
            value = getattr(self, name)
            if isinstance(value, Equation):
                changed[name] = value.reduced(u, shrink).equation
            elif isinstance(value, tuple) and any(isinstance(part, Equation) for part in value):
                changed[name] = tuple(part.reduced(u, shrink).equation for part in value)
            elif getattr(value, "ndim", 0):
                raise SchemeError(
                    f"{type(self).__name__} holds an array, {name}, that cannot be reduced: use FSI"
                )
        return Reduced(replace(self, **changed) if changed else self, shrink(u))  # type: ignore[type-var]

    def sees(self, t: float, grid: Grid) -> Reach | None:
        """Return how far it looks at the time t; None: at the whole image, which then cannot be done in parts."""
        return None

    @abstractmethod
    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return the equation linearised at the image u and the time t."""

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return a bound of the spectral radius of the operator at u, t; override where it is cheaper."""
        return self.operator(u, t, grid).bound()

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after explicit steps from the time t, linearised anew for each; override to fuse them."""
        for tau in taus:
            u = self.operator(u, t, grid).axpy(tau, u)
            t += tau
        return u


def volume(image: Image) -> Image:
    """Return a view ``(channel, plane, row, col)`` of ``(channel, *space)``; the last axis stays the last.

    >>> import numpy as np
    >>> volume(np.zeros((1, 4, 5))).shape
    (1, 4, 1, 5)
    """
    channels, space = image.shape[0], image.shape[1:]
    if len(space) == 1:
        return image.reshape(channels, 1, 1, space[0])
    if len(space) == 2:
        return image.reshape(channels, space[0], 1, space[1])
    return image
