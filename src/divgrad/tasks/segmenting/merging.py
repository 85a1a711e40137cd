"""Basins of a map of boundaries, merged where the boundary between two is weakest."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.estimate.perceptual import perceptual
from divgrad.operators import Image

COLOUR = 0.3  # power of the colours' difference, beside that of the boundary: both to one
# Difference of colours that counts as one; what is added: one colour alone merges nothing across strong boundaries.
UNIT, LEAST = 20.0, 0.05
LIGHT = 0.5**0.5  # what differences of lightness count beside those of colour
SIZE = 0.25  # power of the smaller region's share of the image: small ones merge sooner


def basins(boundary: NDArray[Any]) -> NDArray[Any]:
    """Return numbered watershed basins, from 1, without lines between them."""
    from skimage.segmentation import watershed

    return np.asarray(watershed(boundary))


def even_colours(u: Image) -> NDArray[np.float32]:
    """Return channels whose differences are about even to the eye: CIELAB, with lightness at half its weight.

    >>> even_colours(np.array([[[0.0, 5.0, 10.0]]])).round().tolist()
    [[[0.0, 35.0, 71.0]]]
    """
    seen = perceptual(u).channels
    scale = (100.0 * LIGHT, 168.0, 168.0) if len(seen) == 3 else (100.0 * LIGHT,) * len(seen)
    return seen * np.array(scale, np.float32).reshape((-1,) + (1,) * (seen.ndim - 1))


def merge(
    labels: NDArray[Any],
    boundary: NDArray[Any],
    threshold: float,
    colours: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Return labels from 1, merged until every two neighbours are parted by at least the threshold.

    Two regions are parted by the mean of the map along their common border, to the power 0.7, times the difference of
    their mean colours, to the power 0.3, times a power of the smaller one's size in hundredths of the image. Colours
    are ``(channel, *space)``, as :func:`even_colours` makes them; None: the border alone counts.
    """
    count = int(labels.max()) + 1
    sizes = np.bincount(labels.ravel(), minlength=count).astype(float)
    unit = 0.01 * labels.size
    near: list[dict[int, list[float]]] = [{} for _ in range(count)]
    for (a, b), total, length in _borders(labels, boundary):
        near[a][b] = near[b][a] = [total, length]

    sums = None
    if colours is not None:
        flat = labels.ravel()
        sums = np.stack([np.bincount(flat, c.ravel(), count) for c in colours], axis=1)

    def cost(a: int, b: int) -> float:
        total, length = near[a][b]
        height = total / length
        if sums is not None:
            off = sums[a] / sizes[a] - sums[b] / sizes[b]
            apart = float(off @ off) ** 0.5 / UNIT
            height = height ** (1 - COLOUR) * (apart + LEAST) ** COLOUR
        return float(height * (min(sizes[a], sizes[b]) / unit) ** SIZE)

    heap = [(cost(a, b), a, b, near[a][b][1]) for a in range(count) for b in near[a] if a < b]
    heapq.heapify(heap)
    parent = np.arange(count)
    while heap and heap[0][0] < threshold:
        price, a, b, length = heapq.heappop(heap)
        if near[a].get(b, (0, -1))[1] != length or parent[a] != a or parent[b] != b:
            continue
        now = cost(a, b)
        if now > price * (1 + 1e-9):  # one of them has grown
            heapq.heappush(heap, (now, a, b, length))
            continue
        if len(near[a]) < len(near[b]):
            a, b = b, a
        parent[b] = a
        sizes[a] += sizes[b]
        if sums is not None:
            sums[a] += sums[b]
        del near[a][b]
        for c, (total, shared) in near[b].items():
            if c == a:
                continue
            del near[c][b]
            both = near[a].get(c, [0.0, 0.0])
            near[a][c] = near[c][a] = [both[0] + total, both[1] + shared]
            heapq.heappush(heap, (cost(a, c), min(a, c), max(a, c), near[a][c][1]))
        near[b] = {}
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            break
        parent = above
    numbers = np.unique(parent[labels], return_inverse=True)[1]
    return np.asarray((numbers.reshape(labels.shape) + 1).astype(np.int32))


def _borders(labels: NDArray[Any], boundary: NDArray[Any]) -> Any:
    """Return ((a, b), sum of the map, number of pixel pairs) of every two neighbours a < b."""
    keys, values = [], []
    for axis in range(labels.ndim):
        before, after = np.arange(labels.shape[axis])[:-1], np.arange(labels.shape[axis])[1:]
        one, other = (np.take(labels, part, axis) for part in (before, after))
        height = np.maximum(*(np.take(boundary, part, axis) for part in (before, after)))
        apart = one != other
        low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
        keys.append(low.astype(np.int64) << 32 | high.astype(np.int64))
        values.append(height[apart])
    pairs, places = np.unique(np.concatenate(keys), return_inverse=True)
    totals = np.bincount(places, np.concatenate(values).astype(float))
    lengths = np.bincount(places).astype(float)
    return [
        ((int(pair >> 32), int(pair & 0xFFFFFFFF)), total, length)
        for pair, total, length in zip(pairs.tolist(), totals, lengths, strict=True)
    ]
