"""Remove the noise of photon counts, with or without that of the camera."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from divgrad.parameters import declared_in, documented
from divgrad.tasks.matched import COMMON, Matched, denoise_matched
from divgrad.transforms import Anscombe

PARAMETERS = {**declared_in(Anscombe), **COMMON}


@documented(PARAMETERS)
def denoise_poisson(
    image: ArrayLike,
    gain: float = 1.0,
    *,
    offset: float = 0.0,
    sigma: float = 0.0,
    model: str = "best",
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Matched:
    r"""Remove noise that comes of counting photons; means stay what they were, even of a tenth of a photon.

    The image is seen as :math:`g P(x / g) + o + \sigma n`: Poisson counts of gain g, on an offset, with the camera's
    own noise. Where photons are few, means of several pixels are denoised first and lead the way.

    Parameters
    ----------
    image : array_like
        Image or volume of any real dtype; never written to.
    <declared>

    Returns
    -------
    ndarray or Matched
        The image without noise; with ``report`` the reasons too.

    Raises
    ------
    ImageError
        If the image goes below ``offset`` though ``sigma`` is 0.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    M. Makitalo, A. Foi, IEEE TIP 22:91-103, 2013; L. Azzari, A. Foi, IEEE Signal Processing Letters 23:1086-1090, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> clean = np.where(np.arange(64) < 32, 1.0, 4.0) * np.ones((64, 1))
    >>> found = denoise_poisson(np.random.default_rng(0).poisson(clean))
    >>> [bool(abs(half.mean() / mean - 1) < 0.1) for half, mean in ((found[:, :24], 1), (found[:, 40:], 4))]
    [True, True]
    """
    transform = Anscombe(gain, offset, sigma)
    camera = f" and {sigma:.4g} of the camera's own" if sigma else ""
    made = denoise_matched(
        image, transform, f"Photon noise of {gain:.4g} grey values per photon{camera} was given.",
        model=model, channel_axis=channel_axis, spacing=spacing, dtype=dtype,
    )  # fmt: skip
    return made if report else made.image
