"""How close an image is to another: thin names over scikit-image's metrics, in image units."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray


def psnr(reference: NDArray[Any], image: NDArray[Any], data_range: float) -> float:
    """Return the peak signal-to-noise ratio in dB, 20 log10(data_range / rms difference).

    >>> import numpy as np
    >>> psnr(np.zeros((8, 8)), np.full((8, 8), 2.55), 255.0)
    40.0
    """
    from skimage.metrics import peak_signal_noise_ratio

    return float(peak_signal_noise_ratio(reference, image, data_range=data_range))


def ssim(
    reference: NDArray[Any],
    image: NDArray[Any],
    data_range: float,
    *,
    channel_axis: int | None = None,
) -> float:
    """Return the structural similarity as published, with Gaussian weights; 1 for equal images.

    References
    ----------
    Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, IEEE TIP 13:600-612, 2004.

    >>> import numpy as np
    >>> ssim(np.eye(16), np.eye(16), 1.0)
    1.0
    """
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            reference,
            image,
            data_range=data_range,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            channel_axis=channel_axis,
        )
    )
