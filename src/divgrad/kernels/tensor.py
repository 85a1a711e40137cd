"""div(D grad u) in volumes, by non-negative stencils: D = sum w e e' with whole offsets e, weights w >= 0.

Plain Python, compiled by :mod:`divgrad.kernels.specialise`; layout as in :mod:`divgrad.kernels.scalar`.

Weights
    come of :mod:`divgrad.kernels.selling`: six offsets per pixel. A pixel exchanges half a weight with x + e and half
    with x - e (AD-LBR); what each end of a pair gives it is added, so that the operator is symmetric, keeps the
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

__all__ = ["count_slots", "fill_slots", "mark_runs", "steps"]

REAL = np.float32
CHANNELS = 1
RUN = 64


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
