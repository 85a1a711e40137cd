"""Signed distances in a narrow band about a contour: they diffuse with weights, and are made distances anew.

Where u is the signed distance from a contour, negative inside, its slope is one and ``div(g grad u)`` is the speed
``g k + grad g . n`` of geodesic active contours: the flow is linear for a while, and stays so by being made a distance
again every few steps. Only pixels nearer to the contour than ``reach`` are touched: their number grows with the
contour's length, not with the image.

Flat arrays of images with a rim of one pixel; ``w[axis, i]`` is the weight / h^2 of the edge from pixel i to the next
along an axis, ``strides[axis]`` away, above zero but for edges to the rim. One source for one to three axes. Every
pixel is computed from the state before, so that turned images give turned contours. Plain Python, compiled by
:mod:`divgrad.kernels.specialise`.
"""

from __future__ import annotations

import numpy as np

__all__ = ["settle"]

REAL = np.float32
INLINE = False


def diffuse(u, new, band, count, w, rate, push, strides, tau, steps):
    """u <- after explicit steps of ``u_t = rate div(g grad u) - push`` in the band; what lies beyond holds still."""
    for _ in range(steps):
        for k in range(count):
            i = band[k]
            here = u[i]
            total = REAL(0.0)
            for axis in range(strides.shape[0]):
                s = strides[axis]
                total += w[axis, i] * (u[i + s] - here) + w[axis, i - s] * (u[i - s] - here)
            new[i] = here + tau * (rate[i] * total - push[i])
        for k in range(count):
            u[band[k]] = new[band[k]]


def bend(u, w, s, axis, i):
    """Second difference along an axis at pixel i; zero at the border."""
    if w[axis, i] > 0.0 and w[axis, i - s] > 0.0:
        return (u[i + s] - u[i]) + (u[i - s] - u[i])
    return REAL(0.0)


def common(a, b):
    """Return the lesser in size of two numbers of one sign, else zero."""
    if a * b <= 0.0:
        return REAL(0.0)
    return a if abs(a) < abs(b) else b


def way(u, w, s, axis, i, j):
    """Part of the way from pixel i to its neighbour j where u, a parabola between them, is zero; and its bend."""
    a, b = u[i], u[j]
    most = common(bend(u, w, s, axis, i), bend(u, w, s, axis, j))
    t = a / (a - b) if a != b else REAL(0.0)
    t += 0.5 * most * t * (1.0 - t) / (b - a) if a != b else REAL(0.0)
    t = min(max(t, 0.0), 1.0)
    return t, most


def crossing(u, w, strides, spacing, i):
    """Distance of pixel i from the contour if it passes between it and a neighbour, else below zero.

    The plane through the points where it crosses the axes lies inside a round contour, by half the curvature times
    the squared distance: without this term every round would lose area.
    """
    inside = u[i] < 0.0
    total, curvature = REAL(0.0), REAL(0.0)
    for axis in range(strides.shape[0]):
        s = strides[axis]
        part, most = REAL(2.0), REAL(0.0)
        if w[axis, i] > 0.0 and (u[i + s] < 0.0) != inside:
            part, most = way(u, w, s, axis, i, i + s)
        if w[axis, i - s] > 0.0 and (u[i - s] < 0.0) != inside:
            other, bent = way(u, w, s, axis, i, i - s)
            if other < part:
                part, most = other, bent
        if part < 1.5:
            length = max(part, 1e-6) * spacing[axis]
            total += 1.0 / (length * length)
            curvature += most / (spacing[axis] * spacing[axis])
    if total == 0.0:
        return REAL(-1.0)
    found = 1.0 / np.sqrt(total)
    change = 0.5 * curvature * found
    change = min(max(change, -0.5), 0.5)
    found *= 1.0 + change if inside else 1.0 - change
    return found


def ahead(u, d, mark, w, s, axis, i, j):
    """(Distance by the neighbour j of i, how dense: 1, or 9 / 4 where the pixel behind it makes it second order)."""
    if w[axis, min(i, j)] > 0.0 and mark[j] == 1:
        near, beyond = d[j], j + j - i
        if mark[beyond] == 1:
            far = d[beyond] if (u[beyond] < 0.0) == (u[i] < 0.0) else -d[beyond]
            if far <= near:
                second = (4.0 * near - far) / 3.0
                return second, REAL(2.25)
        return near, REAL(1.0)
    return REAL(1e30), REAL(1.0)


def arrival(u, d, mark, w, strides, spacing, i):
    """Distance of pixel i by those of its neighbours that are marked: the upwind solution of |grad d| = 1."""
    a, b, c = REAL(1e30), REAL(1e30), REAL(1e30)  # distances along each axis, least first
    x, y, z = REAL(1.0), REAL(1.0), REAL(1.0)  # 1 / h^2
    for axis in range(strides.shape[0]):
        s = strides[axis]
        least, dense = ahead(u, d, mark, w, s, axis, i, i + s)
        other, denser = ahead(u, d, mark, w, s, axis, i, i - s)
        if other < least:
            least, dense = other, denser
        inverse = dense / (spacing[axis] * spacing[axis])
        if least < a:
            a, b, c, x, y, z = least, a, b, inverse, x, y
        elif least < b:
            b, c, y, z = least, b, inverse, y
        else:
            c, z = least, inverse
    found = a + 1.0 / np.sqrt(x)
    if found > b:
        found = meet(a, b, b, x, y, REAL(0.0))
        if found > c:
            found = meet(a, b, c, x, y, z)
    return found


def meet(a, b, c, x, y, z):
    """The larger root of x (d - a)^2 + y (d - b)^2 + z (d - c)^2 = 1, for a <= b <= c."""
    p, q = b - a, c - a  # counted from a: large distances lose no digits
    total = x + y + z
    middle = y * p + z * q
    rest = middle * middle - total * (y * p * p + z * q * q - 1.0)
    root = np.sqrt(max(rest, 0.0))
    return a + (middle + root) / total


def front(u, d, mark, found, band, count, w, strides, spacing):
    """found <- the pixels next to the contour, with their distances; return how many there are."""
    n = 0
    for k in range(count):
        i = band[k]
        distance = crossing(u, w, strides, spacing, i)
        if distance >= 0.0:
            d[i] = distance
            found[n] = i
            n += 1
    for k in range(n):
        mark[found[k]] = 1
    return n


def widen(u, d, mark, found, n, w, strides, spacing, reach):
    """Add to the pixels found all that lie nearer than ``reach``, layer by layer; return how many there are."""
    first = 0
    while first < n:
        last = n
        for k in range(first, last):
            i = found[k]
            if d[i] >= reach:
                continue
            for axis in range(strides.shape[0]):
                s = strides[axis]
                if w[axis, i] > 0.0 and mark[i + s] == 0:
                    mark[i + s] = 2
                    found[n] = i + s
                    n += 1
                if w[axis, i - s] > 0.0 and mark[i - s] == 0:
                    mark[i - s] = 2
                    found[n] = i - s
                    n += 1
        for k in range(last, n):
            d[found[k]] = arrival(u, d, mark, w, strides, spacing, found[k])
        for k in range(last, n):
            mark[found[k]] = 1
        first = last
    return n


def measure_anew(u, d, mark, band, count, found, w, strides, spacing, reach):
    """u <- the signed distance from where it changes its sign; found <- the new band; return (front, band)."""
    close = front(u, d, mark, found, band, count, w, strides, spacing)
    n = widen(u, d, mark, found, close, w, strides, spacing, reach)
    for k in range(count):
        i = band[k]
        if mark[i] == 0:
            u[i] = -reach if u[i] < 0.0 else reach
    for k in range(n):
        i = found[k]
        mark[i] = 0
        distance = min(d[i], reach)
        u[i] = -distance if u[i] < 0.0 else distance
    return close, n


def travelled(u, before, front, close):
    """Root mean square of how far the contour is from where it was, at the pixels next to it."""
    total = REAL(0.0)
    for k in range(close):
        change = u[front[k]] - before[front[k]]
        total += change * change
    return np.sqrt(total / REAL(max(close, 1)))


def settle(u, before, d, mark, band, found, w, rate, push, strides, spacing, numbers, counts, told):
    """u <- the signed distance after rounds of ``counts[0]`` steps and a new measurement, until the contour rests.

    It rests when ``counts[1]`` rounds bring it nowhere: less far than ``numbers[2]``, root mean square; and there are
    at most ``counts[2]`` rounds. The other numbers are reach and time step. The first told[0] pixels of ``band`` are
    where to look for the contour; told <- (rounds, pixels next to the contour, pixels of the band); before[0] <- how
    far the last rounds brought it.
    """
    reach, tau, still = numbers
    steps, period, most = counts
    count, rounds = told[0], 0
    close, count = measure_anew(u, d, mark, band, count, found, w, strides, spacing, reach)
    moved = reach
    while rounds < most and close > 0:
        here, other = (found, band) if rounds % 2 == 0 else (band, found)
        if rounds % period == 0:
            for k in range(count):
                before[here[k]] = u[here[k]]
        diffuse(u, d, here, count, w, rate, push, strides, tau, steps)
        close, count = measure_anew(u, d, mark, here, count, other, w, strides, spacing, reach)
        rounds += 1
        if rounds % period == 0:
            moved = travelled(u, before, other, close)
            if moved <= still:
                break
    before[0] = moved
    told[0], told[1], told[2] = rounds, close, count
