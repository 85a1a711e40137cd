"""Images whose truth is known, 1-D to 3-D: float64, grey values 0 to 1, made of their shape alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Phantom = NDArray[np.float64]


def step(shape: Sequence[int]) -> Phantom:
    """Return a sharp edge across the last axis: 0 before its middle, 1 from there on.

    >>> step((1, 4)).tolist()
    [[0.0, 0.0, 1.0, 1.0]]
    """
    return np.asarray(np.indices(shape)[-1] >= shape[-1] // 2, np.float64)


def ramp(shape: Sequence[int]) -> Phantom:
    """Return a plane that rises along every axis, from 0 in the first corner to 1 in the last.

    >>> ramp((2, 3)).tolist()
    [[0.0, 0.25, 0.5], [0.5, 0.75, 1.0]]
    """
    parts = [i / max(1, n - 1) for i, n in zip(np.indices(shape), shape, strict=True)]
    return np.asarray(np.mean(parts, axis=0))


def checkerboard(shape: Sequence[int]) -> Phantom:
    """Return 0 and 1 in turn along every axis: the fastest of all waves, the first to become unstable.

    >>> checkerboard((2, 3)).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    return np.asarray(np.indices(shape).sum(axis=0) % 2, np.float64)


def spot(shape: Sequence[int]) -> Phantom:
    """Return a single bright pixel in the middle; evolved, it is the equation's answer to an impulse.

    >>> spot((5,)).tolist()
    [0.0, 0.0, 1.0, 0.0, 0.0]
    """
    image = np.zeros(shape)
    image[tuple(n // 2 for n in shape)] = 1.0
    return image


def disc(
    shape: Sequence[int], radius: float | None = None, spacing: Sequence[float] | None = None
) -> Phantom:
    """Return a bright disc (interval, ball) of sharp edge in the middle of a dark ground.

    Parameters
    ----------
    shape
        Shape of the image.
    radius
        Radius in units of length; None takes a third of the shortest side.
    spacing
        Distance of pixels along each axis; default 1.

    >>> disc((3, 5), 1.0).tolist()
    [[0.0, 0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]]
    """
    h = spacing or [1.0] * len(shape)
    shortest = min(n * distance for n, distance in zip(shape, h, strict=True))
    reach = shortest / 3.0 if radius is None else radius
    r2 = sum(x * x for x in positions(shape, h))
    return np.asarray(r2 <= reach * reach, np.float64)


def blob(
    shape: Sequence[int],
    sigmas: Sequence[float] | None = None,
    spacing: Sequence[float] | None = None,
) -> Phantom:
    r"""Return a Gaussian blob in the middle, of another width along every axis.

    After the time t of :class:`~divgrad.Heat` its variances are :math:`\sigma_i^2 + 2 t`.

    Parameters
    ----------
    shape
        Shape of the image.
    sigmas
        Standard deviation along each axis, in units of length; None takes 1, 1/2 and 1/3 of an eighth of
        each side.
    spacing
        Distance of pixels along each axis; default 1.

    >>> blob((3,), [1.0]).round(3).tolist()
    [0.607, 1.0, 0.607]
    """
    h = spacing or [1.0] * len(shape)
    if sigmas is None:
        sides = zip(shape, h, strict=True)
        sigmas = [n * distance / (8.0 * (i + 1)) for i, (n, distance) in enumerate(sides)]
    parts = zip(positions(shape, h), sigmas, strict=True)
    return np.asarray(np.exp(-0.5 * sum((x / sigma) ** 2 for x, sigma in parts)))


def noise(shape: Sequence[int], seed: int = 0) -> Phantom:
    """Return white noise, uniform between 0 and 1.

    >>> noise((2,), seed=1).round(3).tolist()
    [0.512, 0.95]
    """
    return np.random.default_rng(seed).random(tuple(shape))


def scene(shape: Sequence[int], seed: int = 0) -> Phantom:
    """Return a bit of everything: a disc on a ramp, in noise; no symmetry, no two values alike.

    >>> scene((2, 3)).round(2).tolist()
    [[0.19, 0.56, 0.16], [0.15, 0.87, 0.57]]
    """
    return 0.4 * disc(shape) + 0.3 * ramp(shape) + 0.3 * noise(shape, seed)


def positions(shape: Sequence[int], spacing: Sequence[float]) -> list[NDArray[Any]]:
    """Return the coordinates of the pixels along each axis, from the middle, in units of length.

    >>> [x.ravel().tolist() for x in positions((3, 2), (1.0, 0.5))]
    [[-1.0, 0.0, 1.0], [-0.25, 0.25]]
    """
    sides = zip(shape, spacing, strict=True)
    axes = [(np.arange(n) - 0.5 * (n - 1)) * h for n, h in sides]
    return list(np.meshgrid(*axes, indexing="ij", sparse=True))


#: Every phantom that needs no more than a shape, by name.
PHANTOMS: dict[str, Callable[[Sequence[int]], Phantom]] = {
    "step": step,
    "ramp": ramp,
    "checkerboard": checkerboard,
    "spot": spot,
    "disc": disc,
    "blob": blob,
    "noise": noise,
    "scene": scene,
}
