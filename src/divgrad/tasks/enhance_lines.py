"""Bring out lines - vessels, cracks, fibres, ridges of fingers - and join them where they are broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ParameterError
from divgrad.layout import enter
from divgrad.parameters import Parameter, documented
from divgrad.tasks.image_parameters import IMAGE

PARAMETERS: dict[str, Parameter] = {
    "width": Parameter(
        "Width of the lines; None takes 4 pixels", unit="length units", above=0, optional=True,
        example="4",
    ),
    "gap": Parameter(
        "Length of the gaps that are to be closed; None takes four widths", unit="length units", least=0, optional=True,
        example="16",
    ),
    "dark": Parameter("Whether lines are darker than the ground; None finds out", kind=bool, optional=True),
    "texture": Parameter(
        "For a texture of lines only, such as a fingerprint or wood: sharpen its ridges besides", kind=bool
    ),
    **IMAGE,
}  # fmt: skip
ENDING = "_lines"


@dataclass(frozen=True, eq=False)
class Lines:
    """An image with its lines brought out, their strength >= 0 at every pixel, and how that was done."""

    image: NDArray[Any]
    strength: NDArray[Any]
    report: tuple[str, ...]

    @property
    def panels(self) -> dict[str, NDArray[Any]]:
        """What is shown side by side."""
        return {"result": self.image, "strength of lines": self.strength}


@documented(PARAMETERS)
def enhance_lines(
    image: ArrayLike,
    width: float | None = None,
    *,
    gap: float | None = None,
    dark: bool | None = None,
    texture: bool = False,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    dtype: Any = None,
    report: bool = False,
) -> NDArray[Any] | Lines:
    r"""Diffuse the evidence for a line along each direction it may have, and draw the lines that come out of it.

    In each of 16 directions (13 in volumes) the evidence is the curvature across it, which flows along it,

    .. math:: c_\theta = n^\top H(u_\sigma) \, n, \quad
        \partial_t c_\theta = \mathrm{div}(d d^\top \nabla c_\theta), \quad s = \max_\theta c_\theta(t),

    with d along and n across, half of the width as sigma, and half the gap as the length of the flow. In noise
    only what is long adds up, and gaps are bridged from both of their ends. The strength s is drawn into the image,
    smoothed along its lines by coherence-enhancing diffusion; with ``texture`` a coherence-enhancing shock sharpens it.

    Parameters
    ----------
    image : array_like
        Image or volume of any real dtype, with or without channels; never written to.
    <declared>

    Returns
    -------
    ndarray or Lines
        The image, float32 or float64 unless ``dtype`` says otherwise; with ``report`` the strength of lines, to be
        thresholded, and the reasons.

    Raises
    ------
    ImageError
        If the image cannot be treated: empty, complex, NaN.
    ParameterError
        If it has one axis only, or a parameter is out of its range.

    References
    ----------
    J. Weickert, International J. of Computer Vision 31:111-127, 1999; J. Weickert, DAGM 2003, LNCS 2781:1-8; Y. Sato et
    al., Medical Image Analysis 2:143-168, 1998 (curvature across lines).

    Examples
    --------
    >>> import numpy as np
    >>> line = np.full((48, 64), 100.0)
    >>> line[23:26] = 60.0
    >>> line[:, 28:36] = 100.0
    >>> noisy = line + np.random.default_rng(0).normal(0, 8, line.shape)
    >>> made = enhance_lines(noisy, width=3, gap=12, report=True)
    >>> bool(made.strength[24, 30:34].min() > made.strength[4:16, 10:54].max())
    True
    """
    from divgrad.tasks.lightness import lightness, raised, span
    from divgrad.tasks.line_strength import drawn, line_strength, sharpened

    for name, value in (("width", width), ("gap", gap)):
        PARAMETERS[name].check(name, value)
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    if grid.ndim < 2:
        raise ParameterError("lines need an image or a volume; this is a signal")
    pixel = min(grid.spacing)
    wide = 4.0 * pixel if width is None else float(width)
    long = 4.0 * wide if gap is None else float(gap)
    grey = lightness(u)
    strength, sink = line_strength(grey, wide, long, dark, grid)
    made = drawn(grey, strength, wide, sink, grid)
    if texture:
        made = sharpened(grey, wide, grid)
    out = raised(u, grey, made, span(u, layout.dtype))
    unit = " pixels" if spacing is None else ""
    found = "were found" if dark is None else "were said"
    said = (
        f"Lines {found} to be {'darker' if sink else 'brighter'} than the ground; their width was taken as "
        f"{wide:.3g}{unit}.",
        f"Evidence for them flowed {0.5 * long:.3g}{unit} along each direction: gaps up to {long:.3g} are closed.",
    ) + (("Ridges were sharpened by a coherence-enhancing shock.",) if texture else ())
    result = Lines(layout.leave(out, dtype), strength[0], said)
    return result if report else result.image
