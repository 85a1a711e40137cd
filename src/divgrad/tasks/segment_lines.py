"""Find lines such as vessels, cracks and fibres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError
from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE
from divgrad.tasks.segmenting.result import PICTURES, SUFFIXES, UNFIT, Segmented, compact

__all__ = ["PICTURES", "UNFIT", "segment_lines"]

ENDING = f"_lines{SUFFIXES}"
GROUND = 5.5  # widths of a line over which the ground is taken
LENGTH = 7.0  # widths of a line that it is long at least
PARAMETERS: dict[str, Parameter] = {
    "width": Parameter(
        "Width of the lines; from half of it to twice as wide is found as well", unit="length units", above=0
    ),
    "threshold": Parameter(
        "How far lines stand out, in noise of line-shaped filters: less finds fainter ones", above=0
    ),
    "bright": Parameter("Whether lines are brighter than their ground", kind=bool),
    "mask": Parameter("True where to look; None: everywhere but in a black frame", kind=object, optional=True),
    **{key: IMAGE[key] for key in ("channel_axis", "spacing", "report")},
}  # fmt: skip


@overload
def segment_lines(
    image: ArrayLike, width: float = 4.0, *, threshold: float = 10.0, bright: bool = False,
    mask: ArrayLike | None = None, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def segment_lines(
    image: ArrayLike, width: float = 4.0, *, threshold: float = 10.0, bright: bool = False,
    mask: ArrayLike | None = None, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[True],
) -> Segmented: ...  # fmt: skip


@documented(PARAMETERS)
def segment_lines(
    image: ArrayLike,
    width: float = 4.0,
    *,
    threshold: float = 10.0,
    bright: bool = False,
    mask: ArrayLike | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    report: bool = False,
) -> NDArray[Any] | Segmented:
    r"""Number the lines of an image 1, 2, ...; the ground is 0.

    The image, less its local medians, flows by constant tensors along each of twelve directions; the second
    derivative across, where it is positive, flows once more and further along. What stands out of the noise of these
    filters, and is long, is a line. Spots of high contrast leave marks as well.

    .. math:: r = \max_\theta \partial_{\nu\nu} e^{t \, \mathrm{div} D_\theta \nabla} u

    Parameters
    ----------
    image : array_like
        Image, grey or with channels, of any real dtype; never written to.
    <declared>

    Returns
    -------
    ndarray or Segmented
        Labels in the smallest type that holds them, one for each connected network; with ``report`` the strength of
        every pixel (in ``panels``), the table of measures and the reasons too.

    Raises
    ------
    ImageError
        If the image cannot be treated: empty, complex, NaN, no image of two axes; if the mask leaves nothing.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    T. M. Koller, G. Gerig, G. Szekely, D. Dettwiler, ICCV, 864-869, 1995; J. Weickert, International
    Journal of Computer Vision 31:111-127, 1999.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.random.default_rng(0).normal(100, 2, (80, 100))
    >>> image[38:42, 10:90] -= 20
    >>> lines = segment_lines(image)
    >>> int(lines.max()), bool(lines[40, 20:80].all())
    (1, True)
    """
    from divgrad.tasks.segmenting.brightness import brightness
    from divgrad.tasks.segmenting.field_of_view import field_of_view, filled
    from divgrad.tasks.segmenting.local_means import local_rank
    from divgrad.tasks.segmenting.measures import measure
    from divgrad.tasks.segmenting.ridges import linked, ridges

    for name, value in (("width", width), ("threshold", threshold)):
        PARAMETERS[name].check(name, value)
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    if grid.ndim != 2:
        raise ImageError(
            f"lines are found in images of two axes, this one has {grid.ndim}: give it plane by plane"
        )
    grey = brightness(u)
    inside = field_of_view(grey[0])
    if mask is not None:
        inside = np.asarray(layout.arrange(mask, "mask", real=u.dtype))[0] > 0.5
    if not inside.any():
        raise ImageError("the mask leaves nothing to look at: it must be True somewhere")
    whole = filled(grey, inside, 0.75 * width, grid)
    below = whole - local_rank(whole, GROUND * width, grid)
    below = -below if bright else below
    strength = ridges(below, inside, width, grid)
    strength[~inside] = 0.0
    labels = compact(linked(strength, threshold, LENGTH * width, width, grid))
    if not report:
        return labels
    said = [
        f"{'Bright' if bright else 'Dark'} lines about {width:g} wide that stand out by {threshold:g} times the noise.",
        f"{int(labels.max())} lines or networks on {100 * (labels[inside] > 0).mean():.2g} % of the image.",
    ]
    if not inside.all() and mask is None:
        said.insert(0, f"A dark frame, {100 * (~inside).mean():.2g} % of the image, was left out.")
    return Segmented(
        labels, tuple(said), measure(labels, u, grid), {"strength": strength, "lines": labels}
    )
