"""Which slope parts edges from the rest? The rank rule of Perona and Malik."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from divgrad.errors import ParameterError
from divgrad.estimate.gradients import slopes


def contrast(
    image: ArrayLike,
    *,
    presmoothing: float | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    percentile: float = 90.0,
) -> float:
    r"""Give the slope that a given share of the image does not exceed.

    Diffusion with this contrast :math:`k` smooths the gentler slopes and keeps the steeper ones:

    .. math:: k = \text{the } percentile \text{ of } |\nabla u_\sigma| .

    Perona and Malik took 90 % (K in their paper), after Canny's noise estimate; Alcantarilla,
    Bartoli and Davison 70 % of a slightly smoothed image. The rule needs no noise level, but it
    supposes that a fixed share of every image is edges: noise raises it, and an image without
    edges gets a contrast all the same. See `robust_contrast` for the rule by the median.

    Parameters
    ----------
    image : array_like, 1-D to 3-D, one axis more with `channel_axis`
        Any real dtype and any range.
    presmoothing : float, optional
        The same as in the equation that will use the contrast: standard deviation of the Gaussian
        that smooths the image from which slopes are taken, >= 0, in the unit of `spacing`; 0 takes
        central differences, None the differences across each edge between neighbours.
    channel_axis : int, optional
        Axis of the colours, whose squared slopes are added.
    spacing : float or sequence of float, optional
        Distance between pixels along each axis but that of the colours, > 0. None: 1.
    percentile : float, optional
        0 < percentile <= 100. Slopes that are exactly zero are not counted.

    Returns
    -------
    float
        Image units per unit of `spacing`; 0 only for a constant image.

    Raises
    ------
    ImageError
        If the image is empty, not real, of more than 3 axes, or holds NaN or Inf.
    ParameterError
        If `presmoothing`, `spacing` or `percentile` is out of range.

    References
    ----------
    .. [1] P. Perona, J. Malik, "Scale-space and edge detection using anisotropic diffusion", IEEE
       Trans. Pattern Anal. Mach. Intell. 12(7), 629-639, 1990, section V.
    .. [2] J. Canny, "A computational approach to edge detection", IEEE Trans. Pattern Anal. Mach.
       Intell. 8(6), 679-698, 1986.
    .. [3] P. F. Alcantarilla, A. Bartoli, A. J. Davison, "KAZE features", ECCV 2012.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.arange(8.0) * np.ones((8, 1))
    >>> contrast(ramp)
    1.0
    >>> contrast(ramp, spacing=0.25)  # the same picture, four times as steep
    4.0
    """
    if not 0 < percentile <= 100:
        raise ParameterError(f"percentile is {percentile}; a number above 0, up to 100 is needed")
    found = slopes(image, presmoothing=presmoothing, channel_axis=channel_axis, spacing=spacing)
    return float(np.percentile(found, percentile)) if found.size else 0.0
