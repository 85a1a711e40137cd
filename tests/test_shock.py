"""Sharpening flows: where edges go, how fast, and what they never do."""

from __future__ import annotations

import numpy as np
import pytest

from divgrad import (
    FSI,
    CoherenceEnhancingShock,
    DiffusionShock,
    Explicit,
    ForwardBackward,
    Grid,
    Heat,
    Shock,
    SmoothingShock,
    SteadyState,
    Steps,
    Time,
    evolve,
)
from divgrad.equations import EQUATIONS
from divgrad.kernels.sharpening import UpwindShock
from divgrad.operators import Equation
from divgrad.testing import example
from divgrad.testing.phantoms import noise, spot


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


def discs(size: int = 48) -> np.ndarray:
    """Two discs of different grey value on a dark ground."""
    y, x = np.mgrid[:size, :size]
    image = np.where(np.hypot(y - 0.4 * size, x - 0.35 * size) < 0.25 * size, 200.0, 40.0)
    return np.where(np.hypot(y - 0.7 * size, x - 0.7 * size) < 0.18 * size, 120.0, image)


@pytest.mark.parametrize(
    ("flow", "least"),
    [
        (Shock(), 0.45),
        (SmoothingShock(presmoothing=1.0, smoothing=0.1), 0.5),
        (CoherenceEnhancingShock(presmoothing=1.0, integration=2.0), 0.55),
        (DiffusionShock(contrast=1.0), 0.6),
        (ForwardBackward(contrast=10.0, amount=1.0), 0.95),
    ],
    ids=lambda value: type(value).__name__,
)
def test_blurred_then_sharpened_it_is_nearer_to_the_original(flow: Equation, least: float) -> None:
    sharp = discs()
    blurred = evolve(sharp, Heat(), scheme=FSI(), until=Time(2.0)).u
    back = evolve(blurred, flow, scheme=Explicit(), until=Time(3.0)).u
    assert np.abs(back - sharp).mean() < least * np.abs(blurred - sharp).mean()


@pytest.mark.parametrize("speed", [0.5, 1.0])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_front_goes_as_far_as_speed_and_time_say(axes: int, speed: float) -> None:
    # A slope of 1 whose curvature is that of a bowl sinks (erosion) at its speed, that of a cap rises (dilation).
    shape = (4, 5, 24)[-axes:]
    ramp = np.broadcast_to(np.arange(24.0), shape)
    inside = ramp[..., 8:16]
    for way in (1.0, -1.0):
        guide = way * 0.5 * ramp**2
        step = UpwindShock(guide[None], Grid((1.0,) * axes), speed)
        u = step.axpy(0.5, np.ascontiguousarray(ramp)[None])[0]
        assert np.allclose(u[..., 8:16], inside - way * 0.5 * speed, atol=1e-12)


@pytest.mark.parametrize(
    "flow",
    [Shock(presmoothing=1.0), DiffusionShock(contrast=5.0)],
    ids=lambda flow: type(flow).__name__,
)
def test_channels_sharpen_at_the_same_places(flow: Equation) -> None:
    # The faint channel's edge lies elsewhere: alone it steps there, with a strong channel it follows that one's sign.
    x = np.arange(32.0)
    strong, faint = 100.0 * np.tanh((x - 15.5) / 4.0), 2.0 * np.tanh((x - 11.5) / 4.0)
    image = np.stack([np.tile(part, (9, 1)) for part in (faint, strong)], axis=-1)
    both = evolve(image, flow, until=Time(6.0), channel_axis=-1).u[4, :, 0]
    alone = evolve(image[..., 0], flow, until=Time(6.0)).u[4]
    edges = [int(np.abs(np.diff(u)).argmax()) for u in (both, alone)]
    assert edges[0] >= 14 > 12 >= edges[1]


def test_a_perturbation_of_rounding_stays_one() -> None:
    # Beside a single pixel the gradient is zero and the mixed difference is not: which way is along?
    image = 100.0 * spot((7, 8))
    flow = SmoothingShock()
    ends = [
        evolve(image + offset * noise(image.shape), flow, until=Steps(12)).u
        for offset in (0.0, 1e-11)
    ]
    assert float(np.abs(ends[0] - ends[1]).max()) < 1e-9


def test_a_ramp_has_no_sign_whatever_is_added() -> None:
    ramp = np.add.outer(np.arange(12) / 11, np.arange(17) / 16).astype("float32")
    for flow in (Shock(), SmoothingShock()):
        low = evolve(ramp, flow, until=Steps(3)).u
        high = evolve(ramp + np.float32(6.0), flow, until=Steps(3)).u - np.float32(6.0)
        assert float(np.abs(low - high).max()) < 1e-5, flow
