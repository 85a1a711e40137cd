"""Fill in what is missing of an image: scratches, text, holes, most of its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError, ParameterError
from divgrad.layout import Layout, enter
from divgrad.operators import Equation
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE

PARAMETERS: dict[str, Parameter] = {
    "mask": Parameter(
        "What is missing: an array of the image's shape, not 0 there, or the colour (a number, or one for each "
        "channel) that the missing pixels have; None: those that are NaN",
        kind=object, optional=True,
    ),
    "using": Parameter(
        "A flow that is to fill instead: Heat(), Biharmonic(), EdgeEnhancing(2), DiffusionShock(), "
        "TotalVariation(), ...; it runs until it has crossed the holes",
        kind=object, optional=True,
    ),
    "model": Parameter(
        "Learned model that afterwards adds what photographs look like: 'fast' or 'best'; images of square pixels only",
        kind=object, optional=True,
    ),
    **IMAGE,
}  # fmt: skip
PICTURES = {"overlay": "what was missing, drawn over the image"}


@dataclass(frozen=True, eq=False)
class Inpainted:
    """An image without holes, where they were (of its spatial shape), and how they were filled."""

    image: NDArray[Any]
    mask: NDArray[np.bool_]
    report: tuple[str, ...]

    @property
    def overlay(self) -> NDArray[np.bool_]:
        """What is drawn over the image."""
        return self.mask


@documented(PARAMETERS)
def inpaint(
    image: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    using: Equation | None = None,
    model: str | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Inpainted:
    r"""Fill in missing pixels from those around them, which stay to the bit.

    First a thin plate is laid through the good pixels, which goes on with their slopes; then another one, stiff along
    the edges that the first shows, draws these through the holes:

    .. math:: \Delta \Delta u = 0, \qquad \mathrm{div}(D \, \nabla \, \mathrm{div}(D \, \nabla u)) = 0

    No value leaves the range of the good pixels. Structure is carried on, texture is not invented.

    Parameters
    ----------
    image : array_like
        Signal, image or volume of any real dtype, with or without channels; never written to. NaN is missing.
    <declared>

    Returns
    -------
    ndarray or Inpainted
        The image, float32 or float64 unless ``dtype`` says otherwise; with ``report`` the mask and the reasons too.

    Raises
    ------
    ImageError
        If the mask does not fit the image, or leaves no good pixel.

    References
    ----------
    T. F. Chan, S. H. Kang, J. Mathematical Imaging and Vision 26:85-103, 2006; J. Weickert, M. Welk, in
    Visualization and Processing of Tensor Fields, 315-325, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.add.outer(np.arange(32.0), 2 * np.arange(32.0))
    >>> scratched = ramp.copy()
    >>> scratched[10:13] = np.nan
    >>> bool(np.abs(inpaint(scratched) - ramp).max() < 1.0)
    True
    """
    from divgrad.tasks.gaussian_part import has_learned
    from divgrad.tasks.holes import fill_holes, polished

    if not (using is None or isinstance(using, Equation)):
        raise ParameterError(f"using must be a flow such as EdgeEnhancing(2); got {using!r:.60}")
    array, missing = _known(image)
    u, grid, layout = enter(array, channel_axis=channel_axis, spacing=spacing)
    lost, found = _lost(u, missing, mask, layout)
    if lost.all():
        raise ImageError("every pixel is missing: there is nothing to fill them from")
    said = [f"{found}: {100 * lost.mean():.2g} % of the pixels are filled, all others stay."]
    filled = u.copy()
    if lost.any():
        filled = fill_holes(u, lost, grid, using)
        flow = (
            "a thin plate, then one that is stiff along edges" if grid.ndim > 1 else "a thin plate"
        )
        said.append(f"They were filled by {flow if using is None else using}.")
        if model is not None and has_learned(u, grid):
            filled = polished(filled, u, lost, grid, model)
            said.append(f"The learned diffusion {model!r} added what photographs look like.")
        elif model is not None:
            said.append("No learned model was taken: they know images of square pixels only.")
    made = Inpainted(layout.leave(filled, dtype), lost, tuple(said))
    return made if report else made.image


def _known(image: ArrayLike) -> tuple[ArrayLike, NDArray[np.bool_] | None]:
    """Return the image with 0 where it is NaN, infinite or masked, and where that is; None: nowhere."""
    hidden = np.ma.getmaskarray(image) if np.ma.isMaskedArray(image) else None
    array = np.asarray(np.ma.getdata(image) if hidden is not None else image)
    missing = ~np.isfinite(array) if array.dtype.kind == "f" else None
    if hidden is not None:
        missing = hidden if missing is None else missing | hidden
    if missing is None or not missing.any():
        return array, None
    return np.where(missing, array.dtype.type(0), array), missing


def _lost(
    u: NDArray[Any], missing: NDArray[np.bool_] | None, mask: ArrayLike | None, layout: Layout
) -> tuple[NDArray[np.bool_], str]:
    """Return what is missing, of spatial shape, and how that was found."""
    lost, found = np.zeros(u.shape[1:], bool), "NaN is missing"
    if missing is not None:
        lost |= layout.arrange(missing, "mask", u.dtype).any(axis=0)
    if mask is None:
        return lost, found
    colour = np.asarray(mask)
    if colour.size in (1, len(u)) and colour.ndim <= 1 and colour.dtype.kind != "b":
        wanted = colour.astype(u.dtype).reshape(-1, *(1,) * (u.ndim - 1))
        return lost | (u == wanted).all(axis=0), "The pixels of a colour are missing"
    lost |= (layout.arrange(colour, "mask", u.dtype) != 0).any(axis=0)
    return lost, "What is missing was given"
