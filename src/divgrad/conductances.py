"""Conductances g(s2, contrast): how easily grey value flows across a slope.

A conductance is a plain Python function of two real numbers: ``s2`` = |grad u|^2 >= 0 (image units squared
per length unit squared) and ``contrast`` > 0 (image units per length unit), the slope at which flow gives
way to preservation. Users write their own in the same way. Whatever is here or there is compiled into the
kernels; it may use arithmetic, comparisons, ``a if test else b`` and the functions of :mod:`math`.

Those with a free constant besides the contrast are made by a factory: ``weickert(4)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from divgrad.errors import ParameterError

Conductance = Callable[[float, float], float]


def constant(s2: float, contrast: float) -> float:
    r"""Flow the same everywhere: :math:`g = 1`, the linear heat equation.

    >>> constant(100.0, 1.0)
    1.0
    """
    return 1.0


def rational(s2: float, contrast: float) -> float:
    r"""Perona and Malik's rational conductance, :math:`g = 1 / (1 + s^2/k^2)`; favours wide regions.

    The flux g(s) s is largest at s = k.

    References
    ----------
    P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990.

    >>> rational(1.0, 1.0)
    0.5
    """
    k2 = contrast * contrast
    return k2 / (k2 + s2)


def exponential(s2: float, contrast: float) -> float:
    r"""Perona and Malik's exponential conductance, :math:`g = \exp(-s^2/k^2)`; favours high contrast.

    The flux g(s) s is largest at s = k / sqrt(2). Some texts write exp(-s^2 / (2 k^2)).

    References
    ----------
    P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990.

    >>> round(exponential(1.0, 1.0), 6)
    0.367879
    """
    return math.exp(-s2 * (1.0 / (contrast * contrast)))


def charbonnier(s2: float, contrast: float) -> float:
    r"""Charbonnier's conductance, :math:`g = 1 / \sqrt{1 + s^2/k^2}`; the flux never falls: well-posed.

    With a small contrast it is total variation flow slowed by the factor k.

    References
    ----------
    P. Charbonnier, L. Blanc-Feraud, G. Aubert, M. Barlaud, IEEE TIP 6:298-311, 1997.

    >>> round(charbonnier(3.0, 1.0), 6)
    0.5
    """
    return contrast / math.sqrt(contrast * contrast + s2)


def huber(s2: float, contrast: float) -> float:
    r"""Huber's conductance, :math:`g = \min(1, k/s)`: heat flow below the contrast, total variation above.

    References
    ----------
    P. J. Huber, Annals of Mathematical Statistics 35:73-101, 1964.

    >>> huber(4.0, 1.0), huber(0.25, 1.0)
    (0.5, 1.0)
    """
    k2 = contrast * contrast
    return contrast / math.sqrt(s2 if s2 > k2 else k2)


def tukey(s2: float, contrast: float) -> float:
    r"""Tukey's biweight, :math:`g = (1 - s^2/k^2)^2` below the contrast, zero above: edges stop all flow.

    References
    ----------
    M. J. Black, G. Sapiro, D. H. Marimont, D. Heeger, IEEE TIP 7:421-432, 1998.

    >>> tukey(0.5, 1.0), tukey(2.0, 1.0)
    (0.25, 0.0)
    """
    rest = 1.0 - s2 * (1.0 / (contrast * contrast))
    return rest * rest if rest > 0.0 else 0.0


def total_variation(epsilon: float) -> Conductance:
    r"""Total variation, regularised: :math:`g = 1 / \sqrt{s^2 + \epsilon^2}`; the contrast plays no part.

    Parameters
    ----------
    epsilon
        Slope below which the flow is linear, in image units per length unit, > 0. The largest stable
        explicit step shrinks in proportion to it.

    References
    ----------
    L. I. Rudin, S. Osher, E. Fatemi, Physica D 60:259-268, 1992.

    >>> total_variation(1.0)(0.0, 1.0)
    1.0
    """
    if not epsilon > 0.0:
        raise ParameterError(f"total_variation needs epsilon > 0, got {epsilon!r}")
    floor = float(epsilon) * float(epsilon)

    def total_variation_conductance(s2: float, contrast: float) -> float:
        return 1.0 / math.sqrt(s2 + floor)

    return total_variation_conductance


def p_laplacian(p: float, epsilon: float = 0.0) -> Conductance:
    r"""The p-Laplacian, :math:`g = (s^2 + \epsilon^2)^{(p-2)/2}`; the contrast plays no part.

    Parameters
    ----------
    p
        Exponent > 1. Below 2 edges are kept (p = 1 would be total variation), 2 is the heat equation,
        above 2 steep slopes flow faster.
    epsilon
        Regularisation in image units per length unit; must be > 0 where p < 2.

    >>> p_laplacian(3.0)(4.0, 1.0)
    2.0
    """
    if not p > 1.0:
        raise ParameterError(f"p_laplacian needs p > 1, got {p!r}")
    if p < 2.0 and not epsilon > 0.0:
        raise ParameterError(f"p_laplacian with p < 2 needs epsilon > 0, got p={p!r}, {epsilon=!r}")
    floor = float(epsilon) * float(epsilon)
    half = 0.5 * (float(p) - 2.0)

    def p_laplacian_conductance(s2: float, contrast: float) -> float:
        return math.pow(s2 + floor, half)

    return p_laplacian_conductance


def weickert(m: int = 4) -> Conductance:
    r"""Weickert's conductance, :math:`g = 1 - \exp(-C_m / (s/k)^{2m})`: flat below k, a steep fall above.

    :math:`C_m` makes the flux largest at s = k: :math:`\exp(C) = 1 + 2 m C`.

    Parameters
    ----------
    m
        Steepness: 2, 3 or 4; 4 is the usual choice (s to the power 8).

    References
    ----------
    J. Weickert, Anisotropic Diffusion in Image Processing, Teubner, 1998.

    >>> round(weickert(4)(1.0, 1.0), 4)
    0.9637
    """
    constants = {2: 2.3366601, 3: 2.9182994, 4: 3.3148848}
    if m not in constants:
        raise ParameterError(f"weickert needs m = 2, 3 or 4, got {m!r}")
    steepness = constants[m]
    power = int(m)

    def weickert_conductance(s2: float, contrast: float) -> float:
        ratio = s2 * (1.0 / (contrast * contrast))
        ratio = ratio if ratio > 0.01 else 0.01
        return 1.0 - math.exp(-steepness / ratio**power)

    return weickert_conductance


def forward_and_backward(
    backward: float = 2.0, width: float = 0.5, amount: float = 0.5
) -> Conductance:
    r"""Forward diffusion on small slopes, backward (sharpening) around ``backward`` times the contrast.

    .. math:: g = \frac{1}{1 + (s/k)^4} - \frac{a}{1 + ((s - b k) / (w k))^2}

    Parameters
    ----------
    backward
        Centre b of the slopes that are sharpened, in contrasts, > 1.
    width
        Width w of that band, in contrasts, > 0.
    amount
        Strength a of the backward flow, 0 to 1. New extrema can arise where it outweighs the forward flow.

    References
    ----------
    G. Gilboa, N. Sochen, Y. Y. Zeevi, IEEE TIP 11:689-703, 2002: contrast 2, b 2, w 1/2 in units of the
    mean gradient.

    >>> forward_and_backward()(4.0, 1.0) < 0.0
    True
    """
    if not (backward > 1.0 and width > 0.0 and 0.0 <= amount <= 1.0):
        raise ParameterError(
            "forward_and_backward needs backward > 1, width > 0 and 0 <= amount <= 1, "
            f"got {backward!r}, {width!r}, {amount!r}"
        )
    centre, narrow, strength = float(backward), 1.0 / float(width), float(amount)

    def forward_and_backward_conductance(s2: float, contrast: float) -> float:
        ratio = s2 * (1.0 / (contrast * contrast))
        ratio = ratio if ratio < 1e12 else 1e12
        offset = (math.sqrt(ratio) - centre) * narrow
        return 1.0 / (1.0 + ratio * ratio) - strength / (1.0 + offset * offset)

    return forward_and_backward_conductance


#: The conductances that need no further constant, by the name the command line uses.
CONDUCTANCES: dict[str, Conductance] = {
    "constant": constant,
    "rational": rational,
    "exponential": exponential,
    "charbonnier": charbonnier,
    "huber": huber,
    "tukey": tukey,
    "weickert": weickert(4),
    "forward-and-backward": forward_and_backward(),
}
