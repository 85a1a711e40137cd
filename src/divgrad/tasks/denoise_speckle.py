"""Remove speckle of a known number of looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from divgrad.parameters import declared_in, documented
from divgrad.tasks.matched import COMMON, Matched, denoise_matched
from divgrad.transforms import Logarithm

PARAMETERS = {**declared_in(Logarithm), **COMMON}


@documented(PARAMETERS)
def denoise_speckle(
    image: ArrayLike,
    looks: float,
    *,
    model: str = "best",
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Matched:
    r"""Remove the grain of radar, ultrasound and laser light, which is as strong as the image is bright.

    The image is seen as x times a gamma variable of mean 1 and variance 1 / looks. Its logarithm is denoised, and
    the bias of logarithms taken back. Where looks are few, means of several pixels are denoised first and lead the
    way. For a step at a time, within a flow of your own, there is :class:`~divgrad.SpeckleReducing`.

    Parameters
    ----------
    image : array_like
        Intensities of any real dtype, not their logarithms or dB; never written to.
    <declared>

    Returns
    -------
    ndarray or Matched
        The image without speckle; with ``report`` the reasons too.

    Raises
    ------
    ImageError
        If the image has negative values.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    H. Xie, L. E. Pierce, F. T. Ulaby, IEEE TGRS 40:721-727, 2002; L. Azzari, A. Foi, IEEE Signal Processing Letters
    23:1086-1090, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> clean = np.where(np.arange(64) < 32, 10.0, 100.0) * np.ones((64, 1))
    >>> found = denoise_speckle(clean * np.random.default_rng(0).gamma(1.0, 1.0, clean.shape), looks=1)
    >>> [bool(abs(half.mean() / mean - 1) < 0.1) for half, mean in ((found[:, :24], 10), (found[:, 40:], 100))]
    [True, True]
    """
    made = denoise_matched(
        image, Logarithm(looks), f"Speckle of {looks:.4g} looks was given.",
        model=model, channel_axis=channel_axis, spacing=spacing, dtype=dtype,
    )  # fmt: skip
    return made if report else made.image
