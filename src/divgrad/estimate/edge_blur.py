"""How blurred the edges of an image are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

FIRST, SECOND = 1.0, 2.0  # pixels: the two further blurs
EDGES = 0.98  # quantile of slopes that are edges
MIDDLE = 0.5  # quantile of what edges say: some are soft by nature, others steepened when noise was removed
LEAST, MOST = 0.3, 10.0  # pixels
DIFFERENCES = (
    1 / 3
)  # pixels squared: the variance of a mean over two pixels, which central differences are


def edge_blur(image: ArrayLike, *, spacing: float | Sequence[float] | None = None) -> float:
    r"""Estimate the standard deviation of the Gaussian that blurred the strongest edges.

    A step that is blurred by sigma, and then by s besides, has a slope in proportion to
    :math:`(\sigma^2 + s^2)^{-1/2}`: two further blurs say sigma,

    .. math:: \sigma^2 = \frac{s_2^2 - R^2 s_1^2}{R^2 - 1}, \quad
        R = \frac{|\nabla (G_{s_1} * u)|}{|\nabla (G_{s_2} * u)|}.

    Parameters
    ----------
    image : array_like
        Image or volume of real values, one channel.
    spacing : float or sequence, optional
        Distance of pixels along each axis; None: 1.

    Returns
    -------
    float
        Standard deviation in length units, from 0.3 to 10 pixels; 1 pixel where there is no edge.

    References
    ----------
    .. [1] S. Zhuo, T. Sim, "Defocus map estimation from a single image", Pattern Recognition 44(9),
       1852-1858, 2011.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> step = np.where(np.arange(64) < 32, 0.0, 100.0) * np.ones((64, 1))
    >>> round(edge_blur(gaussian_filter(step, 2.5)), 1)
    2.5
    """
    from scipy.ndimage import gaussian_filter, maximum_filter

    u = np.asarray(image, np.float64)
    h = np.broadcast_to(np.asarray(1.0 if spacing is None else spacing, float), (u.ndim,))
    pixel = float(h.min())
    slopes = []
    for s in (FIRST, SECOND):
        smooth = gaussian_filter(u, s * pixel / h, mode="nearest")
        parts = [
            np.gradient(smooth, step, axis=axis) for axis, step in enumerate(h) if u.shape[axis] > 1
        ]
        slopes.append(np.sqrt(sum((p * p for p in parts), np.zeros_like(u))))
    strong = slopes[0] > max(float(np.quantile(slopes[0], EDGES)) * 0.999, 1e-12 * np.abs(u).max())
    ridge = strong & (slopes[0] >= maximum_filter(slopes[0], 3) * (1 - 1e-9))
    if not ridge.any():
        return pixel
    ratio = (slopes[0][ridge] / slopes[1][ridge]) ** 2
    ratio = np.clip(ratio, 1.0 + 1e-6, None)
    square = (SECOND**2 - ratio * FIRST**2) / (ratio - 1.0)
    square -= DIFFERENCES
    sigma = np.sqrt(np.clip(square, LEAST**2, MOST**2))
    return float(np.quantile(sigma, MIDDLE)) * pixel
