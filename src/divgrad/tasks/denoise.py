"""Remove noise from an image; everything that has to be chosen is read off the image itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import NoiseKindError
from divgrad.estimate import noise_kind
from divgrad.evolution import evolve
from divgrad.layout import enter
from divgrad.operators import Image
from divgrad.parameters import Parameter, documented
from divgrad.stopping import Stop
from divgrad.tasks.least_error import weights
from divgrad.tasks.two_flows import Flow, flows_for, mix, versions

PARAMETERS: dict[str, Parameter] = {
    "sigma": Parameter(
        "Standard deviation of the noise, which is then taken for Gaussian; None reads level and kind "
        "off the image",
        unit="image units", least=0, optional=True, example="12",
    ),
    "contrast": Parameter(
        "Slope above which an edge is kept and below which it is smoothed away; None takes 0.8 sigma "
        "per pixel, in volumes 0.65",
        unit="image units per length unit", above=0, optional=True, example="10",
    ),
    "until": Parameter(
        "When to stop, a rule such as Time(3); None mixes several times so that the error is least",
        kind=object, optional=True,
    ),
    "channel_axis": Parameter(
        "Axis of the channels, which share their edges; None: there is none", kind=int, optional=True
    ),
    "spacing": Parameter(
        "Distance of pixels along each spatial axis, or one for all; None: 1",
        unit="length units", kind=object, optional=True,
    ),
    "dtype": Parameter(
        "Type of the result: None for float32 or float64, 'same' for that of the image, rounded and "
        "clipped",
        kind=object, optional=True,
    ),
    "report": Parameter("Whether to return the reasons too", kind=bool),
}  # fmt: skip

CLIPPED = 0.01  # of the pixels at the ends of the range: less noise is there than sigma says


@dataclass(frozen=True, eq=False)
class Denoised:
    """A denoised image, and why it is as it is.

    Parameters
    ----------
    image
        The image, shaped as it was given.
    sigma
        Standard deviation of the noise that was found or given, in image units.
    report
        What was found and chosen, and why, in plain sentences.
    flows
        The flows that made it; empty if nothing was done.
    weights
        Weights, of sum 1, of the given image and of each flow's images.
    """

    image: NDArray[Any]
    sigma: float
    report: tuple[str, ...]
    flows: tuple[Flow, ...] = ()
    weights: tuple[float, ...] = (1.0,)


@overload
def denoise(
    image: ArrayLike, sigma: float | None = None, *, contrast: float | None = None,
    until: Stop | None = None, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, dtype: Any = None,
    report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def denoise(
    image: ArrayLike, sigma: float | None = None, *, contrast: float | None = None,
    until: Stop | None = None, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, dtype: Any = None,
    report: Literal[True],
) -> Denoised: ...  # fmt: skip


@documented(PARAMETERS)
def denoise(
    image: ArrayLike,
    sigma: float | None = None,
    *,
    contrast: float | None = None,
    until: Stop | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Denoised:
    r"""Remove Gaussian noise and keep the edges; nothing needs to be set.

    Two Perona-Malik diffusions smooth the image, one with slopes from pixel to pixel, one with slopes of the
    image smoothed a little. Of the images on their way the mixture with the least expected error is taken;
    Stein's identity tells that error without the clean image. No value leaves the range of the image, its
    mean stays, and a times brighter image gives an a times brighter result.

    Parameters
    ----------
    image : array_like
        Signal, image or volume of any real dtype, with or without channels; never written to.
    <declared>

    Returns
    -------
    ndarray or Denoised
        The denoised image, float32 or float64 unless ``dtype`` says otherwise; with ``report`` the image
        and the reasons.

    Raises
    ------
    NoiseKindError
        If the noise is clearly not Gaussian, such as salt and pepper, and sigma was not given.
    ImageError
        If the image cannot be treated: empty, complex, NaN.

    References
    ----------
    P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990; F. Catte, P.-L. Lions, J.-M. Morel, T. Coll, SIAM J.
    Numerical Analysis 29:182-193, 1992; T. Blu, F. Luisier, IEEE TIP 16:2778-2786, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> import divgrad
    >>> clean = np.where(np.arange(64) < 32, 50.0, 150.0) * np.ones((64, 1))
    >>> noisy = clean + np.random.default_rng(0).normal(0, 20, clean.shape)
    >>> bool((divgrad.denoise(noisy) - clean).std() < 4.0)
    True
    >>> divgrad.denoise(noisy, sigma=20, report=True).report[0]
    'Gaussian noise of standard deviation 20 was given.'
    """
    made = _denoise(image, sigma, contrast, until, channel_axis, spacing, dtype)
    return made if report else made.image


def _denoise(
    image: ArrayLike,
    sigma: float | None,
    contrast: float | None,
    until: Stop | None,
    channel_axis: int | None,
    spacing: float | Sequence[float] | None,
    dtype: Any,
) -> Denoised:
    for name, value in (("sigma", sigma), ("contrast", contrast)):
        PARAMETERS[name].check(name, value)
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    level, found = _noise(image, u, sigma, channel_axis)
    if level == 0.0:
        return Denoised(layout.leave(u.copy(), dtype), level, (found, "Nothing was changed."))
    flows = flows_for(level, contrast, u, grid)
    if until is not None:
        ends = [
            evolve(
                u, flow.equation, scheme=flow.scheme, until=until, channel_axis=0,
                spacing=grid.spacing,
            )
            for flow in flows
        ]  # fmt: skip
        mixed = 0.5 * (ends[0].u + ends[1].u)
        said: tuple[str, ...] = (
            f"Two flows were stopped when told to: {ends[0].reason}. Their mean was taken.",
        )
        parts: tuple[float, ...] = (0.0, 0.5, 0.5)
    else:
        parts, error = weights(u, lambda v: versions(v, flows, grid), level, grid)
        mixed = mix(u, flows, parts, grid)
        count = np.count_nonzero(parts[1:])
        outlook = f"expected error {error:.3g}, noise {level:.3g}"
        if np.mean((u == u.min()) | (u == u.max())) > CLIPPED:
            outlook = "how small cannot be told where values are clipped"
        said = (
            f"Slopes above {flows[0].equation.contrast:.3g} per unit of length were kept, lesser ones "
            "smoothed.",
            f"The mixture with the least expected error was taken, {count} smoothed images and "
            f"{100 * parts[0]:.0f} % of the noisy one: {outlook}.",
        )
    # A mixture stays in the range; its rounding need not.
    np.clip(mixed, u.min(), u.max(), out=mixed)
    kept = "No value left the range of the image, and its mean is kept."
    return Denoised(layout.leave(mixed, dtype), level, (found, *said, kept), flows, parts)


def _noise(
    image: ArrayLike, u: Image, sigma: float | None, channel_axis: int | None
) -> tuple[float, str]:
    """Return the standard deviation of the noise and a sentence; refuse what is clearly not Gaussian."""
    if sigma is not None:
        return float(sigma), f"Gaussian noise of standard deviation {sigma:.4g} was given."
    if sum(extent > 1 for extent in u.shape[1:]) < 2:
        return 0.0, "The image is too small to see its noise; sigma= states it."
    noise = noise_kind(image, channel_axis=channel_axis)
    if noise.kind in ("salt-and-pepper", "signal-dependent") and noise.sure:
        raise NoiseKindError(
            f"{noise.sentence} denoise is for Gaussian noise: state its standard deviation with sigma= "
            "to treat it as Gaussian all the same"
        )
    return (0.0 if noise.kind == "none" else noise.level), noise.sentence
