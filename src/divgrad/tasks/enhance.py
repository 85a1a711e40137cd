"""Bring out detail and local contrast, without halos at edges and without the noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE

PARAMETERS: dict[str, Parameter] = {
    "detail": Parameter(
        "Factor by which detail is amplified: 1 leaves it, 0 removes it, 3 is strong", least=0, most=10, example="2"
    ),
    "light": Parameter(
        "How much of the differences of light is evened out: 0 nothing, 1 all", least=0, most=1, example="0.25"
    ),
    "contrast": Parameter(
        "Slope above which something is an edge, and no detail; None takes 1 % of the range of the image, and more "
        "where its noise is as steep",
        unit="image units per length unit", above=0, optional=True, example="2.5",
    ),
    "sigma": Parameter(
        "Standard deviation of the noise, which is not amplified; None measures it",
        unit="image units", least=0, optional=True,
    ),
    **IMAGE,
}  # fmt: skip
SATURATION = 0.08  # of the range: strength of detail that is amplified less


@dataclass(frozen=True, eq=False)
class Enhanced:
    """An enhanced image, and how that was done.

    Parameters
    ----------
    image
        The image.
    base
        Its lightness without detail.
    report
        What was found and chosen, in plain sentences.
    """

    image: NDArray[Any]
    base: NDArray[Any]
    report: tuple[str, ...]

    @property
    def panels(self) -> dict[str, NDArray[Any]]:
        """What is shown side by side."""
        return {"result": self.image, "light without detail": self.base}


@documented(PARAMETERS)
def enhance(
    image: ArrayLike,
    detail: float = 2.0,
    *,
    light: float = 0.25,
    contrast: float | None = None,
    sigma: float | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Enhanced:
    r"""Amplify the layers of detail that a diffusion takes off, and even out what light is left.

    Perona-Malik diffusion with an edge stop of Weickert takes off four layers of detail, from one pixel to a dozen,

    .. math:: d_i = u(t_{i-1}) - u(t_i), \quad u_t = \mathrm{div}(g(|\nabla u_\sigma|) \, \nabla u),

    and leaves edges to the rest, the light b. Each layer is amplified, what is as weak as its noise is not, and the
    light is compressed towards its white w, with twice the brightness at most:

    .. math:: \Bigl(\frac{b}{w}\Bigr)^{-\mathrm{light}} \biggl[ b +
        \sum_i d_i \Bigl(1 + \frac{(\mathrm{detail} - 1) \, d_i^2}{(d_i^2 + 9 \sigma_i^2) (1 + d_i^2 / c^2)^2}\Bigr)
        \biggr]

    At a step edge of 16 % of the range or more the result overshoots by less than 1 % of its height; smaller steps
    count as detail. Of colours the lightness alone is changed, by adding grey: hue stays.

    Parameters
    ----------
    image : array_like
        Signal, image or volume of any real dtype, with or without channels; never written to.
    <declared>

    Returns
    -------
    ndarray or Enhanced
        The image, float32 or float64 unless ``dtype`` says otherwise; with ``report`` light and reasons too.

    Raises
    ------
    ImageError
        If the image cannot be treated: empty, complex, NaN.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    J. Tumblin, G. Turk, SIGGRAPH 1999, 83-90; Z. Farbman, R. Fattal, D. Lischinski, R. Szeliski, ACM Trans. Graphics
    27:67, 2008; J. Weickert, Anisotropic Diffusion in Image Processing, Teubner, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> step = np.where(np.arange(64) < 32, 50.0, 150.0) * np.ones((64, 1))
    >>> weave = 4 * np.sin(np.indices((64, 64)).sum(axis=0))
    >>> made = enhance(step + weave, light=0.0)
    >>> bool(made[:, 4:28].std() > 1.5 * weave[:, 4:28].std()), round(np.ptp(enhance(step, light=0.0)))
    (True, 100)
    """
    from divgrad.tasks.detail import amplified, compressed, layers, noise_of
    from divgrad.tasks.lightness import lightness, raised, span

    for name, value in (
        ("detail", detail), ("light", light), ("contrast", contrast), ("sigma", sigma)
    ):  # fmt: skip
        PARAMETERS[name].check(name, value)
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    grey = lightness(u)
    reach = float(np.ptp(grey))
    noise = noise_of(grey) if sigma is None else float(sigma)
    found = layers(grey, contrast, noise, grid)
    base = found.base
    factor = compressed(base, light)
    made = factor * (base + amplified(found, detail, SATURATION * reach))
    out = raised(u, grey, made.astype(u.dtype), span(u, layout.dtype))
    said = (
        f"Noise of standard deviation {noise:.3g} was {'found' if sigma is None else 'given'}; it is not amplified.",
        f"Detail up to the slope {found.contrast:.3g} was amplified {detail:g} times in {len(found.details)} layers; "
        "steeper edges stay as they are.",
        f"Light was evened out by {100 * light:.0f} %: its darkest part is multiplied by {float(factor.max()):.3g}.",
    )
    result = Enhanced(layout.leave(out, dtype), base[0], said)
    return result if report else result.image
