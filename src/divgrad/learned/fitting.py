"""Fit the few parameters of a classical flow to pairs of images, by gradient descent through the solver."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from divgrad.equations.perona_malik import PeronaMalik
from divgrad.errors import ParameterError
from divgrad.parameters import Parameter
from divgrad.schemes import Explicit, Implicit, Scheme
from divgrad.stopping import Time

try:
    import torch
    from torch import Tensor
except ImportError as error:  # pragma: no cover
    raise ParameterError("fitting needs PyTorch: pip install divgrad[learn]") from error

from divgrad.learned.steps import diffused, explicit_step, implicit_step

LONGEST = 0.2  # explicit time step
WIDEST = 50.0  # parameters stay within this factor of where they began


@dataclass(frozen=True, eq=False)
class Fitted:
    """A flow with fitted parameters, ready for :func:`divgrad.evolve`.

    Parameters
    ----------
    equation, scheme, until
        The flow, its time steps and its time.
    losses
        Mean squared error over all pairs: at first, and after each round.
    """

    equation: PeronaMalik
    scheme: Scheme
    until: Time
    losses: tuple[float, ...]


def fit(
    equation: PeronaMalik,
    pairs: Sequence[tuple[Any, Any]],
    *,
    time: float = 3.0,
    steps: int = 10,
    scheme: Scheme | None = None,
    rounds: int = 20,
) -> Fitted:
    """Learn contrast, time and presmoothing of a flow from noisy images and their clean twins.

    Parameters
    ----------
    equation
        The flow to begin with. Its contrast is fitted; its presmoothing is, where it is a number above 0.
    pairs
        ``(noisy, clean)`` images, 2-D, with pixels a distance 1 apart.
    time
        Diffusion time to begin with, in pixels squared.
    steps
        Time steps; explicit ones become more where they would be longer than 0.2.
    scheme
        ``Explicit()``, the default, or ``Implicit()``; their own time step is not used.
    rounds
        Most steps of the optimiser: L-BFGS with a line search, on the logarithms of error and parameters,
        which stay within a factor of 50.

    Returns
    -------
    Fitted
        The flow with the parameters of the round with the smallest error.

    Raises
    ------
    ParameterError
        If there are no pairs, or equation or scheme cannot be fitted.

    Examples
    --------
    >>> from divgrad import PeronaMalik, evolve
    >>> clean = np.repeat([[50.0] * 12 + [150.0] * 12], 24, axis=0)
    >>> noisy = clean + np.random.default_rng(0).normal(0, 10, clean.shape)
    >>> best = fit(PeronaMalik(100.0), [(noisy, clean)], rounds=10)
    >>> best.losses[-1] < 0.5 * best.losses[0]
    True
    >>> out = evolve(noisy, best.equation, scheme=best.scheme, until=best.until).u
    """
    Parameter("Time", unit="length squared", above=0).check("time", time)
    Parameter("Steps", kind=int, least=1).check("steps", steps)
    Parameter("Rounds", kind=int, least=1).check("rounds", rounds)
    scheme = scheme or Explicit()
    if not isinstance(equation, PeronaMalik) or callable(equation.contrast):
        raise ParameterError("fit() knows PeronaMalik with a contrast that is a number")
    if not isinstance(scheme, Explicit | Implicit):
        raise ParameterError("fit() goes through Explicit() and Implicit() only")
    images = [tuple(torch.from_numpy(np.asarray(a, np.float64)) for a in pair) for pair in pairs]
    if not images or any(u.ndim != 2 or u.shape != v.shape for u, v in images):
        raise ParameterError("fit() needs pairs (noisy, clean) of 2-D images of the same shape")
    names = ["contrast", "time"]
    start = [float(equation.contrast), time]
    if equation.presmoothing is not None and float(equation.at("presmoothing", 0.0)) > 0:
        names.append("presmoothing")
        start.append(float(equation.at("presmoothing", 0.0)))
    logs = torch.tensor(np.log(start), requires_grad=True)
    conductance = on_tensors(equation.conductance)
    step = explicit_step if isinstance(scheme, Explicit) else implicit_step

    def error() -> Tensor:
        found = dict(zip(names, torch.exp(logs), strict=True))
        count = _count(float(found["time"].detach()), steps, scheme)
        tau, sigma = found["time"] / count, found.get("presmoothing", equation.presmoothing)
        total = torch.zeros((), dtype=logs.dtype)
        for noisy, clean in images:
            out = diffused(noisy, tau, count, step, conductance, found["contrast"], sigma)
            total = total + (out - clean).square().mean() / len(images)
        return total

    losses: list[float] = []

    def looked_at(at: Any) -> tuple[float, Any]:
        with torch.no_grad():
            logs.copy_(torch.from_numpy(np.asarray(at)))
        logs.grad = None
        total = error()
        torch.log(total).backward()
        return math.log(float(total.detach())), logs.grad.numpy().copy()

    def keep(at: Any) -> None:
        losses.append(math.exp(looked_at(at)[0]))

    first = np.log(start)
    keep(first)
    bounds = [(value - math.log(WIDEST), value + math.log(WIDEST)) for value in first]
    options = {"maxiter": rounds, "maxls": 10}
    found = minimize(
        looked_at, first, jac=True, method="L-BFGS-B", bounds=bounds, callback=keep, options=options
    )
    best = np.exp(found.x).tolist()
    values = dict(zip(names, best, strict=True))
    tau = values["time"] / _count(values["time"], steps, scheme)
    chosen: dict[str, Any] = {key: value for key, value in values.items() if key != "time"}
    return Fitted(
        replace(equation, **chosen), replace(scheme, tau=tau), Time(values["time"]), tuple(losses)
    )


def _count(time: float, steps: int, scheme: Scheme) -> int:
    return max(steps, math.ceil(time / LONGEST)) if isinstance(scheme, Explicit) else steps


def on_tensors(conductance: Any) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a conductance that takes tensors: the same function, with torch in the place of math.

    Raises
    ------
    ParameterError
        If it branches: a tensor has no truth.
    """
    outside = {"math": torch, "np": torch}
    known = {**conductance.__globals__, **outside}
    same = types.FunctionType(
        conductance.__code__,
        known,
        conductance.__name__,
        conductance.__defaults__,
        conductance.__closure__,
    )
    try:
        same(torch.tensor([0.0, 1.0]), torch.tensor(1.0))
    except Exception as error:
        raise ParameterError(
            f"the conductance {conductance.__name__} cannot be differentiated: {error}; arithmetic and functions "
            "of math can be, `if` cannot"
        ) from error
    return same
