"""Stopping rules: when enough is enough. Joined with ``|``, the first that says stop ends the evolution.

A rule is a frozen dataclass; :meth:`Stop.watch` returns what looks at one evolution. Rules that only
count, Time and Steps, let the engine run many steps between two looks; the others look after every step
of the scheme.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from divgrad.grid import Grid
from divgrad.kernels.reductions import moments
from divgrad.operators import Image
from divgrad.parameters import declared, parameter


@dataclass(frozen=True)
class Verdict:
    """The end of an evolution: the reason, and which part of the last step to keep (1: all, 0: none)."""

    reason: str
    part: float = 1.0


class Beside:
    """An image that is evolved beside the user's: the engine replaces u before every look."""

    def __init__(self, u: Image) -> None:
        self.u = u


class Watch:
    """Looks at one evolution; counts nothing and never stops it unless a rule says so."""

    #: Whether it must see the image after every step.
    every_step = False
    #: Images that are evolved beside, by the same equation and scheme; who has some must see every step.
    beside: tuple[Beside, ...] = ()

    def left(self, t: float, step: int) -> tuple[float, float]:
        """Return the time until which, and the number of steps for which, nobody need look."""
        return math.inf, math.inf

    def look(self, t: float, u: Image, step: int) -> Verdict | None:
        """Return a verdict where it is time to stop."""
        return None


class Stop(ABC):
    """A stopping rule."""

    citation: ClassVar[str] = ""

    @abstractmethod
    def watch(self, u0: Image, grid: Grid) -> Watch:
        """Return what looks at an evolution that begins with u0."""

    def __or__(self, other: Stop) -> Any:
        """Join two rules: the first that says stop ends the evolution."""
        if not isinstance(other, Stop):
            return NotImplemented
        mine = self.rules if isinstance(self, Any_) else (self,)
        return Any_((*mine, *(other.rules if isinstance(other, Any_) else (other,))))


@dataclass(frozen=True)
class Any_(Stop):
    """The first of several rules; made by ``|``."""

    rules: tuple[Stop, ...]

    def __str__(self) -> str:
        return " | ".join(str(rule) for rule in self.rules)

    def watch(self, u0: Image, grid: Grid) -> Watch:
        """Watch with all the rules."""
        return _AnyWatch([rule.watch(u0, grid) for rule in self.rules])


class _AnyWatch(Watch):
    def __init__(self, watches: list[Watch]) -> None:
        self.watches = watches
        self.every_step = any(watch.every_step for watch in watches)
        self.beside = tuple(one for watch in watches for one in watch.beside)

    def left(self, t: float, step: int) -> tuple[float, float]:
        lefts = [watch.left(t, step) for watch in self.watches]
        return min(end for end, _ in lefts), min(steps for _, steps in lefts)

    def look(self, t: float, u: Image, step: int) -> Verdict | None:
        # Every watch sees every image.
        verdicts = [watch.look(t, u, step) for watch in self.watches]
        said = [verdict for verdict in verdicts if verdict is not None]
        return min(said, key=lambda verdict: verdict.part) if said else None


@declared
class Time(Stop):
    """Stop at a diffusion time, exactly: the last step is cut to fit.

    Examples
    --------
    >>> Time(10) | Steps(5)
    Any_(rules=(Time(time=10), Steps(steps=5)))
    """

    time: float = parameter("Diffusion time", unit="length squared", least=0, example="10")

    def watch(self, u0: Image, grid: Grid) -> Watch:
        """Watch the time."""
        return _TimeWatch(float(self.time))


class _TimeWatch(Watch):
    def __init__(self, end: float) -> None:
        self.end = end

    def left(self, t: float, step: int) -> tuple[float, float]:
        return self.end, math.inf

    def look(self, t: float, u: Image, step: int) -> Verdict | None:
        done = t >= self.end * (1.0 - 1e-12)
        return Verdict(f"the time {self.end:g} was reached") if done else None


@declared
class Steps(Stop):
    """Stop after a number of steps of the scheme."""

    steps: int = parameter("Number of steps", kind=int, least=0, example="20")

    def watch(self, u0: Image, grid: Grid) -> Watch:
        """Watch the steps."""
        return _StepsWatch(int(self.steps))


class _StepsWatch(Watch):
    def __init__(self, most: int) -> None:
        self.most = most

    def left(self, t: float, step: int) -> tuple[float, float]:
        return math.inf, max(0, self.most - step)

    def look(self, t: float, u: Image, step: int) -> Verdict | None:
        made = "1 step was" if self.most == 1 else f"{self.most} steps were"
        return Verdict(f"{made} made") if step >= self.most else None


@declared
class SteadyState(Stop):
    r"""Stop when hardly anything changes any more.

    .. math:: \|u_{k+1} - u_k\|_{rms} \le tol \cdot \tau \, \|u_0 - \bar u_0\|_{rms}
    """

    tolerance: float = parameter(
        "Change per unit of time, root mean square, as a part of the first image's standard deviation",
        above=0, default=1e-4, example="1e-4",
    )  # fmt: skip

    def watch(self, u0: Image, grid: Grid) -> Watch:
        """Watch the change."""
        return _SteadyWatch(self.tolerance, u0, grid)


class _SteadyWatch(Watch):
    every_step = True

    def __init__(self, tolerance: float, u0: Image, grid: Grid) -> None:
        found = moments(u0, u0, grid)
        self.spread = math.sqrt(max(found.uu - found.u**2, 0.0))
        self.tolerance, self.grid = tolerance, grid
        self.last, self.time = u0, 0.0

    def look(self, t: float, u: Image, step: int) -> Verdict | None:
        if step == 0:
            return None
        change = math.sqrt(moments(u, self.last, self.grid).apart) / max(t - self.time, 1e-300)
        self.last, self.time = u, t
        if change > self.tolerance * self.spread:
            return None
        return Verdict(f"a steady state: the change fell to {change:.3g} per unit of time")


@declared
class Discrepancy(Stop):
    r"""Stop when as much has been removed as there is noise.

    .. math:: \|u_0 - u\|^2 = N \sigma^2

    The last step is cut where that is reached.

    References
    ----------
    V. A. Morozov, Soviet Mathematics Doklady 7:414-417, 1966.
    """

    sigma: float = parameter(
        "Standard deviation of the noise", unit="image units", above=0, example="12"
    )

    citation = "V. A. Morozov, Soviet Mathematics Doklady 7:414-417, 1966"

    def watch(self, u0: Image, grid: Grid) -> Watch:
        """Watch how much has been removed."""
        return _DiscrepancyWatch(float(self.sigma), u0, grid)


class _DiscrepancyWatch(Watch):
    every_step = True

    def __init__(self, sigma: float, u0: Image, grid: Grid) -> None:
        self.sigma, self.u0, self.grid = sigma, u0, grid
        self.last = u0

    def look(self, t: float, u: Image, step: int) -> Verdict | None:
        if step == 0:
            return None
        last, self.last = self.last, u
        removed = moments(self.u0, u, self.grid).apart
        wanted = self.sigma**2
        if removed < wanted:
            return None
        # u = last + p (u - last): |u0 - u|^2 is quadratic in p and crosses the wanted value once.
        before, length = moments(self.u0, last, self.grid).apart, moments(last, u, self.grid).apart
        slope = 0.5 * (removed - before - length)
        root = math.sqrt(max(slope * slope + length * (wanted - before), 0.0))
        part = (root - slope) / length if length > 0 else 1.0
        return Verdict(
            f"as much was removed as there is noise (sigma {self.sigma:.4g})",
            min(max(part, 0.0), 1.0),
        )


@declared
class Decorrelation(Stop):
    r"""Stop when what was removed is least like what is left. Needs no parameter.

    That is the first minimum of :math:`\mathrm{corr}(u_0 - u_t, u_t)`.

    References
    ----------
    P. Mrazek, M. Navara, International Journal of Computer Vision 52:189-203, 2003.
    """

    citation = "P. Mrazek, M. Navara, International Journal of Computer Vision 52:189-203, 2003"

    def watch(self, u0: Image, grid: Grid) -> Watch:
        """Watch the correlation."""
        return _DecorrelationWatch(u0, grid)


class _DecorrelationWatch(Watch):
    every_step = True

    def __init__(self, u0: Image, grid: Grid) -> None:
        self.u0, self.grid = u0, grid
        self.least = math.inf

    def look(self, t: float, u: Image, step: int) -> Verdict | None:
        if step == 0:
            return None
        m = moments(self.u0, u, self.grid)
        noise, image = m.apart - (m.u - m.v) ** 2, m.vv - m.v**2
        shared = (m.uv - m.vv) - (m.u - m.v) * m.v
        spread = math.sqrt(max(noise, 0.0) * max(image, 0.0))
        now = shared / spread if spread > 0 else math.inf
        if now > self.least:
            return Verdict("what was removed is least correlated with what is left", part=0.0)
        self.least = now
        return None
