"""Part an image by seeds that the user has drawn."""

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

__all__ = ["PICTURES", "UNFIT", "segment_seeded"]

ENDING = f"_seeded{SUFFIXES}"
PARAMETERS: dict[str, Parameter] = {
    "seeds": Parameter(
        "Whole numbers of the image's shape: 0 where nothing is known, else the label; None: the image's border is 1, "
        "its middle 2", kind=object, optional=True,
    ),
    "sharpness": Parameter("How much contrast stops labels from spreading", least=0),
    "trust": Parameter(
        "Weight of colour and place beside the neighbours; 0: the plain random walker", least=0
    ),
    "islands": Parameter(
        "Whether pieces of a label stay that hold no seed of it, as those of the lowest label, the ground, always do",
        kind=bool,
    ),
    **{key: IMAGE[key] for key in ("channel_axis", "spacing", "report")},
}  # fmt: skip


@overload
def segment_seeded(
    image: ArrayLike, seeds: ArrayLike | None = None, *, sharpness: float = 4.0, trust: float = 0.01,
    islands: bool = False,
    channel_axis: int | None = None, spacing: float | Sequence[float] | None = None,
    report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def segment_seeded(
    image: ArrayLike, seeds: ArrayLike | None = None, *, sharpness: float = 4.0, trust: float = 0.01,
    islands: bool = False,
    channel_axis: int | None = None, spacing: float | Sequence[float] | None = None,
    report: Literal[True],
) -> Segmented: ...  # fmt: skip


@documented(PARAMETERS)
def segment_seeded(
    image: ArrayLike,
    seeds: ArrayLike | None = None,
    *,
    sharpness: float = 4.0,
    trust: float = 0.01,
    islands: bool = False,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    report: bool = False,
) -> NDArray[Any] | Segmented:
    r"""Give every pixel the label of the seeds that it belongs to, by contrast, colour and distance.

    The probability of each label diffuses from its seeds, and hardly across edges. It is drawn towards the
    label that colour and place make likely; the colours of each label are learned from the seeds, then
    from the result, four times in all. What looks like a thing but is not joined to its seeds is no part of it.

    .. math:: \mathrm{div}(w \nabla p_k) + \lambda (q_k - p_k) = 0, \quad
        w = \frac{1}{1 + \beta s^2 / \langle s^2 \rangle}

    Parameters
    ----------
    image : array_like
        Image or volume, grey or with channels, of any real dtype; never written to.
    <declared>

    Returns
    -------
    ndarray or Segmented
        Labels as in the seeds; with ``report`` the probability of each (in ``panels``), measures and reasons too.

    Raises
    ------
    ImageError
        If the image cannot be treated, or the seeds do not fit it or have fewer than two labels.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    L. Grady, IEEE PAMI 28:1768-1783, 2006; L. Grady, CVPR, 763-770, 2005; C. Rother, V. Kolmogorov, A. Blake, ACM
    Transactions on Graphics 23:309-314, 2004.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.where(np.arange(40) < 23, 10.0, 90.0) * np.ones((30, 1))
    >>> seeds = np.zeros(image.shape, int)
    >>> seeds[5, 3], seeds[25, 35] = 1, 2
    >>> bool(np.array_equal(segment_seeded(image, seeds), np.where(image < 50, 1, 2)))
    True
    """
    from divgrad.tasks.segmenting.measures import measure
    from divgrad.tasks.segmenting.seeding import believed, default_seeds, without_islands

    for name, value in (("sharpness", sharpness), ("trust", trust)):
        PARAMETERS[name].check(name, value)
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    if seeds is None:
        marks = default_seeds(u.shape[1:])
    else:
        marks = layout.arrange(seeds, "seeds", real=np.dtype(np.float64))[0]
        if (marks != np.rint(marks)).any() or marks.min() < 0:
            raise ImageError("seeds must be whole numbers: 0 where nothing is known, labels from 1")
    numbers = np.unique(marks[marks > 0]).astype(np.int64)
    if len(numbers) < 2:
        raise ImageError(f"seeds of at least two labels are needed, these have {len(numbers)}")
    index = np.where(marks > 0, np.searchsorted(numbers, marks) + 1, 0)
    chances = believed(u, index, len(numbers), sharpness, trust, grid)
    likeliest = chances.argmax(axis=0) + 1
    joined = likeliest if islands else without_islands(chances, likeliest, index)
    labels = compact(numbers[joined - 1])
    if not report:
        return labels
    gone = 100 * float((joined != likeliest).mean())
    where = "Seeds were given." if seeds is not None else "No seeds were given: border 1, middle 2."
    shares = ", ".join(f"{n}: {100 * (labels == n).mean():.2g} %" for n in numbers[:8])
    prior = f"colour and place count with {trust:g}" if trust else "colour and place do not count"
    said = (
        where,
        f"Labels spread by contrast (sharpness {sharpness:g}); {prior}.",
        f"Parts: {shares}.",
        *(
            []
            if islands
            else [f"{gone:.2g} % looked like a label and was not joined to its seeds: it went."]
        ),
    )
    panels = {f"chance of {n}": p for n, p in zip(numbers[:4].tolist(), chances, strict=False)}
    return Segmented(labels, said, measure(labels, u, grid), {**panels, "labels": labels})
