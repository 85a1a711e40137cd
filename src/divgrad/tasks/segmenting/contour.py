"""From a first contour to the nearest outline: geodesic active contours, coarse first, then fine."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import constant, rational
from divgrad.grid import Grid
from divgrad.kernels import band
from divgrad.kernels.halving import Halving, halving
from divgrad.kernels.presmoothing import gradient_conductance, smooth
from divgrad.kernels.specialise import specialise
from divgrad.operators import Image
from divgrad.tasks.segmenting.starting import typical_radius

REACH = 3.0  # half the width of the band, in pixels of the widest axis
STEPS = 6  # of diffusion before distances are measured anew: a round
PERIOD = 4  # rounds after which is looked how far the contour has come
STILL = 0.02  # pixels, root mean square: it rests
FEW = 60  # rounds on each grid but the coarsest
# Pixels that the first contour's radius has at least on a reduced image; a third of it where it shall grow.
SMALLEST = {2: 24.0, 3: 12.0}
AGAIN = (
    4.0  # times this radius: up to here a contour that a reduced image could not hold begins anew
)
SHAPE = math.sqrt(2.0 * math.pi)  # step of height one, smoothed: slope 1 / (SHAPE sigma)
NOISE, HIGHEST = 2.0, 0.1  # half an edge: so many times the noise, or so much of the highest step
FAINTEST = 1e-4  # weight of the strongest edge


class Settled(NamedTuple):
    """Where a contour has come to rest.

    Parameters
    ----------
    distance
        Signed distance, ``space``, negative inside; no further than a few pixels.
    edges
        Weights g of the image itself, ``space``: small at edges.
    rounds
        On each grid, the coarsest first.
    """

    distance: NDArray[Any]
    edges: NDArray[Any]
    rounds: tuple[int, ...]


def settle(
    u: Image,
    first: NDArray[Any],
    contrast: float,
    pressure: float,
    radius: float,
    levels: int | None,
    grid: Grid,
) -> Settled:
    r"""Move the contour where ``first`` changes its sign, negative inside, until it rests.

    .. math:: \partial_t \phi = \mathrm{div}(g \nabla \phi) - c \, g, \quad |\nabla \phi| = 1

    Parameters
    ----------
    u
        Image ``(channel, *space)``.
    first
        Of the image's shape.
    contrast
        Height of a step that is half an edge, in image units.
    pressure
        Curvature c at which a contour in a flat image neither grows nor shrinks, 1 / length.
    radius
        About the radius of the first contour, in units of length: reduced images keep it.
    levels
        How often the image is halved at most; None: as often as the first contour allows.
    grid
        Where the pixels are.
    """
    ways: list[Halving] = []
    images, firsts, most = [u], [first.astype(u.dtype)], 32 if levels is None else levels
    growing = pressure > (grid.ndim - 1) / radius
    least = SMALLEST[grid.ndim] / (3.0 if growing else 1.0)
    while len(ways) < most and radius >= 2.0 * least * max(grid.spacing):
        way = halving(grid, images[-1].shape[1:])
        if way is None:
            break
        ways.append(way)
        images.append(way.shrink(images[-1]))
        firsts.append(way.shrink(firsts[-1][None])[0])
        grid = way.grid
    rounds: list[int] = []
    lost = True  # nothing found on a coarser grid
    for depth in range(len(ways), -1, -1):
        wide = radius / max(grid.spacing)
        if lost:
            phi = firsts[depth]
        g = weights(images[depth], contrast, grid)
        if depth == 0 and not lost:
            break
        most = _needed(phi.shape, radius, pressure, grid) if lost else FEW
        phi, used = _settle(phi, g, pressure, most, grid)
        rounds.append(used)
        lost = wide < AGAIN * least and not (phi < 0).any()
        if depth > 0:
            phi, grid = ways[depth - 1].enlarge(phi[None])[0], ways[depth - 1].fine
    phi, used = _settle(phi, g, _balance(phi, grid), FEW, grid)
    rounds.append(used)
    return Settled(phi, g, tuple(rounds))


def weights(u: Image, contrast: float, grid: Grid) -> NDArray[Any]:
    """Return 1 / (1 + (s / contrast)^2), s the height of a step as steep as the image smoothed by a pixel."""
    sigma = max(grid.spacing)
    g = gradient_conductance(u, sigma, rational, contrast / (SHAPE * sigma), grid)[0]
    return np.asarray(np.maximum(g, u.dtype.type(FAINTEST)))


def typical_step(u: Image, grid: Grid) -> float:
    """Return the height of a step that stands out: of noise, and of a tenth of the highest steps.

    >>> u = np.where(np.arange(32) < 9, 0.0, 50.0) * np.ones((1, 24, 1))
    >>> round(typical_step(u, Grid((1.0, 1.0))))
    4
    """
    sigma = max(grid.spacing)
    v = smooth(u, sigma, grid)
    squares = np.zeros(u.shape[1:], u.dtype)
    for axis, h in enumerate(grid.spacing):
        n = u.shape[axis + 1]
        if n < 3:
            continue
        ends = [(slice(None),) * axis + (slice(a, n - 2 + a),) for a in range(3)]
        for channel in v:
            slope = channel[ends[2]] - channel[ends[0]]
            slope *= u.dtype.type(0.5 / h)
            slope *= slope
            squares[ends[1]] += slope
    highest = SHAPE * sigma * math.sqrt(np.quantile(_sample(squares), 0.995))
    return float(max(NOISE * _noise(u), HIGHEST * highest)) or 1.0


def _noise(u: Image) -> float:
    """Return about the standard deviation of the noise of all channels: of what differs from pixel to pixel."""
    if min(u.shape[-2:]) < 3:
        return 0.0
    total = 0.0
    for channel in u:
        along = channel[..., 2:] - 2 * channel[..., 1:-1] + channel[..., :-2]
        both = along[..., 2:, :] - 2 * along[..., 1:-1, :] + along[..., :-2, :]
        total += float(np.median(np.abs(_sample(both)))) ** 2
    return math.sqrt(total) / (6.0 * 0.6745)


def _sample(a: NDArray[Any]) -> NDArray[Any]:
    """Return every so many pixels: about a hundred thousand."""
    return a.reshape(-1)[:: max(1, a.size // 100_000)]


def _needed(shape: tuple[int, ...], radius: float, pressure: float, grid: Grid) -> int:
    """Return after how many rounds a first contour of this radius has surely arrived anywhere in a flat image."""
    time = STEPS * time_step(grid)
    shrinking = radius**2 / 2.0
    far = 0.5 * math.hypot(*(n * h for n, h in zip(shape, grid.spacing, strict=True)))
    excess = pressure - (grid.ndim - 1) / radius
    growing = far / excess if excess > 0.1 / radius else 10.0 * far * radius
    return 50 + math.ceil(2.0 * (shrinking if pressure <= 0 else growing) / time)


def time_step(grid: Grid) -> float:
    """Return the time step, nine tenths of the longest that makes no new extremum."""
    return 0.9 / (2.0 * sum(grid.inverse))


def _balance(phi: NDArray[Any], grid: Grid) -> float:
    """Return twice the mean curvature of what is enclosed: the pressure that leaves a round edge where it is.

    Smoothing by sigma moves the steepest place of a round edge inward by sigma^2 k / 2, and so does shortening.
    """
    size = np.count_nonzero(phi < 0) * math.prod(grid.spacing)
    if size == 0 or size == phi.size * math.prod(grid.spacing):
        return 0.0
    return 2.0 * (grid.ndim - 1) / typical_radius(phi, grid)


def _settle(
    phi: NDArray[Any], g: NDArray[Any], pressure: float, most: int, grid: Grid
) -> tuple[NDArray[Any], int]:
    """Return the signed distance after at most so many rounds on one grid, and how many there were."""
    dtype = g.dtype
    real, wide = dtype.type, max(grid.spacing)
    reach = real(REACH * wide)
    inner = (slice(1, -1),) * g.ndim
    rim = tuple(n + 2 for n in g.shape)
    u, push, most_near = np.zeros(rim, dtype), np.zeros(rim, dtype), np.zeros(rim, dtype)
    w = [np.zeros(rim, dtype) for _ in rim]
    edge = np.zeros(rim, bool)
    inside = phi < 0
    for axis, inverse in enumerate(grid.inverse):
        here = (slice(None),) * axis + (slice(None, -1),)
        there = (slice(None),) * axis + (slice(1, None),)
        between = real(0.5) * (g[here] + g[there])
        w[axis][inner][here] = real(inverse) * between
        for part in (here, there):
            np.maximum(most_near[inner][part], between, out=most_near[inner][part])
        change = inside[here] != inside[there]
        edge[inner][here] |= change
        edge[inner][there] |= change
    rate = real(1) / np.where(most_near > 0, most_near, real(1))
    push[inner] = real(pressure) * g * rate[inner]
    u[inner] = np.where(inside, -reach, reach)
    u[edge] = phi[edge[inner]]
    start = np.flatnonzero(edge).astype(np.int32)
    lists = np.empty((2, u.size), np.int32)
    lists[0, : len(start)] = start
    told = np.array([len(start), 0, 0], np.int64)
    before, d = np.empty(u.size, dtype), np.empty(u.size, dtype)
    strides = np.array([s // u.itemsize for s in u.strides])
    module = specialise(band, constant, dtype)
    module.settle(
        u.reshape(-1), before, d, np.zeros(u.size, np.uint8), lists[0], lists[1],
        np.stack([part.ravel() for part in w]), rate.reshape(-1), push.reshape(-1), strides,
        np.array(grid.spacing, dtype), (reach, real(time_step(grid)), real(STILL * min(grid.spacing))),
        (STEPS, PERIOD, most), told,
    )  # fmt: skip
    return np.ascontiguousarray(u[inner]), int(told[0])
