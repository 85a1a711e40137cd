"""Part an image into two or more phases, each of about one brightness or colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE
from divgrad.tasks.segmenting.result import PICTURES, SUFFIXES, UNFIT, Segmented, compact

__all__ = ["PICTURES", "UNFIT", "segment_phases"]

ENDING = f"_phases{SUFFIXES}"
PARAMETERS: dict[str, Parameter] = {
    "phases": Parameter("Number of phases", kind=int, least=2, most=16),
    "smoothness": Parameter(
        "Price of a length of border, beside the misfit of brightness in variances of the image: more drops "
        "smaller spots", unit="length units", least=0,
    ),
    **{key: IMAGE[key] for key in ("channel_axis", "spacing", "report")},
}  # fmt: skip


@overload
def segment_phases(
    image: ArrayLike, phases: int = 2, *, smoothness: float = 3.0, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[False] = False,
) -> NDArray[Any]: ...  # fmt: skip


@overload
def segment_phases(
    image: ArrayLike, phases: int = 2, *, smoothness: float = 3.0, channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None, report: Literal[True],
) -> Segmented: ...  # fmt: skip


@documented(PARAMETERS)
def segment_phases(
    image: ArrayLike,
    phases: int = 2,
    *,
    smoothness: float = 3.0,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    report: bool = False,
) -> NDArray[Any] | Segmented:
    r"""Number phases of one brightness or colour each, 1 the darkest, with short borders between them.

    Chan and Vese's functional,

    .. math:: \sum_k \int_{\Omega_k} |u - c_k|^2 \, dx + \mu \, |\partial \Omega_k| / 2,

    is lowered by threshold dynamics: the indicator of each phase diffuses for a short time, then every pixel
    takes the phase that fits best; coarse first, then fine.

    Parameters
    ----------
    image : array_like
        Signal, image or volume, grey or with channels, of any real dtype; never written to.
    <declared>

    Returns
    -------
    ndarray or Segmented
        uint8, 1 to ``phases``; with ``report`` the measures of each phase and the reasons too.

    Raises
    ------
    ImageError
        If the image cannot be treated: empty, complex, NaN.
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    T. F. Chan, L. A. Vese, IEEE TIP 10:266-277, 2001; S. Esedoglu, Y.-H. R. Tsai, J. Computational Physics 211:367-384,
    2006; S. Esedoglu, F. Otto, Communications on Pure and Applied Mathematics 68:808-864, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:40, :50]
    >>> disc = np.hypot(y - 20, x - 25) < 12
    >>> noisy = 100.0 * disc + np.random.default_rng(0).normal(0, 40, disc.shape)
    >>> bool(((segment_phases(noisy) == 2) == disc).mean() > 0.98)
    True
    """
    from divgrad.tasks.segmenting.measures import measure
    from divgrad.tasks.segmenting.phases import first_phases, settle

    for name, value in (("phases", phases), ("smoothness", smoothness)):
        PARAMETERS[name].check(name, value)
    u, grid, _ = enter(image, channel_axis=channel_axis, spacing=spacing)
    variance = float(np.var(u, axis=tuple(range(1, u.ndim)), dtype=np.float64).sum())
    found, means, rounds = settle(u, first_phases(u, phases), smoothness * variance, grid)
    labels = compact(found + np.uint8(1))
    if not report:
        return labels
    shown = [", ".join(f"{value:.4g}" for value in mean) for mean in means]
    shares = [100 * float((labels == k + 1).mean()) for k in range(phases)]
    said = (
        f"{phases} phases with borders of price {smoothness:g}, found in {rounds} rounds.",
        *(
            f"Phase {k + 1}: mean {shown[k]}, {shares[k]:.2g} % of the image."
            for k in range(phases)
        ),
    )
    table = measure(labels, u, grid) if grid.ndim > 1 else {"label": np.unique(labels)}
    return Segmented(labels, said, table, {"phases": labels})
