"""Remove noise from an image; everything that has to be chosen is read off the image itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ParameterError
from divgrad.estimate import NoiseKind, noise_kind
from divgrad.estimate.noise_kind import Kind
from divgrad.layout import enter
from divgrad.operators import Equation, Image
from divgrad.parameters import Parameter, documented
from divgrad.stopping import Stop
from divgrad.tasks.image_parameters import IMAGE

if TYPE_CHECKING:
    from divgrad.tasks.two_flows import Flow

PARAMETERS: dict[str, Parameter] = {
    "sigma": Parameter(
        "Standard deviation of the noise, which is then taken for Gaussian; None reads level and kind "
        "off the image",
        unit="image units", least=0, optional=True, example="12",
    ),
    "using": Parameter(
        "A flow that is to be taken instead, whatever the noise, such as PeronaMalik(contrast=20)",
        kind=object, optional=True,
    ),
    "model": Parameter(
        "Learned model for images and the planes of volumes: 'best', or 'fast', several times as fast; None takes two "
        "classical flows, which never leave the range of the image",
        kind=object, optional=True,
    ),
    "contrast": Parameter(
        "Of the two classical flows: slope above which an edge is kept and below which it is smoothed away; None "
        "takes 0.8 sigma per pixel, in volumes 0.65",
        unit="image units per length unit", above=0, optional=True, example="10",
    ),
    "until": Parameter(
        "When classical flows stop, a rule such as Time(3); None mixes several times so that the error is least",
        kind=object, optional=True,
    ),
    **IMAGE,
}  # fmt: skip


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
    noise
        The kind of the noise, its parameters, and how sure that is.
    flows
        The two classical flows, if they made it.
    weights
        Weights, of sum 1, of the given image and of each flow's images.
    """

    image: NDArray[Any]
    sigma: float
    report: tuple[str, ...]
    noise: NoiseKind
    flows: tuple[Flow, ...] = ()
    weights: tuple[float, ...] = (1.0,)


@overload
def denoise(
    image: ArrayLike, sigma: float | None = None, *, using: Equation | None = None,
    model: str | None = "best", contrast: float | None = None,
    until: Stop | None = None, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, dtype: Any = None,
    report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def denoise(
    image: ArrayLike, sigma: float | None = None, *, using: Equation | None = None,
    model: str | None = "best", contrast: float | None = None,
    until: Stop | None = None, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, dtype: Any = None,
    report: Literal[True],
) -> Denoised: ...  # fmt: skip


@documented(PARAMETERS)
def denoise(
    image: ArrayLike,
    sigma: float | None = None,
    *,
    using: Equation | None = None,
    model: str | None = "best",
    contrast: float | None = None,
    until: Stop | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Denoised:
    r"""Remove noise of every kind and keep the edges; nothing needs to be set.

    Kind and level of the noise are read off the image. Gaussian noise is removed by a learned diffusion; noise that
    depends on the brightness likewise, between a transform that makes it Gaussian and its exact unbiased inverse;
    impulses are filled from the good pixels, which stay; what was rounded stays within its rounding; a clean
    image stays as it is. Where the kind is not sure, the most likely one is treated, and that is said.

    Volumes are denoised as by :func:`~divgrad.denoise_volume`: flows that see all three axes with their spacing, one
    of them along fibres and membranes, and learned planes, mixed. With ``model=None``, and for signals, two
    Perona-Malik diffusions take the place of all that: of the images on their way the mixture with the least expected
    error is taken; Stein's identity tells that error without the clean image. Then no value leaves the range of the
    image.

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
    ImageError
        If the image cannot be treated: empty, complex, NaN.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    Y. Chen, T. Pock, IEEE PAMI 39:1256-1272, 2017; P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990; F. Catte,
    P.-L. Lions, J.-M. Morel, T. Coll, SIAM J. Numerical Analysis 29:182-193, 1992; T. Blu, F. Luisier, IEEE TIP
    16:2778-2786, 2007.

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
    from divgrad.tasks.by_kind import Result, remove  # here, since --help has no need of all flows
    from divgrad.tasks.classical import by_flow, two_flows

    for name, value in (("sigma", sigma), ("contrast", contrast)):
        PARAMETERS[name].check(name, value)
    if not (using is None or isinstance(using, Equation)):
        raise ParameterError(
            f"using must be a flow such as PeronaMalik(contrast=20); got {using!r:.60}"
        )
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    noise = _noise(image, u, sigma, channel_axis)
    if using is not None:
        made = Result(*by_flow(u, using, noise.level, until, grid))
    elif contrast is not None or until is not None:
        level = noise.level
        nothing = level == 0.0 and contrast is None
        made = (
            Result(u.copy(), ("Nothing was changed.",))
            if nothing
            else Result(*two_flows(u, level, contrast, until, grid))
        )
    else:
        made = remove(u, noise, model, grid)
    report_ = (noise.sentence, *made.report)
    clean = layout.leave(made.image, dtype)
    result = Denoised(clean, noise.level, report_, noise, made.flows, made.weights)
    return result if report else result.image


def _noise(image: ArrayLike, u: Image, sigma: float | None, channel_axis: int | None) -> NoiseKind:
    """Return the noise as it was given, or as it is found."""
    if sigma is not None:
        level = float(sigma)
        said = f"Gaussian noise of standard deviation {sigma:.4g} was given."
        kind: Kind = "gaussian" if level > 0 else "none"
        return NoiseKind(kind, {"sigma": level}, 1.0, said, kind, level)
    if sum(extent > 1 for extent in u.shape[1:]) < 2:
        said = "The image is too small to see its noise; sigma= states it."
        return NoiseKind("not sure", {}, 0.0, said, "none", 0.0)
    return noise_kind(image, channel_axis=channel_axis)
