"""Part the text of a page from its ground, however it is lit or stained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError
from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE
from divgrad.tasks.segmenting.result import PICTURES, SUFFIXES, UNFIT, Segmented, compact

__all__ = ["PICTURES", "UNFIT", "segment_pages"]

ENDING = f"_pages{SUFFIXES}"
PARAMETERS: dict[str, Parameter] = {
    "stroke": Parameter(
        "Width of the pen's or the type's strokes; half or twice as much is good enough", unit="length units", above=0
    ),
    "bright": Parameter("Whether the text is brighter than its ground", kind=bool),
    **{key: IMAGE[key] for key in ("channel_axis", "spacing", "report")},
}  # fmt: skip


@overload
def segment_pages(
    image: ArrayLike, stroke: float = 5.0, *, bright: bool = False, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def segment_pages(
    image: ArrayLike, stroke: float = 5.0, *, bright: bool = False, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[True],
) -> Segmented: ...  # fmt: skip


@documented(PARAMETERS)
def segment_pages(
    image: ArrayLike,
    stroke: float = 5.0,
    *,
    bright: bool = False,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    report: bool = False,
) -> NDArray[Any] | Segmented:
    r"""Return 1 where there is text and 0 on the ground of a page; light, stains and folds may vary.

    The paper's brightness flows in from where there is no text, and the page is divided by it. Grey values at the
    steepest places, halfway between ink and paper, spread over their surroundings as a surface of thresholds; two
    phases, each a local mean that spreads by the same diffusion, then settle between them,

    .. math:: x = [G_\rho u < q c_1 + (1 - q) c_2], \quad c_1 = G_\sigma * (x u) \,/\, G_\sigma * x

    and c_2 likewise of 1 - x. What stands out too little from its paper, such as writing that shines through,
    is left out.

    Parameters
    ----------
    image : array_like
        Page, grey or with channels, of any real dtype; never written to.
    <declared>

    Returns
    -------
    ndarray or Segmented
        uint8: 1 text, 0 ground; with ``report`` the reasons and measures too.

    Raises
    ------
    ImageError
        If the image cannot be treated: empty, complex, NaN, no page.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    S. D. Yanowitz, A. M. Bruckstein, Computer Vision, Graphics, and Image Processing 46:82-95, 1989; T. F. Chan, L. A.
    Vese, IEEE TIP 10:266-277, 2001; C. Li, C.-Y. Kao, J. C. Gore, Z. Ding, IEEE TIP 17:1940-1949, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> page = np.linspace(100, 220, 120) * np.ones((80, 1))
    >>> page[20:60:10, 20:100] *= 0.4
    >>> text = segment_pages(page, stroke=2)
    >>> int(text.sum()), bool(text[20, 50])
    (320, True)
    """
    from divgrad.tasks.segmenting.brightness import brightness
    from divgrad.tasks.segmenting.ink import find_ink
    from divgrad.tasks.segmenting.measures import measure

    PARAMETERS["stroke"].check("stroke", stroke)
    u, grid, _ = enter(image, channel_axis=channel_axis, spacing=spacing)
    if grid.ndim != 2:
        raise ImageError(
            f"a page has two axes, this image {grid.ndim}: name its channel_axis, or give one page"
        )
    grey = brightness(u)
    ink = find_ink(
        grey.max() - grey if bright else grey - min(float(grey.min()), 0.0), stroke, grid
    )
    labels = compact(ink.mask)
    if not report:
        return labels
    share = f"{100 * ink.mask.mean():.2g} % of the page is {'bright' if bright else 'dark'} text."
    if not ink.mask.any():
        share = "No text was found: nothing stands out of the ground by more than its noise."
    said = (
        f"The paper's brightness was followed over {ink.wide:.3g} and the page divided by it; strokes were taken to be "
        f"{stroke:g} wide.",
        f"Text is darker than its paper by {100 * ink.contrast:.2g} % on the mean.",
        share,
    )
    return Segmented(
        labels, said, measure(labels, u, grid), {"flattened": ink.flat[0], "text": labels}
    )
