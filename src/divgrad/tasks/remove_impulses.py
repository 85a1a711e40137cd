"""Remove impulses: pixels that are lost are filled, all others stay to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError
from divgrad.estimate import noise_kind
from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.filling import fill
from divgrad.tasks.gaussian_part import has_learned
from divgrad.tasks.image_parameters import IMAGE
from divgrad.tasks.impulses import impulses

PARAMETERS: dict[str, Parameter] = {
    "mask": Parameter("True at the pixels that are lost; None finds them", kind=object, optional=True),
    "model": Parameter(
        "Learned model that polishes images, 'fast' or 'best': better where up to 70 % are lost in sharp photographs, "
        "at ten to fifty times the time",
        kind=object, optional=True,
    ),
    **IMAGE,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Restored:
    """An image without impulses, where they were, and how that was done."""

    image: NDArray[Any]
    mask: NDArray[np.bool_]
    report: tuple[str, ...]


@documented(PARAMETERS)
def remove_impulses(
    image: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    model: str | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Restored:
    r"""Fill the pixels that salt and pepper, random impulses or a broken sensor have spoilt.

    Only these change. Slopes go on and edges are drawn through them by edge-enhancing diffusion of fourth order, held
    at the good pixels: a thin plate that is stiff along edges,

    .. math:: \partial_t u = -m \, A (A \, u), \quad A \, u = \mathrm{div}(D \, \nabla u).

    With a ``model`` a learned diffusion, held alike, adds what is usual in photographs.

    Parameters
    ----------
    image : array_like
        Signal, image or volume of any real dtype, with or without channels; never written to.
    <declared>

    Returns
    -------
    ndarray or Restored
        The image; with ``report`` the mask and the reasons too.

    Raises
    ------
    ImageError
        If the mask has not the shape of the image, or leaves no good pixel.

    References
    ----------
    R. H. Chan, C.-W. Ho, M. Nikolova, IEEE TIP 14:1479-1485, 2005; J. Weickert, M. Welk, Visualization and
    Processing of Tensor Fields, 315-325, 2006; T. F. Chan, S. H. Kang, JMIV 26:85-103, 2006; Y. Chen, T. Pock,
    IEEE PAMI 39:1256-1272, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> clean = 100 + 50 * np.sin(np.arange(64) / 9) * np.ones((64, 1))
    >>> rng = np.random.default_rng(0)
    >>> hit = np.where(rng.random(clean.shape) < 0.5, rng.choice([0.0, 255.0], clean.shape), clean)
    >>> bool(np.abs(remove_impulses(hit) - clean).max() < 10.0)
    True
    """
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    if mask is not None:
        lost = np.asarray(layout.arrange(mask, "mask", real=u.dtype)) > 0.5
        lost = np.broadcast_to(lost, u.shape)
        found = "The pixels that are lost were given."
    else:
        noise = noise_kind(image, channel_axis=channel_axis)
        found, lost = noise.sentence, np.zeros(u.shape, bool)
        if noise.likely in ("salt-and-pepper", "random-impulse"):
            lost = impulses(u, noise, grid)
    if lost.all():
        raise ImageError("every pixel is lost: there is nothing to fill them from")
    said = [
        found,
        f"{100 * lost.mean():.2g} % of the pixels were filled, all others are as they were.",
    ]
    if lost.any():
        flow = "edge-enhancing diffusion" if grid.ndim > 1 else "diffusion"
        flow += " of fourth order"
        if model is not None and has_learned(u, grid):
            flow += f" and the learned diffusion {model!r}, held at the good pixels"
        said.append(f"They were filled by {flow}; none left the range of the good ones.")
    clean = fill(u, lost, grid, model)
    where = lost if layout.channel_axis is not None else lost[0]
    where = where if layout.channel_axis is None else np.moveaxis(where, 0, layout.channel_axis)
    made = Restored(layout.leave(clean, dtype), where, tuple(said))
    return made if report else made.image
