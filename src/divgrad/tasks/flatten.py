"""Even out the light of an image: shadows, vignettes and stains go, what is on the ground stays."""

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
    "scale": Parameter(
        "Length over which the ground is averaged: a few times the width of what is on it; None measures that",
        unit="length units", above=0, optional=True, example="20",
    ),
    "border": Parameter(
        "True along the border of a shadow or stain that is to go: both of its sides grow into each other, all else "
        "stays; None evens out the whole image instead",
        kind=object, optional=True,
    ),
    **IMAGE,
}  # fmt: skip
ENDING = "_flat"


@dataclass(frozen=True, eq=False)
class Flattened:
    """An image in even light, the ground that was found in it (None with a border), and how that was done."""

    image: NDArray[Any]
    ground: NDArray[Any] | None
    report: tuple[str, ...]


@documented(PARAMETERS)
def flatten(
    image: ArrayLike,
    scale: float | None = None,
    *,
    border: ArrayLike | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Flattened:
    r"""Divide an image by its light, or subtract its ground, so that one threshold fits all of it.

    The ground b is what linear diffusion makes of an image to which pixels that stand out count for nothing,

    .. math:: b = \frac{\mathrm{e}^{t \Delta} (w u)}{\mathrm{e}^{t \Delta} w}, \quad
        w = \frac{1}{1 + (\max(b - u, 0) / k)^4}, \quad t = \tfrac12 \mathrm{scale}^2,

    a few times over. Pages and other images with dark structures are divided by it, as light multiplies; from images
    with bright ones, such as cells in fluorescence, it is subtracted. The ground keeps its mean. Colours are all
    treated alike, so that hue stays. With a ``border`` osmosis, linear in the
    logarithm, erases the edge of a shadow instead.

    Parameters
    ----------
    image : array_like
        Signal, image or volume of any real dtype, with or without channels; never written to.
    <declared>

    Returns
    -------
    ndarray or Flattened
        The image, float32 or float64 unless ``dtype`` says otherwise; with ``report`` the ground and the reasons.

    Raises
    ------
    ImageError
        If the border is not of the image's shape, or the image is not >= 0 beside one.
    ParameterError
        If the scale is not positive.

    References
    ----------
    J. Weickert, K. Hagenburg, M. Breuss, O. Vogel, EMMCVPR 2013, LNCS 8081:26-39; B. Gatos, I. Pratikakis, S. J.
    Perantonis, Pattern Recognition 39:317-327, 2006 (pages and their ground).

    Examples
    --------
    >>> import numpy as np
    >>> light = np.linspace(60.0, 240.0, 96) * np.ones((96, 1))
    >>> page = np.where((np.indices((96, 96)) % 16 < 4).all(axis=0), 0.3, 1.0) * light
    >>> flat = flatten(page)
    >>> bool(flat[page == light].std() < 0.15 * light.std())
    True
    """
    from divgrad.tasks.ground import ground, tiny
    from divgrad.tasks.lightness import lightness, scaled, span
    from divgrad.tasks.shadow import erased

    PARAMETERS["scale"].check("scale", scale)
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    if border is not None:
        mask = np.asarray(layout.arrange(border, "border", real=u.dtype)) > 0.5
        made = erased(u, np.asarray(mask.any(axis=0, keepdims=True)), grid)
        said = f"Osmosis erased edges at {100 * mask.mean():.2g} % of the pixels; all other relative contrasts stay."
        result = Flattened(layout.leave(made, dtype), None, (said,))
        return result if report else result.image
    grey = lightness(u)
    found = ground(grey, grid, scale)
    level = found.image.mean(dtype=np.float64).astype(u.dtype)
    divide = found.dark and float(u.min()) >= 0.0
    if divide:
        factor = level / np.maximum(found.image, tiny(grey))
        flat = scaled(u, factor, span(u, layout.dtype)[1])
    else:
        flat = u + (level - found.image)
    unit = " pixels" if spacing is None else ""
    width = "" if found.width is None else f", {found.width:.3g}{unit} wide in the median"
    kind = "darker" if found.dark else "brighter"
    said = f"What stands out is {kind} than the ground{width}."
    how = "The image was divided by its ground" if divide else "The ground was subtracted"
    done = f"{how}, averaged over {found.scale:.3g}{unit}; its mean {float(level):.4g} was kept."
    shown = found.image[0]
    result = Flattened(layout.leave(flat, dtype), shown, (said, done))
    return result if report else result.image
