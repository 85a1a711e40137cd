"""Part an image into regions, with everything chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE
from divgrad.tasks.segmenting.result import PICTURES, SUFFIXES, UNFIT, Segmented, compact

__all__ = ["PICTURES", "UNFIT", "segment"]

ENDING = f"_segmented{SUFFIXES}"
PARAMETERS: dict[str, Parameter] = {
    "threshold": Parameter(
        "How strong the boundary between two regions is at least: more leaves fewer regions",
        above=0,
    ),
    **{key: IMAGE[key] for key in ("channel_axis", "spacing", "report")},
}


@overload
def segment(
    image: ArrayLike, threshold: float = 0.65, *, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def segment(
    image: ArrayLike, threshold: float = 0.65, *, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[True],
) -> Segmented: ...  # fmt: skip


@documented(PARAMETERS)
def segment(
    image: ArrayLike,
    threshold: float = 0.65,
    *,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    report: bool = False,
) -> NDArray[Any] | Segmented:
    r"""Number the regions of an image 1, 2, ...; nothing needs to be set.

    The basins of the map of boundaries that :func:`divgrad.edges` finds, in an image that has diffused for
    long, are merged: first the two with the weakest boundary between them and the most similar colours; small ones
    sooner.

    Parameters
    ----------
    image : array_like
        Signal, image or volume, grey or with channels, of any real dtype; never written to.
    <declared>

    Returns
    -------
    ndarray or Segmented
        Labels in the smallest type that holds them; with ``report`` the measures of each region, the map of
        boundaries (in ``panels``) and the reasons too.

    Raises
    ------
    ImageError
        If the image cannot be treated: empty, complex, NaN.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, IEEE PAMI 33:898-916, 2011; F. Meyer, Signal Processing 38:113-125,
    1994.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.where(np.arange(60) < 25, 40.0, 160.0) * np.ones((50, 1))
    >>> labels = segment(image)
    >>> int(labels.max()), bool((labels[:, :24] == labels[0, 0]).all())
    (2, True)
    """
    from divgrad.tasks.edges import edges
    from divgrad.tasks.segmenting.measures import measure
    from divgrad.tasks.segmenting.merging import basins, even_colours, merge

    PARAMETERS["threshold"].check("threshold", threshold)
    u, grid, _ = enter(image, channel_axis=channel_axis, spacing=spacing)
    found = edges(image, channel_axis=channel_axis, spacing=spacing, report=True)
    boundary = np.asarray(found.boundary, np.float64)
    first = basins(boundary)
    labels = compact(merge(first, boundary, threshold, even_colours(u)))
    if not report:
        return labels
    share = 100 * float(np.median(np.bincount(labels.ravel())[1:])) / labels.size
    said = (
        f"{int(first.max())} basins of the map of boundaries were merged to {int(labels.max())} regions, parted by "
        f"boundaries of at least {threshold:g}.",
        f"The median region has {share:.2g} % of the image.",
    )
    table = measure(labels, u, grid) if grid.ndim > 1 else {"label": np.unique(labels)}
    return Segmented(labels, said, table, {"boundary": boundary, "regions": labels})
