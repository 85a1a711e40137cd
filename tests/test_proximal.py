"""Implicit steps of total variation flow itself, against what is known of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from divgrad import FSI, Fidelity, Heat, Proximal, Steps, Tiling, Time, TotalVariation, evolve
from divgrad.errors import SchemeError
from divgrad.testing import AXIOMS, Case, check_axioms
from divgrad.testing.phantoms import positions, scene

Array = NDArray[Any]


def test_a_disc_with_a_rim_as_sharp_as_a_pixel_loses_height_2t_over_R() -> None:
    t, errors = 0.2, []
    for n in (32, 64, 128):
        h = 4.0 / n
        r = np.sqrt(sum(x * x for x in positions((n, n), (h, h))))
        image = np.clip(0.5 + (1.0 - r) / h, 0.0, 1.0)
        scheme = Proximal(tau=t, iterations=600)
        flow = TotalVariation(smoothing=1e-3)
        u = evolve(image, flow, scheme=scheme, until=Time(t), spacing=h).u
        assert abs(float(u.mean() - image.mean())) < 1e-12
        assert float(u[r > 1.2].mean()) == pytest.approx(2 * math.pi * t / (16 - math.pi), rel=0.06)
        errors.append(abs(1.0 - float(u[r < 0.8].mean()) - 2.0 * t) / (2.0 * t))
    assert errors[0] < 0.04
    assert errors[1] < 0.01
    assert errors[2] < 0.002


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slab_loses_height_2t_over_its_width_along_every_axis(axis: int) -> None:
    spacing = (1.0, 0.5, 2.0)
    shape = [3, 3, 3]
    shape[axis] = 16
    place = np.moveaxis(np.broadcast_to(np.arange(16), (3, 3, 16)), -1, axis)
    image = 10.0 * ((place >= 4) & (place < 12))
    t = 2.0 * spacing[axis]
    scheme = Proximal(tau=t, iterations=300)
    u = evolve(
        image, TotalVariation(smoothing=1e-3), scheme=scheme, until=Time(t), spacing=spacing
    ).u
    wanted = np.where(image > 0, 10.0 - 2.0 * t / (8 * spacing[axis]), t / (4 * spacing[axis]))
    assert float(np.abs(u - wanted).max()) < 0.01


def energy(u: Array, f: Array, weight: float) -> float:
    """Rudin, Osher and Fatemi's energy with forward differences, as in scikit-image."""
    down, right = np.zeros_like(u), np.zeros_like(u)
    down[:-1], right[:, :-1] = np.diff(u, axis=0), np.diff(u, axis=1)
    return float(np.hypot(down, right).sum() + np.square(u - f).sum() / (2.0 * weight))


def test_one_step_comes_near_the_least_energy_of_rudin_osher_and_fatemi() -> None:
    from skimage.restoration import denoise_tv_chambolle

    f = scene((64, 64)) + np.random.default_rng(0).normal(0.0, 0.1, (64, 64))
    least = energy(denoise_tv_chambolle(f, weight=0.1, eps=1e-9, max_num_iter=2000), f, 0.1)
    flow, parts = TotalVariation(smoothing=1e-4), []
    for n in (6, 20, 100):
        u = evolve(f, flow, scheme=Proximal(tau=0.1, iterations=n), until=Steps(1)).u
        parts.append(energy(u, f, 0.1) / least)
    assert parts[0] < 1.075
    assert parts[1] < 1.02
    assert 1.0 <= parts[2] < 1.012  # the stencils differ


def test_with_fidelity_a_huge_step_is_the_steady_state() -> None:
    f = 100.0 * scene((12, 10))
    tv, scheme = TotalVariation(contrast=3.0, smoothing=0.5), Proximal(tau=1e7, iterations=300)
    got = evolve(f, Fidelity(tv, weight=0.25), scheme=scheme, until=Steps(1)).u
    wanted = evolve(f, tv, scheme=Proximal(tau=4.0, iterations=300), until=Steps(1)).u
    assert float(np.abs(got - wanted).max()) < 1e-4


def test_short_steps_of_it_and_of_other_schemes_agree() -> None:
    f, flow = 10.0 * scene((12, 14)), TotalVariation(smoothing=0.5)
    errors = []
    wanted = evolve(f, flow, scheme=FSI(tau=0.005), until=Time(1.0), spacing=(1.0, 1.5)).u
    for n in (4, 8, 16):
        scheme = Proximal(tau=1.0 / n, iterations=300)
        u = evolve(f, flow, scheme=scheme, until=Time(1.0), spacing=(1.0, 1.5)).u
        errors.append(float(np.abs(u - wanted).max()))
    assert errors[2] < 0.03
    assert math.log2(errors[0] / errors[2]) / 2.0 == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("shape", [(7,), (9, 8), (5, 4, 6)])
@pytest.mark.parametrize("held", [False, True], ids=["alone", "with fidelity"])
def test_it_keeps_the_axioms(shape: tuple[int, ...], held: bool) -> None:
    flow: Any = TotalVariation(smoothing=2.0)
    flow = Fidelity(flow, weight=0.05) if held else flow
    laws = [name for name in AXIOMS if not (held and name == "spacing")]
    case = Case(flow, Proximal(tau=5.0, iterations=40), 100.0 * scene(shape), until=Steps(2))
    check_axioms(case, laws)


def test_channels_share_one_slope() -> None:
    image = 100.0 * scene((9, 11))
    flow, scheme = TotalVariation(smoothing=1.0), Proximal(tau=4.0, iterations=30)
    pair = np.stack([image, np.zeros_like(image)])
    got = evolve(pair, flow, scheme=scheme, until=Steps(1), channel_axis=0).u
    alone = evolve(image, flow, scheme=scheme, until=Steps(1)).u
    assert float(np.abs(got[0] - alone).max()) < 1e-9
    assert not got[1].any()
    cut = Tiling(block=(2, 1, 3), threads=2)
    assert np.array_equal(
        got, evolve(pair, flow, scheme=scheme, until=Steps(1), channel_axis=0, tiling=cut).u
    )


def test_flows_without_a_resolvent_are_refused() -> None:
    with pytest.raises(
        SchemeError, match=r"Proximal needs `resolvent`.*Heat has none: use Implicit"
    ):
        evolve(np.eye(3), Heat(), scheme=Proximal(tau=1.0), until=Steps(1))
