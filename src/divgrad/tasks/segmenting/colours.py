"""How likely a pixel's colour is under each label, learned from the seeds: histograms, diffused."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.operators import Image

BINS = 32  # along each of at most three axes of colour
WIDTH = 1.0  # standard deviation, in bins, to which the histograms are diffused
FLOOR = 1e-5  # of each label's colours are anything


def colour_likelihood(u: Image, parts: list[NDArray[np.bool_]]) -> NDArray[Any]:
    """Return the density of each pixel's colour among those of each part, ``(len(parts), *space)``.

    Parameters
    ----------
    u
        Colours ``(channel, *space)``, in which differences are even to the eye; three channels count.
    parts
        Where the pixels of each label are that are known.
    """
    from scipy.ndimage import gaussian_filter

    places = []
    for channel in u[:3]:
        low, high = np.quantile(channel, (0.001, 0.999))
        step = float(high - low) / BINS or 1.0
        places.append(np.clip((channel - low) / step, 0, BINS - 1).astype(np.intp))
    bins = (BINS,) * len(places)
    where = np.ravel_multi_index(tuple(places), bins)
    found = []
    for part in parts:
        counts = np.bincount(where[part], minlength=int(np.prod(bins))).reshape(bins)
        density = gaussian_filter(counts / max(1, counts.sum()), WIDTH, mode="nearest")
        density += FLOOR * density.max() if density.any() else 1.0
        found.append(density.ravel()[where])
    return np.stack(found).astype(u.dtype)
