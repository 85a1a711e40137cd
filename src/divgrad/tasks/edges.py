"""Find the edges of an image: curves, their strength, and their points to parts of a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

from numpy.typing import ArrayLike, NDArray

from divgrad.layout import enter
from divgrad.operators import Equation
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE

if TYPE_CHECKING:
    from divgrad.estimate.curves import Curves

PARAMETERS: dict[str, Parameter] = {
    "threshold": Parameter(
        "Strength, from 0 to 1, that a curve must reach somewhere; it goes on where it is at least 0.4 times as "
        "strong. None: 0.4 in images, 0.5 for slopes",
        above=0, most=1, optional=True, example="0.3",
    ),
    "scale": Parameter(
        "Radius of the smallest discs whose halves are compared: details below it count little; None: 5 pixels",
        unit="length units", above=0, optional=True, example="10",
    ),
    "shortest": Parameter("Pixels that a curve has at least", kind=int, least=1, example="10"),
    "using": Parameter(
        "A flow in whose scale space steep slopes are followed instead, such as ComplexDiffusion(contrast=5)",
        kind=object, optional=True,
    ),
    **{key: fact for key, fact in IMAGE.items() if key != "dtype"},
}  # fmt: skip
ENDING = "_edges.png|tif|tiff|npy"
UNFIT = dict.fromkeys((".jpg", ".jpeg"), "JPEG would change the edges: write PNG or TIFF")
PICTURES = {
    "overlay": "the edges over the image",
    "plot": "the image, strength and edges, side by side",
    "strength": "the largest threshold at which each pixel would be on an edge, 0 to 1",
    "table": "every point of every curve: place to parts of a pixel, direction, strength",
}


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of an image.

    Parameters
    ----------
    image
        Where edges are: True on thin curves.
    strength
        The largest threshold at which a pixel would be on an edge, 0 to 1; 0 off all thin curves.
    table
        For each point of each curve: number of the curve; place, in length units from the centre of the first pixel;
        unit vector across; strength, mean strength of the curve, and which part of it lasts in the scale space.
    boundary
        How strong an edge each pixel is, broad: for watersheds and the like.
    report
        What was found and chosen, and why, in plain sentences.
    """

    image: NDArray[Any]
    strength: NDArray[Any]
    table: dict[str, NDArray[Any]]
    boundary: NDArray[Any]
    report: tuple[str, ...]

    @property
    def overlay(self) -> NDArray[Any]:
        """What is drawn over the image."""
        return self.image

    @property
    def panels(self) -> dict[str, NDArray[Any]]:
        """What is shown beside it."""
        return {"strength": self.strength, "edges": self.image}


@overload
def edges(
    image: ArrayLike, threshold: float | None = None, *, scale: float | None = None,
    shortest: int = 10, using: Equation | None = None, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def edges(
    image: ArrayLike, threshold: float | None = None, *, scale: float | None = None,
    shortest: int = 10, using: Equation | None = None, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[True],
) -> Edges: ...  # fmt: skip


@documented(PARAMETERS)
def edges(
    image: ArrayLike,
    threshold: float | None = None,
    *,
    scale: float | None = None,
    shortest: int = 10,
    using: Equation | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    report: bool = False,
) -> NDArray[Any] | Edges:
    r"""Find edges as thin curves, with their strength and their place to parts of a pixel; nothing needs to be set.

    In images, grey or colour, a boundary is where lightness and colour are distributed differently in the two halves
    of a disc; then the image diffuses for long, held by these boundaries, and steps that outlast it count as well:
    texture is washed out. In signals and volumes, and with ``using``, edges are the crests of the slope in a nonlinear
    scale space, as strong as they last from fine to coarse; of complex diffusion the zero crossings of its imaginary
    part. Curves begin where an edge is strong and go on where it is 0.4 times as strong.

    Parameters
    ----------
    image : array_like
        Signal, image or volume of any real dtype, with or without channels; never written to.
    <declared>

    Returns
    -------
    ndarray or Edges
        True on the edges, without channels; with ``report`` also strength, table of points, and reasons.

    Raises
    ------
    ImageError
        If the image cannot be treated: empty, complex, NaN.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    J. Canny, IEEE PAMI 8:679-698, 1986; P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990; D. R. Martin, C. C. Fowlkes,
    J. Malik, IEEE PAMI 26:530-549, 2004; G. Gilboa, N. Sochen, Y. Y. Zeevi, IEEE PAMI 26:1020-1036, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> import divgrad
    >>> rows, cols = np.indices((48, 48))
    >>> image = 50.0 + 100.0 * (np.hypot(rows - 24, cols - 24) < 12)
    >>> found = divgrad.edges(image, report=True)
    >>> radius = np.hypot(found.table["row"] - 24, found.table["col"] - 24)
    >>> len(np.unique(found.table["curve"])), bool(abs(radius.mean() - 12) < 0.5)
    (1, True)
    """
    from divgrad.estimate.curves import curves  # here, since --help has no need of it
    from divgrad.tasks.edge_strength import by_flow, by_regions

    given = {"threshold": threshold, "scale": scale, "shortest": shortest}
    for name, value in given.items():
        PARAMETERS[name].check(name, value)
    u, grid, _ = enter(image, channel_axis=channel_axis, spacing=spacing)
    if grid.ndim == 2 and using is None:
        found, said = by_regions(u, scale, grid)
        high = 0.4 if threshold is None else threshold
    else:
        found, said = by_flow(u, using, scale, grid)
        high = 0.5 if threshold is None else threshold
    kept = curves(found, high, shortest, grid)
    told = (*said, _sentence(kept, high, shortest, grid.ndim))
    made = Edges(kept.mask, kept.strength, kept.table, found.strength, told)
    return made if report else made.image


def _sentence(kept: Curves, high: float, shortest: int, ndim: int) -> str:
    what = {1: "places", 2: "curves", 3: "surfaces"}[ndim]
    from divgrad.estimate.curves import LOW

    return (
        f"{kept.many} {what} reach a strength of {high:.2g} and have {shortest} pixels or more; they go on down to "
        f"{LOW * high:.2g} and take {100 * kept.mask.mean():.2g} % of the pixels."
    )
