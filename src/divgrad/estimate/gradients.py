"""How steep the image is, place by place, in physical units."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from divgrad.errors import ParameterError
from divgrad.estimate.channels import channels
from divgrad.kernels.slopes import Floats, collect


def slopes(
    image: ArrayLike,
    *,
    presmoothing: float | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
) -> Floats:
    """Collect the slopes of an image just as Perona-Malik diffusion sees them.

    Channels are joined by the sum of their squares. Slopes that are exactly zero are left out:
    saturated or synthetic flats say nothing of edges, and pull every rank statistic to zero.

    Parameters
    ----------
    image : array_like, 1-D to 3-D, one axis more with `channel_axis`
        Any real dtype.
    presmoothing : float, optional
        Standard deviation, >= 0, in the unit of `spacing`, of the Gaussian that smooths the image
        from which the gradient is taken; 0 takes central differences. None takes the differences
        across each edge between neighbours instead of gradients.
    channel_axis : int, optional
        Axis of the colours.
    spacing : float or sequence of float, optional
        Distance between pixels along each axis but that of the colours, > 0. None: 1.

    Returns
    -------
    ndarray, (n,), float64
        Image units per unit of `spacing`, > 0; empty if the image is constant. From evenly spaced
        boxes if the image is larger than a megapixel.

    Raises
    ------
    ImageError
        If the image is empty, not real, of more than 3 axes, or holds NaN or Inf.
    ParameterError
        If `presmoothing` or `spacing` is out of range or of the wrong length.

    Examples
    --------
    >>> ramp = np.arange(5.0) * np.ones((4, 1))
    >>> np.unique(slopes(ramp, spacing=(1.0, 0.5))).tolist()
    [2.0]
    """
    planes = channels(image, channel_axis)
    steps = _checked_spacing(spacing, planes[0].ndim)
    if presmoothing is not None and not 0 <= presmoothing < math.inf:
        raise ParameterError(
            f"presmoothing is {presmoothing}; a length >= 0 is needed, or None for none"
        )
    return collect(planes, steps, presmoothing)


def _checked_spacing(spacing: float | Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    values = np.asarray(1.0 if spacing is None else spacing, np.float64)
    if values.ndim == 0:
        values = np.full(ndim, values)
    if values.shape != (ndim,) or not np.all((values > 0) & (values < np.inf)):
        raise ParameterError(
            f"spacing is {spacing!r}; one positive length for each of the {ndim} spatial axes is "
            "needed"
        )
    return tuple(values.tolist())
