"""Find, count and measure bright objects; touching ones are parted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

from numpy.typing import ArrayLike, NDArray

from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE
from divgrad.tasks.segmenting.result import PICTURES, SUFFIXES, UNFIT, Segmented, compact

__all__ = ["PICTURES", "UNFIT", "segment_objects"]

ENDING = f"_objects{SUFFIXES}"
PARAMETERS: dict[str, Parameter] = {
    "diameter": Parameter(
        "Diameter of a typical object; None finds it", unit="length units", above=0, optional=True
    ),
    "split": Parameter(
        "How deep the saddle between two objects is at least, in radii: smaller parts more of what touches", above=0
    ),
    "dark": Parameter("Whether the objects are darker than their ground", kind=bool),
    **{key: IMAGE[key] for key in ("channel_axis", "spacing", "report")},
}  # fmt: skip


@overload
def segment_objects(
    image: ArrayLike, diameter: float | None = None, *, split: float = 0.05, dark: bool = False,
    channel_axis: int | None = None, spacing: float | Sequence[float] | None = None,
    report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def segment_objects(
    image: ArrayLike, diameter: float | None = None, *, split: float = 0.05, dark: bool = False,
    channel_axis: int | None = None, spacing: float | Sequence[float] | None = None,
    report: Literal[True],
) -> Segmented: ...  # fmt: skip


@documented(PARAMETERS)
def segment_objects(
    image: ArrayLike,
    diameter: float | None = None,
    *,
    split: float = 0.05,
    dark: bool = False,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    report: bool = False,
) -> NDArray[Any] | Segmented:
    r"""Number the objects of an image, such as nuclei or grains, 1, 2, ...; the ground is 0.

    The size of the objects is where the Laplacian of the diffused image, times the time, is largest. What stands out
    of the local ground by more than half is an object; touching objects are parted by a watershed of the
    distance to their border and their brightness, both diffused.

    Parameters
    ----------
    image : array_like
        Image or volume, grey or with channels, of any real dtype; never written to.
    <declared>

    Returns
    -------
    ndarray or Segmented
        Labels in the smallest type that holds them; with ``report`` the table of measures and the reasons too.

    Raises
    ------
    ImageError
        If the image cannot be treated: empty, complex, NaN.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    T. Lindeberg, International Journal of Computer Vision 30:79-116, 1998; F. Meyer, Signal Processing 38:113-125,
    1994; T. F. Chan, L. A. Vese, IEEE TIP 10:266-277, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:60, :90]
    >>> spots = sum(np.hypot(y - 30, x - at) < 12 for at in (20, 42, 70)) * 100.0
    >>> int(segment_objects(spots, diameter=24).max())
    3
    """
    from divgrad.tasks.segmenting.blobs import foreground, part, typical_radius
    from divgrad.tasks.segmenting.brightness import brightness
    from divgrad.tasks.segmenting.measures import measure

    for name, value in (("diameter", diameter), ("split", split)):
        PARAMETERS[name].check(name, value)
    u, grid, _ = enter(image, channel_axis=channel_axis, spacing=spacing)
    grey = brightness(u)
    grey = grey.max() - grey if dark else grey
    radius = typical_radius(grey, grid) if diameter is None else 0.5 * diameter
    mask, soft = foreground(grey, radius, grid)
    labels = compact(part(mask, soft, radius, split, grid))
    if not report:
        return labels
    found = "found" if diameter is None else "given"
    said = (
        f"Objects are {'dark' if dark else 'bright'}; a diameter of about {2 * radius:.3g} was {found}.",
        f"{int(labels.max())} objects on {100 * (labels > 0).mean():.2g} % of the image.",
    )
    return Segmented(labels, said, measure(labels, u, grid), {"objects": labels})
