"""One problem on which axioms are tried: an equation, a scheme, an image and how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.evolution import Solution, evolve
from divgrad.grid import Tiling
from divgrad.operators import Equation
from divgrad.schemes.scheme import Scheme
from divgrad.stopping import Steps, Stop
from divgrad.testing.phantoms import scene


@dataclass(frozen=True)
class Case:
    """An evolution that can be run again with something changed.

    Parameters
    ----------
    equation, scheme
        What is tried.
    image
        Image, float32 or float64.
    until
        How long; a few steps show what there is to see.
    channel_axis
        Axis of the channels; None: there is none.
    spacing
        Distance of pixels along each spatial axis; None: 1.
    ulps
        Rounding allowed, in units of the last place of the largest value.
    tiling
        How the image is cut.
    """

    equation: Equation
    scheme: Scheme
    image: NDArray[Any]
    until: Stop = Steps(3)  # noqa: RUF009
    channel_axis: int | None = None
    spacing: tuple[float, ...] | None = None
    ulps: float = 64.0
    tiling: Tiling = Tiling()  # noqa: RUF009

    def __str__(self) -> str:
        spacing = "" if self.spacing is None else f" with spacing {self.spacing}"
        return (
            f"{self.equation} by {self.scheme} until {self.until}, on {self.image.dtype} of shape "
            f"{self.image.shape}{spacing}"
        )

    @property
    def axes(self) -> tuple[int, ...]:
        """The spatial axes of the image."""
        if self.channel_axis is None:
            return tuple(range(self.image.ndim))
        channel = self.channel_axis % self.image.ndim
        return tuple(axis for axis in range(self.image.ndim) if axis != channel)

    @property
    def distances(self) -> tuple[float, ...]:
        """The spacing along each spatial axis."""
        return self.spacing or (1.0,) * len(self.axes)

    def change(self, **changes: Any) -> Case:
        """Return the case with some of it changed."""
        return replace(self, **changes)

    def run(self) -> NDArray[Any]:
        """Return the image at the end."""
        return self.solve().u

    def solve(self) -> Solution:
        """Return the end of the evolution, as it is :func:`seen`."""
        solution = evolve(
            self.image,
            self.equation,
            scheme=self.scheme,
            until=self.until,
            channel_axis=self.channel_axis,
            spacing=self.spacing,
            tiling=self.tiling,
        )
        return replace(solution, u=seen(solution.u))

    def rounding(self, *images: NDArray[Any]) -> float:
        """Return how much rounding is allowed, for the largest value of the case and of further images.

        A scheme that chooses its steps by an estimate of their error passes rounding on to their length,
        magnified as the error is small: 32 times as much is allowed.
        """
        largest = max(float(np.abs(image).max()) for image in (self.image, *images))
        magnified = 32.0 if self.scheme.order is None else 1.0
        return self.ulps * magnified * float(np.finfo(self.image.dtype).eps) * largest

    def agree(self, got: NDArray[Any], wanted: NDArray[Any], what: str, allowed: float) -> None:
        """Raise AssertionError unless two images differ by no more than allowed anywhere; 0: to the bit."""
        if got.shape != wanted.shape or got.dtype != wanted.dtype:
            self.fail(f"{what}: got {got.dtype} {got.shape}, wanted {wanted.dtype} {wanted.shape}")
        off = float(np.abs(got.astype(np.float64) - wanted.astype(np.float64)).max())
        if not off <= allowed:
            self.fail(f"{what}: off by {off:.3g}, allowed is {allowed:.3g}")

    def fail(self, sentence: str) -> None:
        """Raise AssertionError with the sentence and the case."""
        raise AssertionError(f"{sentence}\n  in {self}")


def seen(u: NDArray[Any]) -> NDArray[Any]:
    """Return an image by which axioms judge: of a complex one, both parts added up, neither goes unseen.

    >>> seen(np.array([1 + 2j, 3.0])), seen(np.ones(2, int))
    (array([3., 3.]), array([1, 1]))
    """
    return u.real + u.imag if np.iscomplexobj(u) else u


def trial_images(
    shapes: Sequence[Sequence[int]] = ((11,), (7, 9), (5, 4, 6)),
) -> list[NDArray[Any]]:
    """Return the images on which checks try things unless told otherwise: scenes of grey values 0 to 100.

    >>> [image.shape for image in trial_images()]
    [(11,), (7, 9), (5, 4, 6)]
    """
    return [100.0 * scene(shape, seed=len(shape)) for shape in shapes]
