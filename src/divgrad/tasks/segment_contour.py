"""Find the outline of an object from a contour around it, or within it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError
from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE
from divgrad.tasks.segmenting.result import PICTURES, SUFFIXES, UNFIT, Segmented, compact

__all__ = ["PICTURES", "UNFIT", "segment_contour"]

ENDING = f"_contour{SUFFIXES}"
PARAMETERS: dict[str, Parameter] = {
    "start": Parameter(
        "Where the contour begins: a mask of the image's shape; or a centre and a radius (row, col, radius); or at "
        "least three corners (row, col), in length units; None: an ellipse that nearly fills the image",
        kind=object, optional=True,
    ),
    "balloon": Parameter(
        "Pressure within the contour, in curvatures of a disc or ball as large as the start: below 0 it shrinks sooner "
        "and into bays, above 1 it grows from within an object; 0: it only becomes shorter",
    ),
    "contrast": Parameter(
        "Height of a step in brightness that counts as half an edge; None finds it", unit="image units", above=0,
        optional=True,
    ),
    "levels": Parameter(
        "How often the image is halved at most for a first guess; 0: the contour stops at the first small edges; "
        "None: as often as the start allows", kind=int, least=0, optional=True,
    ),
    **{key: IMAGE[key] for key in ("channel_axis", "spacing", "report")},
}  # fmt: skip


@overload
def segment_contour(
    image: ArrayLike, start: ArrayLike | None = None, *, balloon: float = 0.0, contrast: float | None = None,
    levels: int | None = None, channel_axis: int | None = None, spacing: float | Sequence[float] | None = None,
    report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def segment_contour(
    image: ArrayLike, start: ArrayLike | None = None, *, balloon: float = 0.0, contrast: float | None = None,
    levels: int | None = None, channel_axis: int | None = None, spacing: float | Sequence[float] | None = None,
    report: Literal[True],
) -> Segmented: ...  # fmt: skip


@documented(PARAMETERS)
def segment_contour(
    image: ArrayLike,
    start: ArrayLike | None = None,
    *,
    balloon: float = 0.0,
    contrast: float | None = None,
    levels: int | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    report: bool = False,
) -> NDArray[Any] | Segmented:
    r"""Draw a contour to the outline of an object and return 1 within it, 0 outside.

    Geodesic active contours: the contour becomes shorter, where length counts little on edges, and a pressure c moves
    it where there are none,

    .. math:: \partial_t \phi = |\nabla \phi| \Bigl( \mathrm{div}\Bigl(g \frac{\nabla \phi}{|\nabla \phi|}\Bigr) - c g
        \Bigr), \quad g = \frac{1}{1 + (s / k)^2},

    with the height s of the step at each pixel. :math:`\phi` is the signed distance from the contour, kept in a band
    of a few pixels; first on reduced images, which know large shapes only, then on finer ones.

    Parameters
    ----------
    image : array_like
        Image or volume, grey or with channels, of any real dtype; never written to.
    <declared>

    Returns
    -------
    ndarray or Segmented
        uint8; with ``report`` measures (area or volume to parts of a pixel), the signed distance and the edges (in
        ``panels``) and the reasons too.

    Raises
    ------
    ImageError
        If the image cannot be treated, or the start does not fit it.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    V. Caselles, R. Kimmel, G. Sapiro, International Journal of Computer Vision 22:61-79, 1997; L. D. Cohen, CVGIP:
    Image Understanding 53:211-218, 1991; distances that diffuse: S. Esedoglu, S. Ruuth, R. Tsai, J. Computational
    Physics 229:1017-1042, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:80, :90]
    >>> disc = np.hypot(y - 40, x - 45) < 20
    >>> bool(((segment_contour(100.0 * disc, (36, 40, 32)) == 1) == disc).mean() > 0.99)
    True
    """
    from divgrad.tasks.segmenting.contour import settle, typical_step
    from divgrad.tasks.segmenting.measures import measure
    from divgrad.tasks.segmenting.starting import first_contour, typical_radius

    for name, value in (("balloon", balloon), ("contrast", contrast), ("levels", levels)):
        PARAMETERS[name].check(name, value)
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    if grid.ndim < 2:
        raise ImageError("a contour needs an image of two axes, or a volume; this has one")
    first, said_first = first_contour(start, u.shape[1:], layout, grid, u.dtype)
    radius = typical_radius(first, grid)
    height = typical_step(u, grid) if contrast is None else contrast
    pressure = balloon * (grid.ndim - 1) / radius
    found = settle(u, first, height, pressure, radius, levels, grid)
    labels = compact(found.distance < 0)
    if not report:
        return labels
    pixels = np.clip(0.5 - found.distance / min(grid.spacing), 0, 1)
    size = float(pixels.sum(dtype=np.float64)) * math.prod(grid.spacing)
    how = "found" if contrast is None else "given"
    what = "area" if grid.ndim == 2 else "volume"
    said = (
        f"The contour began as {said_first}, with a pressure of {balloon:g}.",
        f"Steps of {height:.4g} count as half an edge ({how}).",
        f"It rests after {', '.join(map(str, found.rounds))} rounds, on the most reduced image first.",
        f"It encloses {100 * size / (labels.size * math.prod(grid.spacing)):.3g} % of the image: {what} {size:.5g}."
        if labels.any()
        else "Nothing is left: no edge held it. Begin nearer, with less contrast, or with balloon above 1 from within.",
    )
    table = measure(labels, u, grid)
    if labels.any():
        table["area"] = np.array([size])
    panels = {"edges": 1 - found.edges, "distance": found.distance, "region": labels}
    return Segmented(labels, said, table, panels)
