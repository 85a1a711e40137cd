"""Basins of a map of boundaries, merged where the boundary between two is weakest."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 0.25  # power of the smaller region's share of the image: small ones merge sooner


def basins(boundary: NDArray[Any]) -> NDArray[Any]:
    """Return numbered watershed basins, from 1, without lines between them."""
    from skimage.segmentation import watershed

    return np.asarray(watershed(boundary))


def merge(labels: NDArray[Any], boundary: NDArray[Any], threshold: float) -> NDArray[Any]:
    """Return labels from 1, merged until every two neighbours are parted by at least the threshold.

    Two regions are parted by the mean of the map along their common border, times a power of the smaller one's size in
    hundredths of the image.
    """
    count = int(labels.max()) + 1
    sizes = np.bincount(labels.ravel(), minlength=count).astype(float)
    unit = 0.01 * labels.size
    near: list[dict[int, list[float]]] = [{} for _ in range(count)]
    for (a, b), total, length in _borders(labels, boundary):
        near[a][b] = near[b][a] = [total, length]

    def cost(a: int, b: int) -> float:
        total, length = near[a][b]
        return float(total / length * (min(sizes[a], sizes[b]) / unit) ** SIZE)

    heap = [(cost(a, b), a, b, near[a][b][1]) for a in range(count) for b in near[a] if a < b]
    heapq.heapify(heap)
    parent = np.arange(count)
    while heap and heap[0][0] < threshold:
        price, a, b, length = heapq.heappop(heap)
        if near[a].get(b, (0, -1))[1] != length or parent[a] != a or parent[b] != b:
            continue
        now = cost(a, b)
        if now > price:  # one of them has grown
            heapq.heappush(heap, (now, a, b, length))
            continue
        if len(near[a]) < len(near[b]):
            a, b = b, a
        parent[b] = a
        sizes[a] += sizes[b]
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
