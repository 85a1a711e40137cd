"""Remove Gaussian noise from a volume, with whatever flows suit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError
from divgrad.estimate import noise_level
from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.matched import COMMON
from divgrad.tasks.volume_mixture import mixture

PARAMETERS: dict[str, Parameter] = {
    "sigma": Parameter(
        "Standard deviation of the noise; None reads it off the volume",
        unit="image units", least=0, optional=True, example="12",
    ),
    **COMMON,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class DenoisedVolume:
    """A volume without its noise, the level of that, and what was done in plain sentences."""

    image: NDArray[Any]
    sigma: float
    report: tuple[str, ...]


@documented(PARAMETERS)
def denoise_volume(
    image: ArrayLike,
    sigma: float | None = None,
    *,
    model: str = "best",
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | DenoisedVolume:
    """Remove Gaussian noise from a volume; voxels may be longer along an axis.

    Diffusion, diffusion along fibres and membranes, and a learned model in the planes of square pixels are mixed so
    that the expected error is least. No value leaves the range of the volume.

    Parameters
    ----------
    image : array_like
        Volume of any real dtype, with or without channels; never written to.
    <declared>

    Returns
    -------
    ndarray or DenoisedVolume
        The volume without noise; with ``report`` the reasons too.

    Raises
    ------
    ImageError
        If it is no volume.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    T. Blu, F. Luisier, IEEE TIP 16:2778-2786, 2007; A. S. Frangakis, R. Hegerl, J. Structural Biology 135:239-250,
    2001.

    Examples
    --------
    >>> import numpy as np
    >>> clean = np.where(np.arange(24) < 12, 50.0, 150.0) * np.ones((12, 24, 1))
    >>> noisy = clean + np.random.default_rng(0).normal(0, 20, clean.shape)
    >>> bool((denoise_volume(noisy, 20.0, spacing=(2.0, 1.0, 1.0)) - clean).std() < 4.0)
    True
    """
    PARAMETERS["sigma"].check("sigma", sigma)
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    if grid.ndim != 3:
        raise ImageError(f"denoise_volume is for volumes, got shape {layout.shape}: take denoise")
    level = noise_level(image, channel_axis=channel_axis) if sigma is None else float(sigma)
    how = "was given" if sigma is not None else "was found"
    said: tuple[str, ...] = (f"Gaussian noise of standard deviation {level:.4g} {how}.",)
    if level > 0:
        mixed, made = mixture(u, level, grid, model)
        said += (made,)
    else:
        mixed = u.copy()
    clean = layout.leave(mixed, dtype)
    return DenoisedVolume(clean, level, said) if report else clean
