"""Sharpening flows: where edges go, how fast, and what they never do."""

from __future__ import annotations

import numpy as np
import pytest

from divgrad import (
    DiffusionShock,
    Explicit,
    Grid,
    Heat,
    Shock,
    SteadyState,
    Steps,
    Time,
    evolve,
)
from divgrad.equations import EQUATIONS
from divgrad.testing import example
from divgrad.testing.phantoms import noise


def test_a_blurred_edge_becomes_a_step_at_its_inflection_and_stays() -> None:
    x = np.arange(40) - 19.5
    edge = np.tanh(x / 4.0)
    u = evolve(edge, Shock(), until=SteadyState(1e-10) | Time(200.0)).u
    assert float(np.abs(u - np.sign(x) * edge[-1]).max()) < 1e-3


def test_a_dilated_disc_grows_at_the_speed_with_an_error_that_falls_with_the_spacing() -> None:
    errors = []
    for n in (40, 80):
        h = 40.0 / n
        y, x = (np.mgrid[:n, :n] + 0.5) * h - 20.0
        r = np.hypot(x, y)
        cap, u = -(r**2), np.clip(12.0 - r, 0.0, 8.0)
        step = Shock().operator(cap[None], 0.0, Grid((h, h)))
        steps = round(4.0 * step.bound())
        for _ in range(steps):
            u = step.axpy(4.0 / steps, u[None])[0]
        inside = r < 15.0
        wanted = np.clip(12.0 - np.maximum(r - 4.0, 0.0), 0.0, 8.0)
        errors.append(float(np.abs(u - wanted)[inside].mean()))
    assert errors[1] < 0.75 * errors[0] < 0.75


@pytest.mark.parametrize(
    "name", ["shock", "smoothing-shock", "coherence-enhancing-shock", "diffusion-shock"]
)
def test_no_new_extrema_at_the_largest_step(name: str) -> None:
    image, flow = 100.0 * noise((9, 8)), example(EQUATIONS[name])
    tau = 2.0 / flow.bound(image[None], 0.0, Grid((1.0, 0.7)))
    u = evolve(image, flow, scheme=Explicit(tau), until=Steps(30), spacing=(1.0, 0.7)).u
    assert image.min() - 1e-11 <= u.min() <= u.max() <= image.max() + 1e-11


def test_diffusion_shock_without_edges_is_heat_flow() -> None:
    image = 100.0 * noise((9, 8))
    got = evolve(image, DiffusionShock(contrast=1e12), scheme=Explicit(0.2), until=Steps(5)).u
    wanted = evolve(image, Heat(), scheme=Explicit(0.2), until=Steps(5)).u
    assert float(np.abs(got - wanted).max()) < 1e-8
