"""div(D grad u) in volumes, by non-negative stencils: D = sum w e e' with whole offsets e, weights w >= 0.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`.

Decomposition
    Selling's algorithm makes a superbase of the grid obtuse for D (no two of its vectors have b' D c > 0);
    six offsets and weights follow. A pixel exchanges half a weight with x + e and half with
    x - e (AD-LBR); what each end of a pair gives it is added, so that the operator is symmetric, keeps the
    mean, and no weight is negative: no new extrema. Offsets that leave the image are dropped.
Runs
    Offsets differ from pixel to pixel, and a gather by them would not vectorise. So rows are cut into runs of RUN
    pixels; each run has the list of all offsets that any of its pixels uses, and for each of them its RUN weights,
    mostly zeros where few pixels do. Steps then read nothing but contiguous pieces: the work grows with the number
    of offsets in a run (8 to 20 where structures are as wide as a run), not with the reach of the stencil.
Steps
    The steps follow each other through the planes as in :mod:`divgrad.kernels.scalar`, ``reach`` planes apart.
"""

from __future__ import annotations

import numpy as np

from divgrad.kernels.planes import copy

__all__ = ["count_slots", "decompose", "fill_slots", "mark_runs", "steps"]

REAL = np.float32
CHANNELS = 1
RUN = 64


def selling(d, rounding, base, pairs, offsets, weights):
    """offsets, weights <- Selling's six for D; d = its products zz, yy, xx, zy, zx, yx, base is scratch (4, 3)."""
    for i in range(4):
        for j in range(3):
            base[i, j] = -1.0 if i == 3 else (1.0 if i == j else 0.0)
    # Products of the base: 01, 02, 03, 12, 13, 23.
    p01, p02, p12 = d[3], d[4], d[5]
    p03, p13, p23 = -(d[0] + p01 + p02), -(d[1] + p01 + p12), -(d[2] + p02 + p12)
    allowed = rounding * (d[0] + d[1] + d[2])
    for _ in range(256):
        best, largest = -1, allowed
        if p01 > largest:
            best, largest = 0, p01
        if p02 > largest:
            best, largest = 1, p02
        if p03 > largest:
            best, largest = 2, p03
        if p12 > largest:
            best, largest = 3, p12
        if p13 > largest:
            best, largest = 4, p13
        if p23 > largest:
            best, largest = 5, p23
        if best < 0:
            break
        i, j, k, n = pairs[best, 0], pairs[best, 1], pairs[best, 2], pairs[best, 3]
        for m in range(3):
            base[k, m] += base[i, m]
            base[n, m] += base[i, m]
            base[i, m] = -base[i, m]
        p01 = product(d, base, 0, 1)
        p02 = product(d, base, 0, 2)
        p03 = product(d, base, 0, 3)
        p12 = product(d, base, 1, 2)
        p13 = product(d, base, 1, 3)
        p23 = product(d, base, 2, 3)
    weights[0], weights[1], weights[2] = -p01, -p02, -p03
    weights[3], weights[4], weights[5] = -p12, -p13, -p23
    for m in range(6):
        weights[m] = weights[m] if weights[m] > 0.0 else REAL(0.0)
        k, n = pairs[m, 2], pairs[m, 3]
        offsets[m, 0] = int(base[k, 1] * base[n, 2] - base[k, 2] * base[n, 1])
        offsets[m, 1] = int(base[k, 2] * base[n, 0] - base[k, 0] * base[n, 2])
        offsets[m, 2] = int(base[k, 0] * base[n, 1] - base[k, 1] * base[n, 0])


def product(d, base, i, j):
    """Return b_i' D b_j."""
    z, y, x = base[j, 0], base[j, 1], base[j, 2]
    return (
        base[i, 0] * (d[0] * z + d[3] * y + d[4] * x)
        + base[i, 1] * (d[3] * z + d[1] * y + d[5] * x)
        + base[i, 2] * (d[4] * z + d[5] * y + d[2] * x)
    )


def decompose(tensor, scale, least, rounding, index, weights, codes, box):
    """weights[k], codes[k] <- decomposition of D at every pixel of the box; codes are rows of the table of offsets.

    ``tensor`` holds zz, yy, xx, zy, zx, yx; ``scale`` the products of 1 / h for the
    same. ``index[dz, dy, dx]``, counted from -reach, is an offset's code. Where an offset leaves the table D is made
    rounder, by multiples of ``least`` of its trace, until none does. Two vectors count as obtuse up to ``rounding``.
    """
    pairs = np.array(
        [[0, 1, 2, 3], [0, 2, 1, 3], [0, 3, 1, 2], [1, 2, 0, 3], [1, 3, 0, 2], [2, 3, 0, 1]]
    )
    offsets = np.zeros((6, 3), np.int64)
    base = np.zeros((4, 3), REAL)
    found = np.zeros(6, REAL)
    d = np.zeros((2, 6), REAL)
    decompose_all(
        tensor, scale, least, rounding, index, weights, codes, box, pairs, offsets, base, found, d
    )


def decompose_all(
    tensor, scale, least, rounding, index, weights, codes, box, pairs, offsets, base, found, d
):
    """The loops of :func:`decompose`, on the arrays that it has made."""
    rz, ry, rx = index.shape[0] // 2, index.shape[1] // 2, index.shape[2] // 2
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            for x in range(box[4], box[5]):
                top = REAL(0.0)
                for m in range(6):
                    d[0, m] = tensor[m, z, y, x]
                    top = top + d[0, m] if m < 3 else top
                rounder = REAL(0.0)
                inside = False
                while not inside:
                    for m in range(6):
                        more = rounder * top if m < 3 else REAL(0.0)
                        d[1, m] = (d[0, m] + more) * scale[m]
                    selling(d[1], rounding, base, pairs, offsets, found)
                    inside = True
                    for k in range(6):
                        if found[k] > 0.0 and (
                            abs(offsets[k, 0]) > rz
                            or abs(offsets[k, 1]) > ry
                            or abs(offsets[k, 2]) > rx
                        ):
                            inside = False
                    rounder = rounder * 2.0 if rounder > 0.0 else least
                for k in range(6):
                    weights[k, z, y, x] = found[k]
                    codes[k, z, y, x] = -1
                    if found[k] > 0.0:
                        codes[k, z, y, x] = index[
                            offsets[k, 0] + rz, offsets[k, 1] + ry, offsets[k, 2] + rx
                        ]


def mark_runs(codes, used, box):
    """used[z, y, run, code] <- 1 where any pixel of the run has the code."""
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            for k in range(codes.shape[0]):
                row = codes[k, z, y]
                for x in range(row.shape[0]):
                    if row[x] >= 0:
                        used[z, y, x // RUN, row[x]] = 1


def needed(used, table, code, z, y, run, cols):
    """Whether some pixel of the run has weight along an offset: of its own, or of the pixel there."""
    dz, dy, dx = table[code, 0], table[code, 1], table[code, 2]
    first, last = run * RUN + dx, min(run * RUN + RUN, cols) - 1 + dx
    if z + dz < 0 or z + dz >= used.shape[0] or y + dy < 0 or y + dy >= used.shape[1]:
        return False
    if last < 0 or first >= cols:
        return False
    line = code % used.shape[3]
    if used[z, y, run, line]:
        return True
    for there in range(max(first, 0) // RUN, min(last, cols - 1) // RUN + 1):
        if used[z + dz, y + dy, there, line]:
            return True
    return False


def count_slots(used, table, counts, cols, box):
    """counts[z, y, run] <- number of offsets that the run needs; table holds every offset and then its opposite."""
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            for run in range(used.shape[2]):
                n = 0
                for code in range(table.shape[0]):
                    if needed(used, table, code, z, y, run, cols):
                        n += 1
                counts[z, y, run] = n


def fill_slots(weights, codes, used, table, starts, slots, slot_codes, highest, box):
    """slots, slot_codes <- every run's weights and their offsets; highest[z, y] <- the largest sum of a pixel's."""
    total = np.zeros(RUN, REAL)
    fill_all(weights, codes, used, table, starts, slots, slot_codes, highest, box, total)


def fill_all(weights, codes, used, table, starts, slots, slot_codes, highest, box, total):
    """The loops of :func:`fill_slots`, on the array that it has made."""
    cols, runs = weights.shape[3], used.shape[2]
    for z in range(box[0], box[1]):
        for y in range(box[2], box[3]):
            for run in range(runs):
                total[:] = 0.0
                slot = starts[(z * weights.shape[2] + y) * runs + run]
                for code in range(table.shape[0]):
                    if not needed(used, table, code, z, y, run, cols):
                        continue
                    out = slots[slot]
                    out[:] = 0.0
                    slot_codes[slot] = code
                    slot += 1
                    dz, dy, dx = table[code, 0], table[code, 1], table[code, 2]
                    x0 = max(run * RUN, -dx)
                    x1 = min(run * RUN + RUN, cols, cols - dx)
                    part = out[x0 - run * RUN : x1 - run * RUN]
                    line = code % used.shape[3]
                    for k in range(weights.shape[0]):
                        add_where(codes[k, z, y, x0:x1], weights[k, z, y, x0:x1], line, part)
                        there, of = codes[k, z + dz, y + dy], weights[k, z + dz, y + dy]
                        add_where(there[x0 + dx : x1 + dx], of[x0 + dx : x1 + dx], line, part)
                    for j in range(RUN):
                        total[j] += out[j]
                for j in range(RUN):
                    highest[z, y] = total[j] if total[j] > highest[z, y] else highest[z, y]


def add_where(codes, weights, line, out):
    """out += half of the weights that lie along the line."""
    for j in range(out.shape[0]):
        out[j] += 0.5 * weights[j] if codes[j] == line else REAL(0.0)


def steps(u, out, box, taus, slots, slot_codes, starts, table, reach):
    """out[box] <- u after the explicit steps; the box spans all cols. ``reach`` of the offsets along each axis."""
    number = taus.shape[0]
    z0, z1 = max(0, box[0] - number * reach[0]), min(u.shape[1], box[1] + number * reach[0])
    y0, y1 = max(0, box[2] - number * reach[1]), min(u.shape[2], box[3] + number * reach[1])
    runs = (u.shape[3] + RUN - 1) // RUN
    stride = runs * RUN + 2 * reach[2]  # zeros around what is read with weight zero
    ring = 2 * reach[0] + 1
    state = np.zeros((number, CHANNELS, ring * (y1 - y0 + 2 * reach[1]) * stride), REAL)
    line = np.zeros(runs * RUN, REAL)
    gain = np.zeros(RUN, REAL)
    shifts = np.zeros(table.shape[0], np.int64)
    march(
        u, out, box, taus, slots, slot_codes, starts, table, reach, (z0, z1, y0, y1), stride,
        state, line, gain, shifts,
    )  # fmt: skip


def march(
    u, out, box, taus, slots, slot_codes, starts, table, reach, outer, stride,
    state, line, gain, shifts,
):  # fmt: skip
    """The loops of :func:`steps`, on the arrays that it has made, over the box with its halo, outer."""
    number, (z0, z1, y0, y1), (rz, ry, rx) = taus.shape[0], outer, reach
    cols, runs, planes = u.shape[3], line.shape[0] // RUN, z1 - z0
    ring, size = 2 * rz + 1, (y1 - y0 + 2 * ry) * stride
    head = rz if z0 > 0 else 0  # at a border of the image nothing is wrong and no plane is left out
    tail = rz if z1 < u.shape[1] else 0
    above = ry if y0 > 0 else 0
    under = ry if y1 < u.shape[2] else 0
    for i in range(planes + number * rz):
        if i < planes:
            for c in range(CHANNELS):
                for y in range(y0, y1):
                    first = i % ring * size + (y - y0 + ry) * stride + rx
                    copy(u[c, z0 + i, y], state[0, c, first : first + cols])
        for s in range(number):
            r = i - (s + 1) * rz
            if r < head * (s + 1) or r >= planes - tail * (s + 1):
                continue
            here = r % ring * size
            for code in range(table.shape[0]):
                plane = (r + table[code, 0] + ring) % ring * size
                shifts[code] = plane - here + table[code, 1] * stride + table[code, 2]
            last = s + 1 == number
            if last and not box[0] <= z0 + r < box[1]:
                continue
            low = box[2] - y0 if last else above * (s + 1)
            high = box[3] - y0 if last else y1 - y0 - under * (s + 1)
            for y in range(low, high):
                first = ((z0 + r) * u.shape[2] + y0 + y) * runs
                start = here + (y + ry) * stride + rx
                for c in range(CHANNELS):
                    a = state[s, c]
                    for run in range(runs):
                        x = start + run * RUN
                        collect(
                            a, x, slots, slot_codes, starts[first + run], starts[first + run + 1],
                            shifts, gain,
                        )  # fmt: skip
                        add(a[x : x + RUN], gain, taus[s], line[run * RUN : run * RUN + RUN])
                    if last:
                        copy(line[:cols], out[c, z0 + r, y0 + y])
                    else:
                        copy(line[:cols], state[s + 1, c, start : start + cols])


def collect(a, x, slots, slot_codes, slot, end, shifts, gain):
    """gain <- what flows into the run of a that begins at x."""
    for j in range(RUN):
        gain[j] = 0.0
    p = a[x : x + RUN]
    for k in range(slot, end):
        there = x + shifts[slot_codes[k]]
        q, w = a[there : there + RUN], slots[k]
        for j in range(RUN):
            gain[j] += w[j] * (q[j] - p[j])


def add(p, gain, tau, out):
    """out <- p + tau gain."""
    for j in range(RUN):
        out[j] = p[j] + tau * gain[j]
