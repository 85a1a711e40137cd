"""What every scheme must do, with every equation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

from divgrad.equations.heat import Heat
from divgrad.equations.perona_malik import PeronaMalik
from divgrad.evolution import evolve
from divgrad.operators import Equation
from divgrad.schemes import Explicit, Scheme
from divgrad.stopping import Time
from divgrad.testing.axioms import check_axioms, exemptions
from divgrad.testing.case import Case, trial_images
from divgrad.testing.phantoms import positions

LONG = (12.0, 6.0, 3.0)
SHORT = (0.2, 0.1, 0.05)


def check_scheme(
    scheme: Scheme,
    *,
    equations: Iterable[Equation] | None = None,
    images: Iterable[NDArray[Any]] | None = None,
    axioms: Iterable[str] | None = None,
    ulps: float = 64.0,
) -> None:
    """Raise AssertionError, with a sentence, unless a scheme keeps what divgrad promises of it.

    With every equation it must keep to the axioms (:data:`~divgrad.testing.AXIOMS`), save those from which
    its class declares an exemption with a reason. Its error, on the heat equation and on Perona and
    Malik's, must fall with the step to the power of its declared ``order``, within 0.2, be it with long
    steps or with short ones (:func:`measured_order`); a scheme that chooses its own steps must be right to
    5 % of what heat flow changes.

    Parameters
    ----------
    scheme
        What is tried.
    equations
        Equations to try the axioms with; None: :class:`~divgrad.Heat` and :class:`~divgrad.PeronaMalik`.
    images
        Images to try the axioms on; None: small scenes of 1 to 3 axes, grey values 0 to 100.
    axioms
        Names of axioms to try; None: all.
    ulps
        Rounding allowed, in units of the last place of the largest value.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Explicit
    >>> check_scheme(Explicit(), images=[100.0 * np.eye(5)])
    """
    names = None if axioms is None else list(axioms)
    exemptions(scheme)
    tried = [Heat(), PeronaMalik(contrast=20.0)] if equations is None else list(equations)
    for image in trial_images() if images is None else images:
        for equation in tried:
            check_axioms(Case(equation, scheme, image, ulps=ulps), names)
    if scheme.order is None:
        smooth = waves((24, 20))
        wanted = heat(smooth, 8.0)
        got = evolve(smooth, Heat(), scheme=scheme, until=Time(8.0)).u
        off = float(np.abs(got - wanted).max() / np.abs(smooth - wanted).max())
        assert off <= 0.05, f"{scheme}: heat flow is off by {100 * off:.2g} % of what it changes"
        return
    for equation in (Heat(), PeronaMalik(contrast=5.0)):
        orders = [measured_order(scheme, equation, taus=taus) for taus in (LONG, SHORT)]
        nearest = min(orders, key=lambda order: abs(order - (scheme.order or 0)))
        assert abs(nearest - scheme.order) <= 0.2, (
            f"{scheme}: the order in time is {scheme.order}, but on {type(equation).__name__} "
            f"{orders[0]:.2f} was measured with the steps {LONG}, {orders[1]:.2f} with {SHORT}"
        )


def measured_order(
    scheme: Any,
    equation: Equation,
    *,
    image: NDArray[Any] | None = None,
    time: float = 48.0,
    taus: Sequence[float] = LONG,
    spacing: Sequence[float] | None = None,
    channel_axis: int | None = None,
    short: float | None = None,
) -> float:
    r"""Return the order p at which a scheme's error falls with its step, :math:`e \sim \tau^p`.

    The error is taken at a fixed time, root mean square, against explicit steps so short that theirs, with
    one extrapolation, is negligible. p is the slope of the straight line that fits log e best.

    Parameters
    ----------
    scheme
        A scheme with a ``tau``.
    equation
        What is solved.
    image
        Image at the beginning, best smooth; None: a few waves, of 24 x 20 pixels.
    time
        Time at which the error is taken; best a multiple of all the taus.
    taus
        Time steps, two or more. Those of FED and FSI are cycles, of more inner steps the longer they are:
        take them so long that this number is large. Those of Explicit are split where they are too long:
        take them so short that they are not.
    spacing
        Distance of pixels along each axis; default 1.
    channel_axis
        Axis of the image's channels; None: it has none.
    short
        The short step of the reference; None: a twentieth of the smallest h^2.

    Examples
    --------
    >>> from divgrad import AOS, Heat
    >>> round(measured_order(AOS(), Heat(), taus=(2.0, 1.0)), 1)
    1.0
    """
    u = waves((24, 20)) if image is None else image

    def at_the_end(by: Scheme) -> NDArray[Any]:
        return evolve(
            u, equation, scheme=by, until=Time(time), spacing=spacing, channel_axis=channel_axis
        ).u

    step = short or 0.05 * min(h * h for h in (spacing or (1.0,)))
    wanted = 2.0 * at_the_end(Explicit(tau=0.5 * step)) - at_the_end(Explicit(tau=step))
    errors = []
    for tau in taus:
        off = np.abs(at_the_end(replace(scheme, tau=tau)) - wanted)  # complex ones as well
        error = float(np.sqrt(np.mean(off**2)))
        errors.append(math.log(error))
    return float(np.polyfit(np.log(taus), errors, 1)[0])


def waves(shape: Sequence[int]) -> NDArray[np.float64]:
    """Return a smooth image without slope at its borders: two waves along each axis, grey values -50 to 50.

    >>> waves((3, 4)).shape
    (3, 4)
    """
    image = np.zeros(tuple(shape))
    for x, n in zip(positions(shape, [1.0] * len(shape)), shape, strict=True):
        phase = math.pi * (x / n + 0.5)
        image = image + np.cos(phase) + 0.5 * np.cos(2.0 * phase)
    return np.asarray(50.0 * image / np.abs(image).max())


def heat(
    image: NDArray[Any], time: float, spacing: Sequence[float] | None = None
) -> NDArray[np.float64]:
    """Return the image after heat flow, exact in time: its cosine transform times exp(time * eigenvalue).

    >>> heat(np.array([0.0, 1.0]), 100.0).round(6).tolist()
    [0.5, 0.5]
    """
    h = spacing or [1.0] * image.ndim
    waves_of = dctn(image.astype(np.float64), norm="ortho")
    return np.asarray(idctn(waves_of * np.exp(time * eigenvalues(image.shape, h)), norm="ortho"))


def eigenvalues(shape: Sequence[int], spacing: Sequence[float]) -> NDArray[np.float64]:
    r"""Return the eigenvalues of the discrete Laplacian with reflecting borders, one for each cosine.

    They are :math:`-\sum_i (4 / h_i^2) \sin^2(\pi k_i / 2 n_i)`.

    >>> eigenvalues((2,), (0.5,)).round(9).tolist()
    [0.0, -8.0]
    """
    parts = [
        -4.0 / (h * h) * np.sin(0.5 * math.pi * k / n) ** 2
        for k, n, h in zip(np.indices(tuple(shape)), shape, spacing, strict=True)
    ]
    return np.asarray(sum(parts))
