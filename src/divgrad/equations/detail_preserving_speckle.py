"""Diffusion that knows speckle from edges by a whole neighbourhood."""

from __future__ import annotations

from divgrad.conductances import Conductance
from divgrad.equations.speckled import DECAY, SPECKLE, SpeckleFlow
from divgrad.kernels.variation import Window
from divgrad.parameters import declared, parameter


def kuan(s2: float, contrast: float) -> float:
    """Return c of Aja-Fernandez and Alberola-Lopez; 1 where there is no more than speckle, never zero.

    >>> kuan(0.25, 0.5), round(kuan(1.0, 0.5), 3)
    (1.0, 0.4)
    """
    noise = contrast * contrast
    larger = s2 if s2 > noise else noise
    return noise * (1.0 + larger) / (larger * (1.0 + noise))


@declared
class DetailPreservingSpeckle(SpeckleFlow):
    r"""Smooth speckle and keep small details: speckle is told from them by all pixels around one, not just four.

    .. math::

        \partial_t u = \mathrm{div}(c(C) \, \nabla u), \quad
        c = \min\Bigl(1, \frac{1 + 1/C^2}{1 + 1/C_0^2}\Bigr), \quad C_0(t) = C_0 \, e^{-\rho t / h^2}

    C is the standard deviation of the pixels in a window as a part of their mean. It is less biased than the one
    that gradient and Laplacian give (:class:`~divgrad.SpeckleReducing`), and scatters less; small details flow
    less, and edges a little more: c does not fall to zero. Multiplying the image by a constant multiplies
    the result. Channels are coupled by the mean of their C^2.

    Raises
    ------
    ImageError
        If the image has negative values.

    References
    ----------
    S. Aja-Fernandez, C. Alberola-Lopez, IEEE TIP 15:2694-2701, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import DetailPreservingSpeckle, Time, evolve
    >>> speckled = np.random.default_rng(0).gamma(4.0, 25.0, (64, 64))
    >>> smooth = evolve(speckled, DetailPreservingSpeckle(), until=Time(20.0)).u
    >>> bool(speckled.std() > 45.0), bool(smooth.std() < 10.0)
    (True, True)
    """

    speckle: float | None = parameter(
        SPECKLE, above=0, most=10, optional=True, default=None, example="0.5"
    )
    decay: float | None = parameter(
        DECAY, unit="per pixel", least=0, optional=True, default=2.0, example="1"
    )
    reach: int = parameter(
        "How far the window goes to every side: 1 takes 3 pixels along each axis, 2 takes 5; along axes of "
        "wider spacing fewer",
        unit="pixels", kind=int, least=1, most=2, default=1,
    )  # fmt: skip

    citation = "S. Aja-Fernandez, C. Alberola-Lopez, IEEE TIP 15:2694-2701, 2006"

    def __post_init__(self) -> None:
        self.check()

    def window(self) -> Window:
        """Return all pixels within reach."""
        return Window(int(self.reach))

    def conductance(self) -> Conductance:
        """Return that of Kuan's filter."""
        return kuan
