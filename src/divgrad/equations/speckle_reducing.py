"""Diffusion that knows speckle from edges."""

from __future__ import annotations

from divgrad.conductances import Conductance
from divgrad.equations.speckled import DECAY, SPECKLE, SpeckleFlow
from divgrad.kernels.variation import Window
from divgrad.parameters import declared, parameter


def lee(s2: float, contrast: float) -> float:
    """Return c of Yu and Acton, of the squared variation and the speckle's; 1 where there is no more than speckle.

    >>> lee(0.25, 0.5), round(lee(1.0, 0.5), 3)
    (1.0, 0.294)
    """
    noise = contrast * contrast
    c = noise * (1.0 + noise) / (noise * noise + s2)
    return c if c < 1.0 else 1.0


@declared
class SpeckleReducing(SpeckleFlow):
    r"""Smooth speckle, the grain of ultrasound and radar whose strength goes with the grey value, and keep edges.

    .. math::

        \partial_t u &= \mathrm{div}(c(q) \, \nabla u), \quad
        c = \min\Bigl(1, \Bigl(1 + \frac{q^2 - q_0^2}{q_0^2 (1 + q_0^2)}\Bigr)^{-1}\Bigr), \quad
        q_0(t) = q_0 \, e^{-\rho t / h^2} \\
        q^2 &= \frac{|\nabla u|^2 / (S u^2) - (\Delta u)^2 / (2 S u)^2}{(1 + \Delta u / (2 S u))^2}, \quad
        S = \sum_i h_i^{-2}

    q is the standard deviation of the next neighbours as a part of their mean; in 2-D, with pixels a unit apart,
    the published formula, whose squared gradient is the mean of those of forward and backward differences. An
    even region has the speckle's q_0; where there is more variation there is an edge. Multiplying the
    image by a constant multiplies the result. Channels (looks, polarisations) are coupled by the mean of
    their q^2. Grey values 0 are allowed; negative ones, and logarithms, are not.

    Speckle that flows freely fades much faster than the published :math:`\rho = 1/6`, with which edges blur as long as
    that is larger: 2 is near it, and ``decay=None``, measured anew for every step, keeps most.

    Raises
    ------
    ImageError
        If the image has negative values.

    References
    ----------
    Y. Yu, S. T. Acton, IEEE TIP 11:1260-1270, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import SpeckleReducing, Time, evolve
    >>> speckled = np.random.default_rng(0).gamma(4.0, 25.0, (64, 64))
    >>> smooth = evolve(speckled, SpeckleReducing(), until=Time(20.0)).u
    >>> bool(speckled.std() > 45.0), bool(smooth.std() < 10.0)
    (True, True)
    """

    speckle: float | None = parameter(
        SPECKLE, above=0, most=10, optional=True, default=None, example="0.5"
    )
    decay: float | None = parameter(
        DECAY, unit="per pixel", least=0, optional=True, default=2.0, example="1"
    )

    citation = "Y. Yu, S. T. Acton, IEEE TIP 11:1260-1270, 2002"

    def __post_init__(self) -> None:
        self.check()

    def window(self) -> Window:
        """Return the next neighbours."""
        return Window()

    def conductance(self) -> Conductance:
        """Return that of Lee's filter."""
        return lee
