"""Speed of every flow beside scalar Perona-Malik's: nothing is an orphan slow path.

``python bench/flows.py`` prints the table, ``--write`` puts it into docs/benchmarks.md, ``--quick`` takes fewer
rounds, ``--cpu`` counts the seconds of cores, for a machine that others use too. Comparisons of single flows with
other programs are in the benchmarks of their families.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any

import numpy as np

from divgrad import Explicit, PeronaMalik, Proximal, Steps, TotalVariation, evolve
from divgrad.equations import EQUATIONS
from divgrad.layout import enter
from divgrad.testing import example
from measure import publish, rates, table

CPU = "--cpu" in sys.argv
ROUNDS = 3 if "--quick" in sys.argv else 5
STEPS = 20
SIDE = 1024
ROF = "total-variation with Proximal, iterations"


def image(channels: int = 0) -> Any:
    """Grey values 20 to 220: positive, for flows that ask for it."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE] / 40.0
    smooth = 120.0 + 60.0 * np.sin(x) * np.cos(y)
    shape = (SIDE, SIDE, channels) if channels else (SIDE, SIDE)
    noise = np.clip(rng.normal(0.0, 10.0, shape), -40.0, 40.0)
    return ((smooth[..., None] if channels else smooth) + noise).astype("f4")


def calls(equation: Any, channels: int) -> tuple[Any, Any]:
    """Return what makes 20 explicit steps, and what makes 20 steps of a frozen cycle or None."""
    u = image(channels)
    axis = -1 if channels else None
    explicit = partial(
        evolve, u, equation, scheme=Explicit(), until=Steps(STEPS), channel_axis=axis
    )
    state, grid, layout = enter(u, channel_axis=axis, imaginary=equation.complex_valued)
    begun = equation.begin(state, grid, partial(layout.arrange, real=state.dtype))
    operator = begun.operator(state, 0.0, grid)
    tau = 1.0 / max(operator.bound(), 1e-30)
    frozen = partial(operator.polynomial, state, [tau] * STEPS) if operator.linear else None
    return explicit, frozen


def flows() -> str:
    """Explicit steps, linearised anew for each, and steps of a cycle, linearised once."""
    work = STEPS * SIDE**2
    rivals: dict[Any, Any] = {
        ("perona-malik", n): (c, work) for n, c in enumerate(calls(PeronaMalik(20.0), 0))
    }
    for name, cls in EQUATIONS.items():
        if name == "perona-malik":
            continue
        try:
            equation = example(cls)
        except Exception as error:  # needs an array
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        channels = getattr(cls, "components", 0)
        for n, call in enumerate(calls(equation, channels)):
            if call is not None:
                rivals[name, n] = (call, work)
    rof = partial(
        evolve, image(), TotalVariation(), scheme=Proximal(10.0, STEPS), until=Steps(1)
    )  # Rudin, Osher and Fatemi's energy, 20 iterations
    rivals[ROF, 0] = (rof, work)
    found = rates(rivals, ROUNDS, time.process_time if CPU else time.perf_counter)
    rows = []
    for name in [*EQUATIONS, ROF]:
        row = [name]
        for n in range(2):
            rate = found.get((name, n))
            base = found["perona-malik", n]
            row += ["", ""] if rate is None else [f"{rate / 1e6:,.0f}", f"1/{base / rate:.1f}"]
        rows.append(row)
    of = "of Perona-Malik's"
    size = f"{SIDE}^2 float32" + (", per core" if CPU else "")
    header = [size, "explicit, Mpixel-steps/s", of, "frozen, Mpixel-steps/s", of]
    return table(header, rows)


if __name__ == "__main__":
    publish("flows", flows())
