"""Flows whose conductances see the full gradient at every edge: total variation, p-Laplacian, curvature."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.conductances import Conductance, constant
from divgrad.grid import Grid
from divgrad.kernels import curvature, extremes, linked, resolvent, smoothing, tiles
from divgrad.kernels.diffusion import inverse
from divgrad.kernels.presmoothing import axes, gaussians, gradient_conductances
from divgrad.kernels.specialise import specialise
from divgrad.operators import Bands, Image, Operator, volume

DEEPEST = 5  # steps per visit: more gain nothing
DEEPEST_IN_VOLUMES = 1
WIDEST = 2048
LINKED_DEEPEST = 48
LINKED_DEEPEST_IN_VOLUMES = 3


@dataclass(frozen=True)
class Law:
    """What is made of the gradient at an edge.

    Parameters
    ----------
    conductance, contrast
        Conductance of the squared slope; None: that of curvature, 1 / slope, with the slope in front.
    peak
        Largest weight that can occur; of curvature 2.
    scale
        Factor of the whole operator.
    weights
        Factors of the conductance, at the pixels, ``(1, *space)``.
    length, fastest
        Curvature k flows as ``k (length |k|)^(-2/3)``, at most ``fastest`` times as fast as k; None: as k.
    gate
        Curvature flows only where the gate, ``(channel, *space)``, is of its sign.
    bounded
        Whether the conductance is that of total variation, 1 / sqrt(slope^2 + contrast^2).
    """

    conductance: Conductance | None = None
    contrast: float = 1.0
    peak: float = 2.0
    scale: float = 1.0
    weights: Image | None = None
    length: float | None = None
    fastest: float = 1.0
    gate: Image | None = None
    bounded: bool = False

    def bound(self, grid: Grid) -> float:
        """Return 4 peak sum 1 / h^2 (Gershgorin)."""
        return self.peak * self.scale * self.fastest * grid.laplacian_bound


class FullGradient(Operator):
    r"""v -> a div(c grad v), with c, and for curvature a = \|grad w\|, made from the image w.

    All weights are non-negative. Channels share one c and one a.

    Parameters
    ----------
    source
        The image w, ``(channel, *space)``.
    law
        What is made of its slopes.
    grid
        Where the pixels are.
    """

    def __init__(self, source: Image, law: Law, grid: Grid) -> None:
        self.source, self.law, self.grid = source, law, grid
        self.symmetric = law.conductance is not None

    @cached_property
    def _links(self) -> Image:
        """Weights along planes, rows and cols, and the speed: made once, when they are first asked for."""
        w = volume(self.source)
        out = np.empty((4, *w.shape[1:]), w.dtype)
        law, scale = self.law, w.dtype.type(self.law.scale)
        module, e, numbers = _compiled(w, law, self.grid)
        tiles.run(
            lambda box: module.links(w, _around(e, box, 2), out, box, scale, *numbers),
            _boxes(w, 1, self.grid),
            self.grid.tiling.workers,
        )
        return out

    def bound(self) -> float:
        """Return 4 peak sum 1 / h^2 (Gershgorin)."""
        return self.law.bound(self.grid)

    def axpy(self, tau: float, v: Image) -> Image:
        """Return v + tau A v."""
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
        deep = volume(v).shape[2] > 1
        deepest = self.grid.tiling.depth or (LINKED_DEEPEST_IN_VOLUMES if deep else LINKED_DEEPEST)
        # Which of both it is must not depend on how the work is cut: see ScalarDiffusion.
        if chain is not None and (deep or len(taus) > LINKED_DEEPEST):
            taus, fresh = chain, None
        steps = np.asarray(taus, v.dtype)
        f = np.ones_like(steps) if fresh is None else np.asarray(fresh, v.dtype)
        stride = deepest if len(steps) <= deepest or fresh is None else 1
        old, new = v, v
        for s in range(0, len(steps), stride):
            out = np.empty_like(v) if old is v else old
            self._visit(new, old, out, steps[s : s + stride], f[s : s + stride])
            old, new = new, out
        return v.copy() if new is v and not spoil else new

    def _visit(self, v: Image, old: Image, out: Image, taus: Image, fresh: Image) -> None:
        """Make all the steps, block by block; for a single step out may be old."""
        view, before, result, links = volume(v), volume(old), volume(out), self._links
        module = specialise(linked, constant, v.dtype)
        scratch = (3 * len(taus) * v.shape[0] + 4 * (len(taus) + 1)) * v.itemsize
        block = tiles.choose_block(view.shape[1:], len(taus), scratch, self.grid.tiling)
        tiles.run(
            lambda box: module.polynomial(view, before, links, result, box, taus, fresh),
            list(tiles.boxes(view.shape[1:], block)),
            self.grid.tiling.workers,
        )

    @property
    def has_resolvent(self) -> bool:
        """Total variation has one."""
        return self.law.bounded

    def resolvent(self, tau: float, v: Image, iterations: int) -> Image:
        """Return the implicit step."""
        law = self.law
        return total_variation_step(v, tau * law.scale, law.contrast, iterations, self.grid)

    @property
    def has_bands(self) -> bool:
        """Gated flow has none: whether a pixel flows is said of the whole curvature, not of its parts."""
        return self.law.gate is None

    def bands(self, axis: int) -> Bands:
        """Return the coefficients along one axis; rows sum to zero."""
        place = axes(self.grid.ndim)[axis]
        shape = self.source.shape[1:]
        weights, rate = self._links[place].reshape(shape), self._links[3].reshape(shape)
        upper = rate * weights
        if self.symmetric:
            return Bands(upper=upper)
        lower = np.zeros_like(upper)
        cut = (slice(None),) * axis
        np.multiply(
            rate[(*cut, slice(1, None))], weights[(*cut, slice(None, -1))],
            out=lower[(*cut, slice(1, None))],
        )  # fmt: skip
        return Bands(upper=upper, lower=lower)


def explicit(u: Image, taus: Sequence[float], law: Law, grid: Grid) -> Image:
    """Return u after explicit steps, linearised anew for each; some per visit."""
    deepest = DEEPEST_IN_VOLUMES if volume(u).shape[2] > 1 else DEEPEST
    depth = grid.tiling.depth or deepest
    visits = -(-len(taus) // depth)
    depth = -(-len(taus) // max(1, visits))  # equal visits
    old, new = u, u
    for s in range(0, len(taus), depth):
        out = np.empty_like(u) if old is u else old
        _explicit(new, out, taus[s : s + depth], law, grid)
        old, new = new, out
    return u.copy() if new is u else new


def _explicit(u: Image, out: Image, taus: Sequence[float], law: Law, grid: Grid) -> None:
    view, result = volume(u), volume(out)
    module, e, numbers = _compiled(view, law, grid)
    times = np.array([tau * law.scale for tau in taus], u.dtype)
    tiles.run(
        lambda box: module.explicit(view, _around(e, box, 2), result, box, times, *numbers),
        _boxes(view, len(times), grid),
        grid.tiling.workers,
    )


def total_variation_step(
    f: Image, tau: float, smoothing: float, iterations: int, grid: Grid
) -> Image:
    r"""Return u with u = f + tau div(grad u / sqrt(\|grad u\|^2 + smoothing^2)), as near as the iterations come."""
    real, view = f.dtype.type, volume(f)
    deep = view.shape[2] > 1
    module = specialise(resolvent, constant, f.dtype, VOLUME=deep)
    squares = inverse(grid, f.dtype)
    ways = np.sqrt(inverse(grid, np.float64))
    factors, least = (tau * ways).astype(f.dtype), real(smoothing * smoothing)
    p = np.zeros((3 if deep else 2, *view.shape), f.dtype)
    y, spare = np.zeros_like(p), np.zeros_like(p)
    boxes, workers = _boxes(view, 1, grid), grid.tiling.workers
    inertia, beta = 1.0, 0.0
    for i in range(iterations):
        # With momentum beta a mode of L = tau ||div||^2 stays stable up to sigma L = 2 (1 + beta) / (1 + 2 beta).
        sigma = 0.95 * 2.0 * (1.0 + beta) / (1.0 + 2.0 * beta) / (tau * grid.laplacian_bound)
        before, inertia = inertia, 0.5 * (1.0 + math.sqrt(1.0 + 4.0 * inertia * inertia))
        beta = 0.0 if i + 1 == iterations else (before - 1.0) / inertia
        how = ((sigma * ways).astype(f.dtype), real(sigma), real(beta), squares, least)
        relax = partial(_relax, module, view, p, y, spare, factors, how)
        tiles.run(relax, boxes, workers)
        y, spare = spare, y
    out = np.empty_like(f)
    result = volume(out)
    tiles.run(lambda box: module.flowed(view, y, result, box, factors), boxes, workers)
    return out


def _relax(
    module: Any, f: Image, p: Image, y: Image, out: Image, factors: Image, how: Any, box: tiles.Box
) -> None:
    module.relax(f, p, y, out, box, factors, *how)


#: (part of an image, a box of all its cols, result) -> weights or a gate at the box's pixels, in an array like the part
Given = Callable[[Image, tiles.Box, Image], Any]


def following(
    u: Image, taus: Sequence[float], law: Law, given: Given, reach: int, grid: Grid
) -> Image:
    """Return u after explicit steps; what the law is given at the pixels is made anew for each, block by block.

    Parameters
    ----------
    u
        Image ``(channel, *space)``.
    taus
        The time steps.
    law
        With ``weights`` or ``gate`` of any value: they tell which it is.
    given
        What makes them.
    reach
        How many pixels far it looks.
    grid
        Where the pixels are.
    """
    module, _, numbers = _compiled(volume(u), law, grid)
    far, rooms = reach + 2, list[_Room]()
    old, new = u, u
    for tau in taus:
        out = np.empty_like(u) if old is u else old
        view, result = volume(new), volume(out)
        how = (np.array([tau], u.dtype), *numbers)
        work = partial(_block, module, view, result, given, far, how, law, rooms)
        tiles.run(work, _blocks(view, far, grid), grid.tiling.workers)
        old, new = new, out
    return u.copy() if new is u else new


class _Room:
    """Arrays for one block at a time: new ones would cost a third of the time that is spent in them."""

    def __init__(self) -> None:
        self.arrays: dict[Any, Image] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> Image:
        """Return an array of any content."""
        if (name, shape) not in self.arrays:
            self.arrays[name, shape] = np.empty(shape, dtype)
        return self.arrays[name, shape]


def _block(
    module: Any, u: Image, out: Image, given: Given, far: int, how: Any, law: Law,
    rooms: list[_Room], box: tiles.Box,
) -> None:  # fmt: skip
    """Make a step in a block, which with what is around it stays in the cache."""
    try:
        room = rooms.pop()
    except IndexError:
        room = _Room()
    cut, inner, near = [slice(None)], [], []
    for i, size in enumerate(u.shape[1:]):
        low, high = box[2 * i], box[2 * i + 1]
        first = max(0, low - far)
        cut.append(slice(first, min(size, high + far)))
        inner += [low - first, high - first]
        near += [max(0, low - 2) - first, min(size, high + 2) - first]
    # Copies: of what may have gaps between its pixels Numba makes slow loops, and another kernel.
    view = u[tuple(cut)]
    part, result = (room.array(name, view.shape, u.dtype) for name in ("part", "result"))
    np.copyto(part, view)
    e = room.array("given", (u.shape[0] if law.weights is None else 1, *view.shape[1:]), u.dtype)
    given(part, (near[0], near[1], near[2], near[3], 0, part.shape[3]), e)
    around = e[(slice(None), *(slice(near[2 * i], near[2 * i + 1]) for i in range(3)))]
    closed = room.array("around", around.shape, u.dtype)
    np.copyto(closed, around)
    module.explicit(part, closed, result, tuple(inner), *how)
    inside = (slice(None), *(slice(inner[2 * i], inner[2 * i + 1]) for i in range(3)))
    out[:, box[0] : box[1], box[2] : box[3], box[4] : box[5]] = result[inside]
    rooms.append(room)


def _blocks(view: Image, far: int, grid: Grid) -> list[tiles.Box]:
    """Cut into blocks that with what is around them, twice, fit the cache."""
    planes, rows, cols = shape = view.shape[1:]
    block = grid.tiling.block
    if block is None:
        pixels = tiles.CACHE // view.itemsize
        width = tiles.even(cols, 2048)  # long rows: each costs half a microsecond
        height = rows if rows == 1 else tiles.even(rows, 32)
        each = (width + 2 * far) * (1 if rows == 1 else height + 2 * far)
        block = (tiles.even(planes, max(4 * far, pixels // each - 2 * far)), height, width)
    return list(tiles.boxes(shape, block))


def edge_map(
    u: Image, sigma: float, conductance: Conductance, contrast: float, grid: Grid
) -> tuple[Given, int]:
    """Return what makes g(|grad G u|^2) in a part of an image, and how far it looks."""
    make = gradient_conductances(u, sigma, conductance, contrast, grid)
    return make, max(kernel.size for kernel in gaussians(sigma, grid, u.dtype))


def sides(u: Image, radius: float, grid: Grid) -> tuple[Given, int]:
    """Return what makes :func:`side` in a part of an image, and how far it looks."""
    kernels = gaussians(0.5 * radius, grid, u.dtype)
    blur, module = specialise(smoothing, constant, u.dtype), specialise(extremes, constant, u.dtype)
    reach = np.zeros(3, np.int64)
    for axis, h in zip(axes(grid.ndim), grid.spacing, strict=True):
        reach[axis] = int(np.ceil(radius / h - 1e-9))
    # What is no more than rounding is none, so that a mirrored image decides alike.
    rounding = u.dtype.type(64.0 * float(np.finfo(u.dtype).eps))

    def given(part: Image, box: tiles.Box, out: Image) -> None:
        blur.gaussian(part, out, box, *kernels)
        module.side(part, out, out, box, reach, rounding)

    return given, max(int(reach.max()), *(kernel.size for kernel in kernels))


def side(u: Image, radius: float, grid: Grid) -> Image:
    """Return by how much the mean around each pixel is above the middle of the values around it."""
    given, _ = sides(u, radius, grid)
    _, planes, rows, cols = volume(u).shape
    out = np.empty_like(u)
    given(volume(u), (0, planes, 0, rows, 0, cols), volume(out))
    return out


def _compiled(w: Image, law: Law, grid: Grid) -> tuple[Any, Image, list[Any]]:
    """Return the kernel, what it is given at the pixels, and the numbers with which it is called."""
    real = w.dtype.type
    given = law.gate if law.weights is None else law.weights
    module = specialise(
        curvature, law.conductance or constant, w.dtype,
        VOLUME=w.shape[2] > 1, GEOMETRIC=law.conductance is None,
    )  # fmt: skip
    e: NDArray[Any] = np.zeros((1, 1, 1, 1), w.dtype) if given is None else volume(given)
    kinds = (law.weights is not None, law.gate is not None)
    numbers = [real(law.contrast), real(law.length or 0.0), real(law.fastest), kinds]
    return module, e, [inverse(grid, w.dtype), *numbers]


def _around(e: Image, box: tiles.Box, halo: int) -> Image:
    """Return the part of an array in the box and a halo around it."""
    if e.size == 1:
        return e
    cut = (slice(max(0, box[i] - halo), box[i + 1] + halo) for i in (0, 2, 4))
    return np.ascontiguousarray(e[(slice(None), *cut)])


def _boxes(view: Image, steps: int, grid: Grid) -> list[tiles.Box]:
    """Cut into boxes of which a few planes of every step fit the cache; several for each thread."""
    planes, rows, cols = shape = view.shape[1:]
    block = grid.tiling.block
    if block is None:
        halo = 4 * steps
        each = view.itemsize * steps * (4 * view.shape[0] + (10 if rows == 1 else 14))
        width = tiles.even(cols, max(64, min(WIDEST, tiles.CACHE // each - halo)))
        height = rows
        if rows > 1:
            height = tiles.even(rows, max(16, 3 * tiles.CACHE // each // (width + halo) - halo))
        across = -(-rows // height) * -(-cols // width)
        deep = max(8 * halo, -(-planes * across // (4 * grid.tiling.workers)))
        deep = max(1, min(deep, tiles.LARGEST // (4 * height * width * steps)))
        block = (tiles.even(planes, deep), height, width)
    return list(tiles.boxes(shape, block))
