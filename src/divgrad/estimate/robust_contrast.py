"""Which slope is an outlier? The median rule of Black, Sapiro, Marimont and Heeger."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from divgrad.estimate.gradients import slopes
from divgrad.kernels.slopes import robust_scale


def robust_contrast(
    image: ArrayLike,
    *,
    presmoothing: float | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
) -> float:
    r"""Give the slope beyond which a pixel is an outlier of its image: an edge.

    The typical deviation of the slopes, by medians so that edges do not move it:

    .. math:: s_0 = 1.4826 \operatorname{median}\bigl|\, |\nabla u_\sigma|
              - \operatorname{median} |\nabla u_\sigma| \,\bigr|

    (:math:`\sigma_e` in the paper). It is the slope at which most should flow. Conductances put
    their largest flux at different slopes, so their contrast is a multiple of this: 1 for the
    rational one, :math:`\sqrt 2` for the exponential one, :math:`\sqrt 5` for Tukey's biweight.

    Parameters
    ----------
    image : array_like, 1-D to 3-D, one axis more with `channel_axis`
        Any real dtype and any range.
    presmoothing : float, optional
        Standard deviation of the Gaussian that smooths the image from which slopes are taken,
        >= 0, in the unit of `spacing`; 0 takes central differences, None the differences across
        each edge between neighbours.
    channel_axis : int, optional
        Axis of the colours, whose squared slopes are added.
    spacing : float or sequence of float, optional
        Distance between pixels along each axis but that of the colours, > 0. None: 1.

    Returns
    -------
    float
        Image units per unit of `spacing`; 0 for a constant image or a plain ramp. Slopes that are
        exactly zero are not counted.

    Raises
    ------
    ImageError
        If the image is empty, not real, of more than 3 axes, or holds NaN or Inf.
    ParameterError
        If `presmoothing` or `spacing` is out of range.

    References
    ----------
    .. [1] M. J. Black, G. Sapiro, D. H. Marimont, D. Heeger, "Robust anisotropic diffusion", IEEE
       Trans. Image Process. 7(3), 421-432, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(0.0, 1.0, (128, 128))
    >>> step = np.where(np.arange(128) < 64, 0.0, 100.0)
    >>> print(f"{robust_contrast(noise):.1f} {robust_contrast(noise + step):.1f}")
    0.8 0.8
    """
    found = slopes(image, presmoothing=presmoothing, channel_axis=channel_axis, spacing=spacing)
    return robust_scale(found)
