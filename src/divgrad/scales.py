"""The image at many times, in one run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from divgrad.equations.heat import Heat
from divgrad.errors import ParameterError
from divgrad.evolution import evolve
from divgrad.grid import Grid
from divgrad.layout import enter
from divgrad.operators import Equation, Image
from divgrad.parameters import Parameter
from divgrad.schemes import Adaptive, Explicit, Scheme
from divgrad.stopping import Stop, Verdict, Watch


def scale_space(
    image: ArrayLike,
    times: Sequence[float],
    *,
    equation: Equation | None = None,
    scheme: Scheme | None = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
) -> NDArray[Any]:
    r"""Return the image at many times: from fine to coarse, what is small fades first.

    Parameters
    ----------
    image
        Image, 1-D to 3-D, any real dtype, with or without channels; never written to.
    times
        Diffusion times >= 0, in length units squared, in any order. Heat at the time t smooths like a Gaussian
        of standard deviation :math:`\sqrt{2t}`.
    equation
        How grey value flows; default :class:`~divgrad.Heat`, the Gaussian scale space.
    scheme
        How time passes; default :class:`~divgrad.Adaptive`, short steps first and longer ones later; explicit
        steps for equations of which nothing else can be made.
    channel_axis, spacing
        As in :func:`divgrad.evolve`.

    Returns
    -------
    ndarray
        float32 or float64, with one more axis, the first: one image for each time, in the order given.

    Raises
    ------
    ImageError
        If the image cannot be treated.
    ParameterError
        If a time is not a finite number >= 0.

    References
    ----------
    A. P. Witkin, IJCAI 1983, 1019-1022. Nonlinear: P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import scale_space
    >>> scale_space(np.array([0.0, 8.0, 0.0, 0.0]), [0.0, 1.0, 100.0]).round(1).tolist()
    [[0.0, 8.0, 0.0, 0.0], [2.5, 2.7, 1.8, 1.0], [2.0, 2.0, 2.0, 2.0]]
    """
    fact = Parameter("Time", least=0)
    wanted = list(times) if np.ndim(times) == 1 else []
    if not wanted:
        raise ParameterError(f"times must be a list of one time or more; got {times!r:.60}")
    for time in wanted:
        fact.check("every time", time)
    landmarks = _Landmarks(tuple(sorted({float(time) for time in wanted})))
    equation = Heat() if equation is None else equation
    u, grid, layout = enter(
        image, channel_axis=channel_axis, spacing=spacing, imaginary=equation.complex_valued or None
    )
    if scheme is None:
        begun = equation.begin(u, grid, partial(layout.arrange, real=u.dtype))
        refused = Adaptive().refusal(begun, begun.operator(u, 0.0, grid))
        scheme = Explicit() if refused else Adaptive()
    evolve(
        image, equation, scheme=scheme, until=landmarks, channel_axis=channel_axis, spacing=spacing
    )
    at = dict(zip(landmarks.times, landmarks.images, strict=True))
    return np.stack([layout.leave(at[float(time)]) for time in wanted])


class _Landmarks(Stop):
    """Keeps the image at every time; steps are cut to end there."""

    def __init__(self, times: tuple[float, ...]) -> None:
        self.times = times
        self.images: list[Image] = []

    def watch(self, u0: Image, grid: Grid) -> Watch:
        return _LandmarksWatch(self)


class _LandmarksWatch(Watch):
    def __init__(self, owner: _Landmarks) -> None:
        self.owner = owner

    def left(self, t: float, step: int) -> tuple[float, float]:
        return self.owner.times[len(self.owner.images)], math.inf

    def look(self, t: float, u: Image, step: int) -> Verdict | None:
        times, images = self.owner.times, self.owner.images
        while len(images) < len(times) and t >= times[len(images)] * (1.0 - 1e-12):
            images.append(u.copy())
        return Verdict("all times were reached") if len(images) == len(times) else None
