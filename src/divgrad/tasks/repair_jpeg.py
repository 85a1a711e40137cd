"""Repair an image that JPEG compression has spoilt: no blocks, no ripples at edges, nothing that the file denies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError
from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE

PARAMETERS: dict[str, Parameter] = {
    "quality": Parameter(
        "Quality of the compression; None takes the tables of the file, or finds it in the image",
        kind=int, least=1, most=100, optional=True, example="20",
    ),
    "tables": Parameter(
        "Steps of the cosine coefficients, 64 for brightness and 64 for colour, row by row; None: see quality",
        kind=object, optional=True,
    ),
    "sampling": Parameter(
        "Resolution of the colours: 0 full, 1 half along rows, 2 half along both; None: 2",
        kind=int, least=0, most=2, optional=True,
    ),
    "model": Parameter(
        "Learned model: 'jpeg'; None takes Perona-Malik diffusion instead", kind=object, optional=True
    ),
    **{key: fact for key, fact in IMAGE.items() if key != "spacing"},
}  # fmt: skip

#: What the command line takes from the file, and why it does not write one of the same kind.
FROM_FILE = ("tables", "sampling")
ENDING = "_repaired.png"
UNFIT = dict.fromkeys(
    (".jpg", ".jpeg"),
    "compressed with the same tables it would be the very file it was; write .png or .tif",
)


@dataclass(frozen=True, eq=False)
class Repaired:
    """A repaired image, its quality (None: it was no JPEG), and how it was done."""

    image: NDArray[Any]
    quality: int | None
    report: tuple[str, ...]


@documented(PARAMETERS)
def repair_jpeg(
    image: ArrayLike,
    quality: int | None = None,
    *,
    tables: Sequence[Sequence[int]] | None = None,
    sampling: int | None = None,
    model: str | None = "jpeg",
    channel_axis: int | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Repaired:
    r"""Remove blocks and ripples from an image that was a JPEG, and stay true to what the file says.

    Diffusion smooths what compression made; every image on its way is projected onto the quantisation cell,

    .. math:: |c_{ij}(u) - q_{ij} k_{ij}| \le \tfrac{p}{2} q_{ij}, \quad p = 0.8,

    of all images that the file may have been made of: compressed again with the same tables, the result gives the
    same coefficients. The diffusion is a learned one, told how coarse the steps are; with ``model=None``
    Perona-Malik's. Colours are repaired in the resolution in which the file has them. An image without traces of JPEG
    compression stays as it is.

    Parameters
    ----------
    image : array_like
        Grey image, or one of red, green, blue, of values 0..255 as they were decoded; never written to.
    <declared>

    Returns
    -------
    ndarray or Repaired
        The image, float32 or float64 unless ``dtype`` says otherwise; with ``report`` the quality and the reasons.

    Raises
    ------
    ImageError
        If it cannot have been a JPEG: not 2-D, neither grey nor of three colours, or beyond 0..255.
    ParameterError
        If tables do not have 64 steps of 1 or more.

    References
    ----------
    A. Zakhor, IEEE Trans. CSVT 2:91-95, 1992; K. Bredies, M. Holler, SIAM J. Imaging Sciences 5:366-393, 2012;
    Y. Chen, T. Pock, IEEE PAMI 39:1256-1272, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad.learned.noises import compressed
    >>> clean = 120 + 60 * np.sin(np.hypot(*np.mgrid[:64, :64]) / 5).astype("f4")
    >>> spoilt, table = compressed(clean, 10)
    >>> repaired = repair_jpeg(spoilt, tables=[table.ravel()])
    >>> bool(np.square(repaired - clean).mean() < 0.8 * np.square(spoilt - clean).mean())
    True
    """
    from divgrad.tasks.compression import found, planes, repaired, resolution

    for name, value in (("quality", quality), ("sampling", sampling)):
        PARAMETERS[name].check(name, value)
    u, grid, layout = enter(image, channel_axis=channel_axis)
    if grid.ndim != 2 or u.shape[0] not in (1, 3):
        raise ImageError(
            f"a JPEG is 2-D, grey or of three colours; got the shape {np.shape(image)} with {channel_axis=}"
        )
    if float(u.min()) < 0.0 or float(u.max()) > 255.0:
        raise ImageError(
            f"a JPEG has values 0..255; this image goes from {float(u.min()):g} to {float(u.max()):g}"
        )
    steps = found(u, quality, tables)
    if steps.tables:
        halves = resolution(sampling)
        v = np.clip(repaired(planes(u), steps, halves, model, grid), 0, 255)
        how = "Perona-Malik diffusion" if model is None else f"the learned diffusion {model!r}"
        kept = "it was kept within what the file says of every block of 8 x 8 pixels"
        said = (steps.sentence, f"It was smoothed by {how}, and {kept}.")
    else:
        v, said = u.copy(), (steps.sentence, "Nothing was changed; quality= states it.")
    made = Repaired(layout.leave(v, dtype), steps.quality, said)
    return made if report else made.image
