"""The structure tensor, and diffusion tensors made of it.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`. A tensor is
held by its parts zz, xx, zx (planes are the rows of an image), or zz, yy, xx, zy, zx, yx in volumes. A diffusion
tensor is a function of the structure tensor J, with the same eigenvectors and other eigenvalues: where two
eigenvalues of J agree, so do D's, and D does not depend on which eigenvectors were found.

In images D follows from the eigenvalues alone, D = mean + slope (J - mean of J). In volumes Jacobi's rotations
diagonalise all pixels of a row side by side: they need no trigonometry, round alike everywhere, and vectorise.
"""

from __future__ import annotations

import math

import numpy as np

from divgrad.conductances import constant as conductance
from divgrad.kernels.planes import copy, mirror
from divgrad.kernels.smoothing import smooth_plane

__all__ = ["structure", "tensors"]

REAL = np.float32
CHANNELS = 1
VOLUME = False
COHERENCE = False  # eigenvalues from the differences of J's, instead of from J's themselves
BLEND = False  # where the structure is weak, the tensor that is there already stays
SWEEPS = 5


def structure(u, out, box, kz, ky, kx, half, az, ax):
    """out[part][box] <- sum over channels of (grad G u)(grad G u)', by central differences; half = 1 / (2 h).

    kz, ky, kx are the halves of G. In images the result is smoothed at once by az, ax, rows in the cache; beyond the
    border it is mirrored.
    """
    width = u.shape[3]
    rows = box[3] - box[2]
    stack = np.empty((rows + 2 + 2 * ky.shape[0], width), REAL)
    line = np.empty(width + 2 * max(kx.shape[0], ax.shape[0]), REAL)
    smooth = np.empty((3, CHANNELS, rows + 2, width), REAL)
    slopes = np.zeros((3, width), REAL)
    reach = 0 if VOLUME else az.shape[0] - 1
    ring = np.empty((0 if VOLUME else 2 * reach + 1, 3, width), REAL)
    march(u, out, box, kz, ky, kx, half, az, ax, reach, stack, line, smooth, slopes, ring)


def march(u, out, box, kz, ky, kx, half, az, ax, reach, stack, line, smooth, slopes, ring):
    """The loops of :func:`structure`, on the arrays that it has made."""
    last = min(u.shape[1], box[1] + reach)
    first = max(0, box[0] - reach)
    for z in range(first - 1, last + 1):
        for c in range(CHANNELS):
            smooth_plane(
                u, c, z, box[2] - 1, box[3] + 1, kz, ky, kx, stack, line, smooth[(z + 1) % 3, c]
            )
        if z <= first:
            continue
        old, now, new = smooth[(z - 1) % 3], smooth[z % 3], smooth[(z + 1) % 3]
        if VOLUME:
            for y in range(box[3] - box[2]):
                at = box[2] + y
                for c in range(CHANNELS):
                    differences(old[c], now[c], new[c], y + 1, half, slopes)
                    for part in range(3):
                        multiply(slopes[part], slopes[part], c, out[part, z - 1, at])
                    multiply(slopes[0], slopes[1], c, out[3, z - 1, at])
                    multiply(slopes[0], slopes[2], c, out[4, z - 1, at])
                    multiply(slopes[1], slopes[2], c, out[5, z - 1, at])
        else:
            parts = ring[(z - 1) % ring.shape[0]]
            for c in range(CHANNELS):
                differences(old[c], now[c], new[c], 1, half, slopes)
                multiply(slopes[0], slopes[0], c, parts[0])
                multiply(slopes[2], slopes[2], c, parts[1])
                multiply(slopes[0], slopes[2], c, parts[2])
            done = z - 1 - reach
            for ready in range(max(box[0], done), box[1] if z == last else done + 1):
                average(ring, ready, u.shape[1], az, ax, line, out)


def differences(old, now, new, y, half, slopes):
    """slopes[axis] <- central differences of a row."""
    width = slopes.shape[1]
    here = now[y]
    difference(old[y], new[y], half[0], slopes[0])
    if VOLUME:
        difference(now[y - 1], now[y + 1], half[1], slopes[1])
    difference(here[: width - 2], here[2:], half[2], slopes[2, 1 : width - 1])
    if width > 1:
        slopes[2, 0] = (here[1] - here[0]) * half[2]
        slopes[2, width - 1] = (here[width - 1] - here[width - 2]) * half[2]


def average(ring, z, rows, az, ax, line, out):
    """out[part, z] <- the rows around z, smoothed along planes and cols."""
    depth, width, reach = ring.shape[0], ring.shape[2], ax.shape[0] - 1
    middle = line[reach : reach + width]
    for part in range(3):
        row = ring[z % depth, part]
        for j in range(width):
            middle[j] = az[0] * row[j]
        for k in range(1, az.shape[0]):
            p, q = ring[mirror(z - k, rows) % depth, part], ring[mirror(z + k, rows) % depth, part]
            weight = az[k]
            for j in range(width):
                middle[j] += weight * (p[j] + q[j])
        for k in range(reach):
            line[k] = line[reach + mirror(k - reach, width)]
            line[reach + width + k] = line[reach + mirror(width + k, width)]
        result = out[part, z, 0]
        for j in range(width):
            result[j] = ax[0] * middle[j]
        for k in range(1, reach + 1):
            p, q = line[reach - k : reach - k + width], line[reach + k : reach + k + width]
            weight = ax[k]
            for j in range(width):
                result[j] += weight * (p[j] + q[j])


def difference(p, q, half, out):
    """out <- (q - p) half."""
    for j in range(out.shape[0]):
        out[j] = (q[j] - p[j]) * half


def multiply(p, q, c, out):
    """out <- p q, added to what is there from an earlier channel."""
    if c == 0:
        for j in range(out.shape[0]):
            out[j] = p[j] * q[j]
    else:
        for j in range(out.shape[0]):
            out[j] += p[j] * q[j]


def tensors(given, out, box, contrast, floor, least, switch):
    """out[part][box] <- the diffusion tensors that belong to the structure tensors given.

    Eigenvalues are g(m), or floor + (1 - floor) g(m1 - m) with COHERENCE, of the eigenvalues m of J, and at
    least the part ``least`` of the largest. With BLEND the part g(m1 - m3; switch) of it is added to the rest of
    what out holds.
    """
    width = given.shape[3]
    work = np.zeros((8, width), REAL)
    vectors = np.zeros((9, width), REAL)
    part = np.ones(width, REAL)
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            if VOLUME:
                for i in range(6):
                    copy(given[i, z, y], work[i])
                in_volume(contrast, floor, least, switch, work, vectors, part)
                compose(work, vectors, 0, 0, part, out[0, z, y])
                compose(work, vectors, 1, 1, part, out[1, z, y])
                compose(work, vectors, 2, 2, part, out[2, z, y])
                compose(work, vectors, 0, 1, part, out[3, z, y])
                compose(work, vectors, 0, 2, part, out[4, z, y])
                compose(work, vectors, 1, 2, part, out[5, z, y])
            else:
                for i in range(3):  # ``given`` may be ``out``, which would not vectorise
                    copy(given[i, z, y], work[i])
                in_image(
                    work, out[0, z, y], out[1, z, y], out[2, z, y], contrast, floor, least, switch
                )


def in_image(work, out_zz, out_xx, out_zx, contrast, floor, least, switch):
    """A row of :func:`tensors`: work holds zz, xx, zx. Loops write to one or two rows: else they do not vectorise."""
    zz, xx, zx, slope, middle, part = work[0], work[1], work[2], work[3], work[4], work[5]
    for j in range(zz.shape[0]):
        mean, half = 0.5 * (zz[j] + xx[j]), 0.5 * (zz[j] - xx[j])
        radius = math.sqrt(half * half + zx[j] * zx[j])
        if COHERENCE:
            low = floor + (REAL(1.0) - floor) * conductance(0.0, contrast)
            high = floor + (REAL(1.0) - floor) * conductance(2.0 * radius, contrast)
        else:
            small = mean - radius
            low = conductance(mean + radius, contrast)
            high = conductance(small if small > 0.0 else 0.0, contrast)
        top = low if low > high else high
        bottom = least * top
        low = low if low > bottom else bottom  # across
        high = high if high > bottom else bottom  # along
        slope[j] = 0.5 * (low - high) / radius if radius > 0.0 else REAL(0.0)
        middle[j] = 0.5 * (low + high)
    if BLEND:
        for j in range(zz.shape[0]):
            half = 0.5 * (zz[j] - xx[j])
            radius = math.sqrt(half * half + zx[j] * zx[j])
            part[j] = conductance(2.0 * radius, switch)
    for j in range(zz.shape[0]):
        a = middle[j] + slope[j] * (0.5 * (zz[j] - xx[j]))
        out_zz[j] = (REAL(1.0) - part[j]) * out_zz[j] + part[j] * a if BLEND else a
    for j in range(zz.shape[0]):
        c = middle[j] - slope[j] * (0.5 * (zz[j] - xx[j]))
        out_xx[j] = (REAL(1.0) - part[j]) * out_xx[j] + part[j] * c if BLEND else c
    for j in range(zz.shape[0]):
        b = slope[j] * zx[j]
        out_zx[j] = (REAL(1.0) - part[j]) * out_zx[j] + part[j] * b if BLEND else b


def rotate(pp, qq, pq, pr, qr, p, q, turns):
    """Make the part pq of all matrices zero by a rotation of the vectors p and q."""
    c, s = turns[0], turns[1]
    for j in range(pp.shape[0]):
        a, d = pq[j], qq[j] - pp[j]
        size = d if d >= 0.0 else -d
        size = size + math.sqrt(d * d + REAL(4.0) * (a * a))
        t = (2.0 * a if d >= 0.0 else REAL(-2.0) * a) / size if size > 0.0 else REAL(0.0)
        c[j] = REAL(1.0) / math.sqrt(t * t + REAL(1.0))
        s[j] = t * c[j]
        pp[j] -= t * a
        qq[j] += t * a
        pq[j] = 0.0
    turn(pr, qr, c, s)
    for i in range(3):
        turn(p[i], q[i], c, s)


def turn(p, q, c, s):
    """p, q <- c p - s q, s p + c q."""
    for j in range(p.shape[0]):
        x, y = p[j], q[j]
        p[j] = c[j] * x - s[j] * y
        q[j] = s[j] * x + c[j] * y


def in_volume(contrast, floor, least, switch, work, vectors, part):
    """A row of :func:`tensors`: work holds the matrices, then on its diagonal the eigenvalues of D."""
    for i in range(9):
        for j in range(part.shape[0]):
            vectors[i, j] = 1.0 if i % 4 == 0 else 0.0
    p, q, r = vectors[0:3], vectors[3:6], vectors[6:9]
    for _ in range(SWEEPS):
        rotate(work[0], work[1], work[3], work[4], work[5], p, q, work[6:8])
        rotate(work[0], work[2], work[4], work[3], work[5], p, r, work[6:8])
        rotate(work[1], work[2], work[5], work[3], work[4], q, r, work[6:8])
    eigenvalues(work, contrast, floor, least, switch, part)


def eigenvalues(work, contrast, floor, least, switch, part):
    """work[:3] <- the eigenvalues of D."""
    for j in range(part.shape[0]):
        a, b, c = work[0, j], work[1, j], work[2, j]
        most = a if a > b else b
        most = most if most > c else c
        if COHERENCE:
            fewest = a if a < b else b
            fewest = fewest if fewest < c else c
            if BLEND:
                part[j] = conductance(most - fewest, switch)
            a = floor + (REAL(1.0) - floor) * conductance(most - a, contrast)
            b = floor + (REAL(1.0) - floor) * conductance(most - b, contrast)
            c = floor + (REAL(1.0) - floor) * conductance(most - c, contrast)
        else:
            a = conductance(a if a > 0.0 else 0.0, contrast)
            b = conductance(b if b > 0.0 else 0.0, contrast)
            c = conductance(c if c > 0.0 else 0.0, contrast)
        top = a if a > b else b
        top = least * (top if top > c else c)
        work[0, j] = a if a > top else top
        work[1, j] = b if b > top else top
        work[2, j] = c if c > top else top


def compose(work, vectors, m, n, part, out):
    """out <- the part m, n of sum l v v'."""
    a, b, c = work[0], work[1], work[2]
    for j in range(out.shape[0]):
        whole = a[j] * vectors[m, j] * vectors[n, j]
        whole = whole + b[j] * vectors[3 + m, j] * vectors[3 + n, j]
        whole = whole + c[j] * vectors[6 + m, j] * vectors[6 + n, j]
        if BLEND:
            out[j] = (REAL(1.0) - part[j]) * out[j] + part[j] * whole
        else:
            out[j] = whole
