"""a div(c grad u), with c made at the edges of pixels from the full gradient there: the loops of curvature flows.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. What is done
with each plane stands in :mod:`divgrad.kernels.curvature_planes`.

Discretisation
    Across the edge between the neighbours i and j lies the slope ``s^2 = (u_j - u_i)^2 / h^2 + t^2``, where t^2 is the
    mean over i and j of ``(d+^2 + d-^2) / 2`` along the other axes. A pixel gains ``tau a_i / h^2`` times
    ``c (u_j - u_i)``. All weights are >= 0, so that under the step's bound no new extremum can arise.
Total variation, p-Laplacian
    ``c = conductance(s^2)`` and a = 1: grey value is kept. At a straight step along the grid the flux of total
    variation is exactly 1, in which conductances averaged from pixels err by 40 %.
Curvature
    ``GEOMETRIC``: c = 1 / max(s, a_i / 2, a_j / 2), where a is the slope at the pixel, of mean squares as above:
    central differences would not see a single hot pixel, which then stayed for ever. No weight is above
    2: the bound holds for any image, and no constant has to be added to the slope. A straight step
    blurs by about a pixel, within which there is no telling a step from a ramp.
Many steps per visit
    As in :mod:`divgrad.kernels.scalar` the steps follow each other through the planes; each reaches two pixels far. A
    plane lies in the cache with a rim of one pixel, mirrored after every step, so that no loop asks where the
    border is: nothing flows between equal pixels. Loops write to one array each, or few: with more, compilers
    do not vectorise. Five roots and divisions per pixel in 2-D, one of each per edge, are most of the work.
Kinds of speed
    are told by numbers, not by switches: they are loops of their own, and a kernel less takes seconds less to compile.
"""

from __future__ import annotations

import numpy as np

from divgrad.kernels.curvature_planes import arrive, gain, gather, load, speed, store
from divgrad.kernels.curvature_rows import add, hold, share
from divgrad.kernels.planes import reflect, widened

__all__ = ["explicit", "links"]

REAL = np.float32
VOLUME = True
GEOMETRIC = True  # curvature; else conductances
INLINE = False  # the same speed, and half the time to compile


def explicit(u, e, out, box, taus, inverse, contrast, length, fastest, kinds):
    """out[box] <- u after len(taus) explicit steps, every one with weights of its own state.

    ``inverse`` is 1 / h^2 along planes, rows and cols. ``kinds``: whether edges are weighed by e; whether flow goes
    only where curvature has the sign of e. Then e is given at the pixels of the box with its halo, for a single step.
    """
    steps = taus.shape[0]
    outer = widened(box, 2 * steps, u)
    width = outer[5] - outer[4] + 2
    n = (outer[3] - outer[2] - 1) * width + width - 2
    room = (n + 2 * width + 2 + 15) // 16 * 16 if VOLUME else (width + 15) // 16 * 16
    channels = u.shape[0]
    march(
        u, e, out, box, taus, inverse, contrast, length, fastest, kinds, outer,
        np.zeros((steps, 4, channels, room), REAL),
        np.zeros((steps, 2, 4 if VOLUME else 3, room), REAL),
        np.zeros((3, e.shape[0], room), REAL),
        np.zeros((steps, 2, room), REAL),
        np.zeros(room, REAL),
        np.zeros(room, REAL),
        np.zeros((channels, n), REAL),
        np.zeros(n, REAL),
        np.ones(n, REAL),
    )  # fmt: skip


def march(
    u, e, out, box, taus, inverse, contrast, length, fastest, kinds, outer,
    state, t, given, gz, gy, gx, change, part, rate,
):  # fmt: skip
    """The loops of :func:`explicit`, on the arrays that it has made, over the box with its halo, outer."""
    steps, channels, planes = taus.shape[0], u.shape[0], outer[1] - outer[0]
    width, n = outer[5] - outer[4] + 2, rate.shape[0]
    first = width + 1 if VOLUME else 1
    sides = (first, n, width)
    weighted, gated = kinds
    top = 2.0 * (np.sqrt(inverse[0]) + np.sqrt(inverse[1]) + np.sqrt(inverse[2]))
    head = (
        2 if outer[0] > 0 else 0
    )  # at a border of the image nothing is wrong and no plane is left out
    tail = 2 if outer[1] < u.shape[1] else 0
    for i in range(planes + 2 * steps):
        if i < planes:
            for c in range(channels):
                load(u, c, outer[0] + i, outer, state[0, i % 4, c])
            if weighted or gated:
                for c in range(e.shape[0]):
                    load(e, c, i, (0, 0, 0, outer[3] - outer[2], 0, width - 2), given[i % 3, c])
        for s in range(steps):
            k = i - 2 * s
            if k < head * s or k >= planes + 2 - tail * (s + 1):
                continue
            arrive(
                k, planes, state[s], t[s], given, weighted, sides, inverse, contrast,
                gz[s], gy, gx,
            )  # fmt: skip
            if k < 2 + head * (s + 1):
                continue
            q, p, r = state[s, (k + 1) % 4], state[s, (k + 2) % 4], state[s, (k + 3) % 4]
            a, gl, gr = t[s, k % 2], gz[s, k % 2], gz[s, (k + 1) % 2]
            if GEOMETRIC and (length > 0.0 or gated):
                for c in range(channels):
                    gather(q[c], p[c], r[c], first, width, gl, gr, gy, gx, inverse, change[c])
                speed(change, a, first, length, fastest, top, part, rate)
                if gated:
                    hold(change, given[(k + 1) % 3, :, first:], part, rate)
            for c in range(channels):
                result = change[c] if s + 1 == steps else state[s + 1, (k + 2) % 4, c]
                if s + 1 < steps:
                    result = result[first : first + n]
                curved = False
                if GEOMETRIC:
                    curved = length > 0.0 or gated
                    if curved:
                        add(p[c], first, taus[s], rate, change[c], result)
                if not curved:
                    gain(
                        q[c], p[c], r[c], first, width, gl, gr, gy, gx, a, taus[s], inverse, result
                    )
                if s + 1 < steps:
                    reflect(state[s + 1, (k + 2) % 4, c], outer[3] - outer[2], width, first - 1)
                else:
                    store(result, c, outer, width, outer[0] + k - 2, box, out)


def links(u, e, out, box, scale, inverse, contrast, length, fastest, kinds):
    """out[axis][box] <- weights / h^2 of the edges to the next pixel, out[3] the speed, times scale, before them."""
    outer = widened(box, 2, u)
    width = outer[5] - outer[4] + 2
    n = (outer[3] - outer[2] - 1) * width + width - 2
    room = (n + 2 * width + 2 + 15) // 16 * 16 if VOLUME else (width + 15) // 16 * 16
    channels = u.shape[0]
    march_links(
        u, e, out, box, scale, inverse, contrast, length, fastest, kinds, outer,
        np.zeros((4, channels, room), REAL),
        np.zeros((2, 4 if VOLUME else 3, room), REAL),
        np.zeros((3, e.shape[0], room), REAL),
        np.zeros((2, room), REAL),
        np.zeros(room, REAL),
        np.zeros(room, REAL),
        np.zeros((channels, n), REAL),
        np.zeros(n, REAL),
        np.ones(n, REAL),
    )  # fmt: skip


def march_links(
    u, e, out, box, scale, inverse, contrast, length, fastest, kinds, outer,
    state, t, given, gz, gy, gx, change, part, rate,
):  # fmt: skip
    """The loops of :func:`links`, on the arrays that it has made."""
    channels, planes = u.shape[0], outer[1] - outer[0]
    width, n = outer[5] - outer[4] + 2, rate.shape[0]
    first = width + 1 if VOLUME else 1
    sides = (first, n, width)
    weighted, gated = kinds
    top = 2.0 * (np.sqrt(inverse[0]) + np.sqrt(inverse[1]) + np.sqrt(inverse[2]))
    for k in range(planes + 2):
        if k < planes:
            for c in range(channels):
                load(u, c, outer[0] + k, outer, state[k % 4, c])
            if weighted or gated:
                for c in range(e.shape[0]):
                    load(e, c, k, (0, 0, 0, outer[3] - outer[2], 0, width - 2), given[k % 3, c])
        arrive(k, planes, state, t, given, weighted, sides, inverse, contrast, gz, gy, gx)
        z = outer[0] + k - 2
        if not box[0] <= z < box[1]:
            continue
        q, p, r = state[(k + 1) % 4], state[(k + 2) % 4], state[(k + 3) % 4]
        if GEOMETRIC:
            if length > 0.0 or gated:
                for c in range(channels):
                    gather(
                        q[c], p[c], r[c], first, width, gz[k % 2], gz[(k + 1) % 2], gy, gx,
                        inverse, change[c],
                    )  # fmt: skip
            speed(change, t[k % 2], first, length, fastest, top, part, rate)
            if gated:
                hold(change, given[(k + 1) % 3, :, first:], part, rate)
        for y in range(box[2], box[3]):
            left = (y - outer[2]) * width + box[4] - outer[4]
            size = box[5] - box[4]
            share(rate[left : left + size], scale, out[3, z, y, box[4] : box[5]])
            left += first
            share(gz[(k + 1) % 2, left : left + size], inverse[0], out[0, z, y, box[4] : box[5]])
            share(gy[left : left + size], inverse[1], out[1, z, y, box[4] : box[5]])
            share(gx[left : left + size], inverse[2], out[2, z, y, box[4] : box[5]])
            if y + 1 == u.shape[2]:
                out[1, z, y, box[4] : box[5]] = 0.0
            if box[5] == u.shape[3]:
                out[2, z, y, box[5] - 1] = 0.0
