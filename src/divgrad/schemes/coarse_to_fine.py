"""Most of the time on reduced images, whose change is carried up."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from divgrad.errors import ParameterError, SchemeError
from divgrad.grid import Grid
from divgrad.kernels.halving import Halving, halving
from divgrad.operators import Equation, Image, Operator, Reduced
from divgrad.parameters import declared, parameter
from divgrad.schemes.fsi import FSI
from divgrad.schemes.scheme import Scheme, State, stable

EARLY = 0.25  # part of the time on a grid that passes before the image is reduced: the rest repairs


@declared
class CoarseToFine(Scheme):
    r"""Let most of the time pass on a reduced image, where it costs little, and carry its change up.

    .. math:: u \leftarrow u + P \bigl(U(t + T) - R u\bigr), \quad U(t) = R u

    After a while of diffusion what is left changes slowly from pixel to pixel, or is an edge that stays. So a
    first part of the time passes on the image as it is; then an image of half as many pixels along each axis (R:
    means) goes on in its place, and itself hands on to a smaller one; its change is added (P: linear); what that
    blurs is repaired in the rest of the time, again on the image itself. All until :class:`~divgrad.Time` is the
    first step: other rules see no image before. Where no time is set, the reduced images run until they hardly
    change, and are the first guess of a steady state; their time does not count.

    Raises
    ------
    SchemeError
        If the equation holds arrays that cannot be reduced.

    References
    ----------
    S. T. Acton, IEEE TIP 7:280-291, 1998. First guesses: F. A. Bornemann, P. Deuflhard, Numerische Mathematik
    75:135-152, 1996.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import CoarseToFine, Heat, Time, evolve
    >>> evolve(np.eye(64), Heat(), scheme=CoarseToFine(), until=Time(300.0)).steps
    1
    """

    scheme: Any = parameter(
        "The scheme by which time passes on every grid", kind=object, default=FSI()
    )
    levels: int = parameter(
        "How often the image is halved at most", kind=int, least=1, default=8, example="1"
    )  # fmt: skip
    fine: float | None = parameter(
        "Time that passes on the image itself; longer is more accurate; on each reduced one it is as long in "
        "its wider pixels; None: 80 stable explicit steps for each axis",
        unit="length squared", above=0, optional=True, default=None, example="40",
    )  # fmt: skip

    order = None
    citation = "S. T. Acton, IEEE TIP 7:280-291, 1998"
    exemptions = {  # noqa: RUF012
        "range": "the change of a reduced image is added to detail of which it knows nothing",
    }

    def __post_init__(self) -> None:
        if not isinstance(self.scheme, Scheme) or isinstance(self.scheme, CoarseToFine):
            raise ParameterError(
                f"CoarseToFine needs another scheme, such as FSI(); got {self.scheme!r:.60}"
            )

    def refusal(self, equation: Equation, operator: Operator) -> str | None:
        """Return the sentence with which it, or its scheme, refuses an equation, or None."""
        sentence: str | None = self.scheme.refusal(equation, operator)
        if sentence is None:
            try:
                equation.reduced(np.zeros((1, 1)), lambda image: image)
            except SchemeError as error:
                sentence = str(error)
        return sentence

    def advance(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        """Go on to the end, or from a first guess by steps of its scheme."""
        if at.step > 0:
            return self._step(equation, at, grid, end, most)
        self.linearise(equation, at.u, at.t, grid)
        share = self.fine
        if share is None:
            share = 80.0 * grid.ndim * stable(equation, at.u, at.t, grid)
        if math.isfinite(end):
            return State(self._carry(equation, at.u, at.t, end, grid, share, self.levels), end, 1)
        u = self._guess(equation, at.u, at.t, grid, share, self.levels)
        return self._step(equation, State(u, at.t), grid, end, most)

    def _carry(
        self,
        equation: Equation,
        u: Image,
        t: float,
        end: float,
        grid: Grid,
        share: float,
        levels: int,
    ) -> Image:
        """Return the image at the end, with ``share`` of the time on this grid."""
        small = halving(grid, u.shape[1:]) if levels > 0 and end - t > share else None
        if small is None:
            return self._run(equation, u, t, end, grid)
        first, last = t + EARLY * share, end - (1.0 - EARLY) * share
        u = self._run(equation, u, t, first, grid)
        there = equation.reduced(u, small.shrink)
        wide = share * small.factor**2
        image = self._carry(there.equation, there.image, first, last, small.grid, wide, levels - 1)
        return self._run(equation, _raised(u, image, there, small), last, end, grid)

    def _guess(
        self, equation: Equation, u: Image, t: float, grid: Grid, share: float, levels: int
    ) -> Image:
        """Return about the steady state: of a small image that of a long time, of others that of smaller ones."""
        small = halving(grid, u.shape[1:]) if levels > 0 else None
        if small is None:
            longest = max(n * h for n, h in zip(u.shape[1:], grid.spacing, strict=True))
            wide = longest / min(grid.spacing)
            far = 2.0 * grid.ndim * wide**2 * stable(equation, u, t, grid)  # L^2 / g, g <= 1
            return self._run(equation, u, t, t + max(share, far), grid)
        there = equation.reduced(u, small.shrink)
        wide = share * small.factor**2
        # On the way to a steady state wider pixels may take longer steps; in an evolution they may not.
        tau = getattr(self.scheme, "tau", None)
        longer = self if not isinstance(tau, int | float) else self._with(tau * small.factor**2)
        image = longer._guess(there.equation, there.image, t, small.grid, wide, levels - 1)
        return self._run(equation, _raised(u, image, there, small), t, t + share, grid)

    def _with(self, tau: float) -> CoarseToFine:
        return replace(self, scheme=replace(self.scheme, tau=tau))

    def _run(self, equation: Equation, u: Image, t: float, end: float, grid: Grid) -> Image:
        state = State(u, t)
        while state.t < end:
            state = self._step(equation, state, grid, end, math.inf)
        return state.u

    def _step(self, equation: Equation, at: State, grid: Grid, end: float, most: float) -> State:
        state: State = self.scheme.advance(equation, at, grid, end, most)
        return state


def _raised(u: Image, image: Image, there: Reduced, small: Halving) -> Image:
    """Return u with the change that the reduced image has made."""
    change = small.enlarge(image - small.shrink(u))
    if there.mask is not None:
        change *= there.mask
    change += u
    return change
