"""How far a flow looks: what a part of an image needs around it so that its pixels come out as in the whole."""

from __future__ import annotations

from typing import NamedTuple


class Reach(NamedTuple):
    """How far an equation looks, in pixels along each spatial axis; more than it does is exact too.

    Parameters
    ----------
    making
        From a pixel to those of which the operator there is made.
    flow
        From a pixel to those with which the operator exchanges grey value.
    step
        Of one explicit step, linearised anew.
    extremes
        Whether ``begin`` and ``bound`` look at the image's least and largest value; they may look at nothing else of
        it, but for the number of channels.
    by_rows
        Whether the bound is the largest of what the operator's ``bound_within`` tells of parts.
    copies
        Memory that is needed at most, in images of the size of the part.
    """

    making: tuple[int, ...]
    flow: tuple[int, ...]
    step: tuple[int, ...]
    extremes: bool = False
    by_rows: bool = False
    copies: int = 4

    def of_cycle(self, steps: int) -> tuple[int, ...]:
        """Return how far a frozen operator, made once, looks in so many steps.

        >>> nearest(2).of_cycle(5)
        (5, 5)
        """
        return tuple(m + steps * f for m, f in zip(self.making, self.flow, strict=True))


def nearest(ndim: int, *, extremes: bool = False) -> Reach:
    """Return the reach of a flow between nearest neighbours whose conductances depend on the two alone.

    >>> nearest(2).step
    (1, 1)
    """
    one = (1,) * ndim
    return Reach((0,) * ndim, one, one, extremes=extremes)


def around(radius: tuple[int, ...], *, copies: int) -> Reach:
    """Return the reach of nearest neighbours whose conductances see so many pixels around.

    >>> around((3, 2), copies=6).of_cycle(2)
    (5, 4)
    """
    step = tuple(r + 1 for r in radius)
    return Reach(radius, (1,) * len(radius), step, copies=copies)
