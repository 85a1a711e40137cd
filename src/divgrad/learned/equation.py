"""Learned diffusion as an equation: stages are steps of time one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from divgrad.errors import ImageError, ParameterError
from divgrad.grid import Grid
from divgrad.kernels.learned import Step, folded, step, unfolded
from divgrad.learned.running import begun
from divgrad.learned.weights import Model, shipped
from divgrad.operators import Arrange, Equation, Image, Operator
from divgrad.parameters import declared, parameter

LIMIT = (
    1.6  # as a bound of the operator: 0.8 of 2 / 1.6, the default step of Explicit, is one stage
)


@declared
class Learned(Equation):
    r"""Remove Gaussian noise by a diffusion whose filters and fluxes were learned from clean images.

    .. math:: \partial_t u = -\sum_i K_i^T \varphi_i(K_i u) - \lambda (u - f)

    Every step of time one is a stage with parameters of its own; after the last, at the time ``model.stages``, the
    image rests. Grey values are those of 0..255, as in training, and so is sigma. The channels that a model
    carries beside the image begin at zero, and are made again from the first image where an evolution pauses. Models
    for colours denoise their mean by a grey model first; that belongs to the first stage.

    Raises
    ------
    ImageError
        If the image is not 2-D or has not the model's number of channels.
    ParameterError
        If there is no such model, or steps are not whole stages.

    References
    ----------
    Y. Chen, T. Pock, IEEE PAMI 39:1256-1272, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Steps, evolve
    >>> from divgrad.learned import Learned
    >>> noisy = np.random.default_rng(0).normal(100.0, 25.0, (64, 64))
    >>> solution = evolve(noisy, Learned(25.0), until=Steps(6))
    >>> bool(solution.u.std() < 8.0)
    True
    """

    sigma: float = parameter(
        "Standard deviation of the noise; the models know 1 to 75",
        unit="image units", least=0.01, most=1000.0, example="25",
    )  # fmt: skip
    model: str | Model = parameter(
        "A model: the name of one that ships, or one that was read", kind=object, default="fast"
    )

    bound_lasts = True
    citation = "Y. Chen, T. Pock, IEEE PAMI 39:1256-1272, 2017"
    exemptions: ClassVar[dict[str, str]] = {
        "range": "learned filters may overshoot; the classical flows keep the range",
        "mean": "kept but for what the mirrored border adds",
        "scale": "sigma is in image units",
        "spacing": "filters are learned on square pixels",
    }

    @property
    def parts(self) -> Model:
        """The model itself."""
        return shipped(self.model) if isinstance(self.model, str) else self.model

    def begin(self, u: Image, grid: Grid, arrange: Arrange) -> Equation:
        """Return it with the first image and the steps at hand."""
        model = self.parts
        if u.ndim != 3 or u.shape[0] != model.channels or np.iscomplexobj(u):
            raise ImageError(
                f"this model is for 2-D images of {model.channels} channel(s); got {u.shape[0]} channel(s) in "
                f"{u.ndim - 1}-D"
            )
        return self.begun(u, grid)

    def begun(self, u: Image, grid: Grid) -> _Begun:
        """Return it under way from an image that fits."""
        model = self.parts
        first = begun(u.copy(), model, self.sigma, grid.tiling)
        return _Begun(self.sigma, self.model, Start(first, tuple(model.steps(self.sigma))))

    def operator(self, u: Image, t: float, grid: Grid) -> Operator:
        """Return the stage at the time t."""
        return _Stage(self, u, t, grid)

    def bound(self, u: Image, t: float, grid: Grid) -> float:
        """Return what makes a stage the default step."""
        return LIMIT


@dataclass(frozen=True, eq=False)
class Start:
    """What an evolution begins with: the noisy image and the steps."""

    image: Image
    steps: tuple[Step, ...]


@declared
class _Begun(Learned):
    """A learned diffusion under way."""

    start: Start | None = parameter("Where it began", kind=object, default=None)

    def explicit(self, u: Image, t: float, taus: Sequence[float], grid: Grid) -> Image:
        """Return u after whole stages from the time t on."""
        assert self.start is not None
        model, scale = self.parts, u.dtype.type(self.sigma)
        f = folded(self.start.image, model.fold) / scale
        first = round(t)
        if abs(t - first) > 1e-6 or any(abs(tau - 1.0) > 1e-6 for tau in taus):
            raise ParameterError(
                f"a learned diffusion goes by whole stages; got steps of {taus[0]:g} at t = {t:g}: take "
                "Explicit(), and a whole number of Steps or Time"
            )
        hidden = np.zeros((model.hidden, *f.shape[1:]), f.dtype)
        state = np.concatenate([f, hidden])
        before = self.start.steps[:first] if model.hidden else ()
        for parameters in before:
            state = step(state, f, parameters, model.fold, grid.tiling)
        if first > 0 and not np.array_equal(unfolded(state, model.fold, u.shape) * scale, u):
            state[: model.visible] = folded(u, model.fold) / scale  # somebody changed the image
        for parameters in self.start.steps[first : first + len(taus)]:
            state = step(state, f, parameters, model.fold, grid.tiling)
        out: Image = unfolded(state, model.fold, u.shape) * scale
        return out


class _Stage(Operator):
    """One stage, as a step that is no linear map."""

    linear = False

    def __init__(self, equation: Learned, u: Image, t: float, grid: Grid) -> None:
        self.equation, self.u, self.t, self.grid = equation, u, t, grid

    def bound(self) -> float:
        return LIMIT

    def axpy(self, tau: float, v: Image) -> Image:
        """Return v after the stage, for which tau must be one."""
        equation = self.equation
        if not isinstance(equation, _Begun):
            equation = equation.begun(v, self.grid)
        return equation.explicit(v, self.t, [tau], self.grid)
