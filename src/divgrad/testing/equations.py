"""What every equation must do, with every scheme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from divgrad.layout import enter
from divgrad.operators import Equation
from divgrad.schemes import SCHEMES, Scheme
from divgrad.testing.axioms import check_axioms, exemptions
from divgrad.testing.case import Case, trial_images
from divgrad.testing.operators import check_operator


def check_equation(
    equation: Equation,
    *,
    schemes: Iterable[Scheme] | None = None,
    images: Iterable[NDArray[Any]] | None = None,
    channel_axis: int | None = None,
    spacing: Sequence[float] | None = None,
    axioms: Iterable[str] | None = None,
    ulps: float = 64.0,
) -> None:
    """Raise AssertionError, with a sentence, unless an equation keeps what divgrad promises of it.

    Its operator's verbs must agree (:func:`check_operator`), its bound must hold, its explicit steps
    must be those of the operator, and with every scheme it must keep to the axioms
    (:data:`~divgrad.testing.AXIOMS`), save those from which its class declares an exemption with a reason::

        exemptions = {"mean": "the reaction pulls towards the data"}

    Parameters
    ----------
    equation
        What is tried.
    schemes
        Schemes to try it with; None: all that have the verbs they need.
    images
        Images to try it on, float32 or float64; None: small scenes of 1 to 3 axes, grey values 0 to 100.
    channel_axis
        Axis of the channels of all the images; None: there is none.
    spacing
        Distance of pixels along each spatial axis of all the images; default 1.
    axioms
        Names of axioms to try; None: all.
    ulps
        Rounding allowed, in units of the last place of the largest value.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import FSI, PeronaMalik
    >>> check_equation(PeronaMalik(contrast=10.0), schemes=[FSI()], images=[100.0 * np.eye(5)])
    """
    names = None if axioms is None else list(axioms)
    exemptions(equation)
    for image in trial_images() if images is None else images:
        u, grid, layout = enter(
            image, channel_axis=channel_axis, spacing=spacing, imaginary=equation.complex_valued
        )
        begun = equation.begin(u, grid, partial(layout.arrange, real=u.dtype))
        operator = begun.operator(u, 0.0, grid)
        check_operator(operator, u, ulps=ulps)
        check_steps(equation, image, channel_axis=channel_axis, spacing=spacing, ulps=ulps)
        if schemes is None:
            trials: list[Scheme] = [
                scheme
                for scheme in (cls() for cls in SCHEMES.values())
                if scheme.refusal(equation, operator) is None
            ]
        else:
            trials = list(schemes)
        for scheme in trials:
            case = Case(
                equation,
                scheme,
                np.asarray(image, u.dtype),
                channel_axis=channel_axis,
                spacing=None if spacing is None else tuple(spacing),
                ulps=ulps,
            )
            check_axioms(case, names)


def check_steps(
    equation: Equation,
    image: NDArray[Any],
    *,
    channel_axis: int | None = None,
    spacing: Sequence[float] | None = None,
    ulps: float = 64.0,
) -> None:
    """Raise AssertionError unless the equation's bound holds and its explicit steps are its operator's.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Heat
    >>> check_steps(Heat(), np.eye(5))
    """
    u, grid, layout = enter(
        image, channel_axis=channel_axis, spacing=spacing, imaginary=equation.complex_valued
    )
    equation = equation.begin(u, grid, partial(layout.arrange, real=u.dtype))
    bound = equation.bound(u, 0.0, grid)
    name = type(equation).__name__
    taus = [scale * 1.6 / max(bound, 1e-30) for scale in (0.5, 1.0, 0.7)]
    got = equation.explicit(u, 0.0, taus, grid)
    wanted = Equation.explicit(equation, u, 0.0, taus, grid)
    off = float(np.abs(got.astype(np.float64) - wanted).max())
    allowed = ulps * float(np.finfo(u.dtype).eps) * float(np.abs(u).max())
    assert off <= allowed, (
        f"{name}: explicit steps are those of the operator, made anew for each: off by {off:.3g}, "
        f"allowed is {allowed:.3g}"
    )
    if equation.bound_lasts:
        later = equation.bound(got, sum(taus), grid)
        assert later <= bound * (1.0 + 1e-6), (
            f"{name}: a bound lasts (bound_lasts), but it rose from {bound:.6g} to {later:.6g}"
        )
