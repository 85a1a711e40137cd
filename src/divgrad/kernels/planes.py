"""Small functions that kernels share; they are written out into each that imports them."""

from __future__ import annotations


def copy(a, out):
    """out <- a: to assign a slice to a slice takes a temporary, and 1.5 x the time on the whole."""
    for j in range(out.shape[0]):
        out[j] = a[j]


def blend(out, fresh, old):
    """out <- fresh out + (1 - fresh) old."""
    kept = 1.0 - fresh
    for j in range(out.shape[0]):
        out[j] = fresh * out[j] + kept * old[j]


def load(u, z, y0, y1, x0, x1, plane):
    """plane[channel, pixel] <- a part of plane z of u, its rows one after the other."""
    width = x1 - x0
    for c in range(u.shape[0]):
        for y in range(y0, y1):
            copy(u[c, z, y, x0:x1], plane[c, (y - y0) * width : (y - y0 + 1) * width])


def store(plane, y0, x0, width, z, box, out):
    """out[:, z] <- the box's part of a plane that begins at (y0, x0)."""
    for c in range(out.shape[0]):
        for y in range(box[2], box[3]):
            first = (y - y0) * width + box[4] - x0
            copy(plane[c, first : first + box[5] - box[4]], out[c, z, y, box[4] : box[5]])


def mirror(i, size):
    """Index of the pixel that stands for pixel i beyond the border."""
    i = i % (2 * size)
    return i if i < size else 2 * size - 1 - i


def widened(box, halo, u):
    """The box with a halo on all sides, as far as u reaches."""
    return (
        max(0, box[0] - halo), min(u.shape[1], box[1] + halo),
        max(0, box[2] - halo), min(u.shape[2], box[3] + halo),
        max(0, box[4] - halo), min(u.shape[3], box[5] + halo),
    )  # fmt: skip


def reflect(plane, rows, width, first):
    """Make the rim of a plane equal to the pixels next to it; first is 0 where there are no rows above and below."""
    for y in range(rows):
        plane[first + y * width] = plane[first + y * width + 1]
        plane[first + (y + 1) * width - 1] = plane[first + (y + 1) * width - 2]
    if first > 0:
        last = rows * width
        for j in range(width):
            plane[j] = plane[width + j]
            plane[last + width + j] = plane[last + j]


def fill(u, c, y0, x0, rows, cols, pitch, tile):
    """tile <- the part from (y0, x0) on of an image, its rows pitch numbers apart; it is mirrored beyond the border."""
    height, width = u.shape[1], u.shape[3]
    first, last = min(max(0, -x0), cols), max(0, min(cols, width - x0))
    for i in range(rows):
        row, start = u[c, mirror(y0 + i, height), 0], i * pitch
        if first < last:
            copy(row[x0 + first : x0 + last], tile[start + first : start + last])
        for j in range(first):
            tile[start + j] = row[mirror(x0 + j, width)]
        for j in range(max(first, last), cols):
            tile[start + j] = row[mirror(x0 + j, width)]


def keep(tile, y0, x0, rows, cols, pitch, c, out):
    """out[c] <- the tile, whose first pixel is (y0, x0)."""
    for i in range(rows):
        copy(tile[i * pitch : i * pitch + cols], out[c, y0 + i, 0, x0 : x0 + cols])
