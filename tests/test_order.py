"""The order in time that every scheme declares, measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from divgrad import FED, FSI, Adaptive, Explicit, Heat, PeronaMalik, Steps, Time, evolve
from divgrad.equations import EQUATIONS as ALL
from divgrad.grid import Grid
from divgrad.operators import Equation
from divgrad.schemes import SCHEMES
from divgrad.schemes.fed import cycle_length
from divgrad.schemes.fsi import inner_steps
from divgrad.testing import example, measured_order, rescaled
from divgrad.testing.schemes import LONG, SHORT, waves

# Explicit splits steps above the stable one, which is 0.25 here. FED and FSI make n = ceil(sqrt(12 tau + 1/4)
# - 1/2) inner steps: their polynomial is 1 + z + c z^2 with c = 0.3 (n - 1)(n + 2) / (n (n + 1)), against
# z^2 / 2 of the exponential, so that the error falls like tau once n is so large that c is as good as 0.3. FSI's
# c is 0.375 (n - 1) (n + 6) / (n (n + 5)) in 2-D.
RANGES = {
    "explicit": SHORT,
    "fed": LONG,
    "fsi": LONG,
    "aos": (4.0, 2.0, 1.0),
    "lod": (4.0, 2.0, 1.0),
    "implicit": (4.0, 2.0, 1.0),
}

FIXED = [name for name, cls in SCHEMES.items() if cls.order is not None]

EQUATIONS = {
    "heat": Heat(),
    "perona-malik": PeronaMalik(contrast=5.0),
    "presmoothed": PeronaMalik(contrast=5.0, presmoothing=1.0),
    "falling contrast": PeronaMalik(contrast=lambda t: 5.0 + 20.0 / (1.0 + 0.1 * t)),
}


def test_every_scheme_with_an_order_has_a_range() -> None:
    assert set(RANGES) == set(FIXED)


@pytest.mark.parametrize("equation", EQUATIONS.values(), ids=EQUATIONS)
@pytest.mark.parametrize("name", FIXED)
def test_the_error_falls_at_the_declared_order(name: str, equation: Equation) -> None:
    scheme = SCHEMES[name]()
    order = measured_order(scheme, equation, taus=RANGES[name])
    assert abs(order - scheme.order) < 0.2


# Every equation, with every scheme that it accepts. Steps are told in stable explicit ones; those of solvers are
# short, since curvature and speckle change while a long one still uses what they were.
STEPS = {
    "explicit": (0.2, 0.1, 0.05),
    "fed": (48.0, 24.0, 12.0),
    "fsi": (48.0, 24.0, 12.0),
    "aos": (2.0, 1.0, 0.5),
    "lod": (2.0, 1.0, 0.5),
    "implicit": (2.0, 1.0, 0.5),
}
POSITIVE = ("porous-medium", "speckle-reducing", "detail-preserving-speckle", "osmosis")
PAIRS = ("gray-scott", "ambrosio-tortorelli")
JUMPS = "it decides by thresholds: where a pixel passes one, the error jumps"
NO_ORDER = {  # with these schemes, and why
    "robust": ({"fed", "fsi", "aos", "lod", "implicit"}, JUMPS),
    "min-max-curvature": (set(FIXED), JUMPS),
    "coherence-enhancing-shock": ({"explicit"}, JUMPS),
    "shock": ({"explicit"}, JUMPS),
    "smoothing-shock": ({"explicit"}, JUMPS),
    "histogram-modification": (set(FIXED), "ranks jump: " + JUMPS),
    "allen-cahn": (
        {"fed", "fsi"},
        "two of the cycles that have an order are as long as all of it takes",
    ),
}


def start(name: str) -> np.ndarray:
    image = waves((24, 20))
    if name in PAIRS:  # amounts
        return 0.5 + np.stack([image, 0.5 * image[::-1]]) / 200.0
    return image + 60.0 if name in POSITIVE else image


def equation_of(name: str) -> Equation:
    if name == "osmosis":  # towards another image; its example's is the first one
        return replace(example(ALL["osmosis"]), guidance=start(name)[::-1] ** 2)
    return example(ALL[name])


def orders() -> list[Any]:
    """Every equation with every scheme of fixed order that takes it."""
    found = []
    for name in ALL:
        image, equation = start(name), equation_of(name)
        u = image if name in PAIRS else image[None]
        begun = equation.begin(u, Grid((1.0, 1.0)), lambda array, _: np.asarray(array)[None])
        operator = begun.operator(u, 0.0, Grid((1.0, 1.0)))
        stable = 2.0 / begun.bound(u, 0.0, Grid((1.0, 1.0)))
        for by in FIXED:
            if by in NO_ORDER.get(name, ({},))[0]:
                continue
            if SCHEMES[by]().refusal(equation, operator) is None:
                found.append(pytest.param(name, equation, by, stable, id=f"{name}-{by}"))
    return found


@pytest.mark.parametrize(("name", "equation", "by", "stable"), orders())
def test_the_error_falls_with_the_step_for_every_equation(
    name: str, equation: Equation, by: str, stable: float
) -> None:
    scheme = SCHEMES[by]()
    cycles = by in ("fed", "fsi")
    time = (96.0 if cycles else 6.0) * stable
    taus = [tau * stable for tau in STEPS[by]]
    order = measured_order(
        scheme, equation, image=start(name), time=time, taus=taus,
        channel_axis=0 if name in PAIRS else None, short=(0.1 if cycles else 0.02) * stable,
    )  # fmt: skip
    assert abs(order - scheme.order) < 0.25, order


@pytest.mark.parametrize("name", ["explicit", "fsi", "aos"])
def test_the_order_is_the_same_in_other_units_of_length(name: str) -> None:
    scheme, taus = SCHEMES[name](), [0.25 * tau for tau in RANGES[name]]
    equation = rescaled(PeronaMalik(contrast=5.0), length=0.5)
    order = measured_order(scheme, equation, taus=taus, time=12.0, spacing=(0.5, 0.5))
    there = measured_order(scheme, PeronaMalik(contrast=5.0), taus=RANGES[name])
    assert abs(order - there) < 1e-6


@pytest.mark.parametrize("scheme", [FED, FSI])
def test_fast_cycles_gain_inner_steps_with_the_root_of_their_time(scheme: Any) -> None:
    # FED's for a cycle of 20 stable ones: 8, since (64 + 8) / 3 = 24 >= 20; FSI's: 9, (81 + 45) / 6 - 1 = 20.
    assert (cycle_length(20.0, 1.0), cycle_length(2000.0, 1.0)) == (8, 77)
    assert (inner_steps(20.0, 1.0, 2), inner_steps(2000.0, 1.0, 2)) == (9, 108)
    image = waves((24, 20))
    got = evolve(image, Heat(), scheme=scheme(tau=500.0), until=Time(500.0))
    assert got.steps == 1
    assert float(np.abs(got.u).max()) < 0.1 * float(np.abs(image).max())


def test_adaptive_makes_fewer_steps_for_less_accuracy_and_longer_ones_later() -> None:
    image = waves((24, 20))
    counts = [
        evolve(
            image, PeronaMalik(contrast=5.0), scheme=Adaptive(tolerance=e), until=Time(50.0)
        ).steps
        for e in (1e-2, 1e-3, 1e-4)
    ]
    assert counts[0] < counts[1] < counts[2]
    loose = Adaptive(tolerance=1e-3)
    early = evolve(image, Heat(), scheme=loose, until=Steps(5)).t
    late = evolve(image, Heat(), scheme=loose, until=Steps(10)).t - early
    assert late > early


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_adaptive_steps_do_not_stall_on_flat_images(dtype: str) -> None:
    image = waves((8, 9)).astype(dtype)
    for flat in (image, np.full_like(image, 0.7), np.zeros_like(image)):
        until = Time(1e4) | Steps(1000)
        solution = evolve(flat, Heat(), scheme=Adaptive(tolerance=0.01), until=until)
        assert solution.t == 1e4, solution
        assert float(np.ptp(solution.u)) < 1e-5


def test_frames_of_adaptive_steps_end_exactly_where_they_are_told() -> None:
    for time in (0.1, 1.7, 23.0):
        assert evolve(waves((8, 9)), Heat(), scheme=Adaptive(), until=Time(time)).t == time
        scheme = replace(Explicit(), tau=0.0731)
        assert evolve(waves((8, 9)), Heat(), scheme=scheme, until=Time(time)).t == time
