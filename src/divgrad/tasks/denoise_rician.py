"""Remove the noise of magnitude images of magnetic resonance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from divgrad.parameters import declared_in, documented
from divgrad.tasks.matched import COMMON, Matched, denoise_matched
from divgrad.transforms import Rician

PARAMETERS = {**declared_in(Rician), **COMMON}


@documented(PARAMETERS)
def denoise_rician(
    image: ArrayLike,
    sigma: float,
    *,
    model: str = "best",
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Matched:
    r"""Remove noise from magnitudes, and the brightness that it lends to dark places: air becomes 0.

    The image is seen as :math:`\sqrt{(x + \sigma n_1)^2 + (\sigma n_2)^2}`. A transform makes the noise Gaussian of
    one level, and the exact unbiased inverse returns x.

    Parameters
    ----------
    image : array_like
        Magnitudes, image or volume of any real dtype; never written to.
    <declared>

    Returns
    -------
    ndarray or Matched
        The image without noise; with ``report`` the reasons too.

    Raises
    ------
    ImageError
        If the image has negative values.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    A. Foi, IEEE International Symposium on Biomedical Imaging, 1809-1814, 2011.

    Examples
    --------
    >>> import numpy as np
    >>> clean = np.where(np.arange(64) < 32, 0.0, 50.0) * np.ones((64, 1))
    >>> noise = np.random.default_rng(0).normal(0.0, 10.0, (2, 64, 64))
    >>> found = denoise_rician(np.hypot(clean + noise[0], noise[1]), sigma=10)
    >>> bool(found[:, :24].mean() < 4.0), bool(abs(found[:, 40:].mean() - 50.0) < 1.0)
    (True, True)
    """
    made = denoise_matched(
        image, Rician(sigma), f"Rician noise of standard deviation {sigma:.4g} was given.",
        model=model, channel_axis=channel_axis, spacing=spacing, dtype=dtype, halve=False,
    )  # fmt: skip
    return made if report else made.image
