"""Flows made of flows: held by data, masked, added."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from divgrad import (
    AOS,
    FSI,
    Bending,
    Biharmonic,
    EdgeEnhancing,
    Explicit,
    Fidelity,
    Heat,
    Masked,
    PeronaMalik,
    SteadyState,
    Steps,
    Sum,
    Time,
    evolve,
)
from divgrad.equations.fidelity import absolute, poisson, quadratic
from divgrad.errors import ImageError, ParameterError, SchemeError
from divgrad.schemes import SCHEMES
from divgrad.testing import check_equation
from divgrad.testing.phantoms import noise, scene

SHAPE = (7, 9)
LAWS = ("constant", "flip", "turn", "untouched", "repeat", "tiling")  # what a fixed array allows


@pytest.mark.parametrize(
    "equation",
    [
        Fidelity(PeronaMalik(contrast=20.0), weight=0.2),
        Fidelity(Heat(), weight=0.3, penalty=absolute(5.0)),
        Fidelity(Heat(), weight=lambda t: 3.0 / (1.0 + t), penalty=poisson(1.0)),
        Sum([Heat(diffusivity=0.5), PeronaMalik(contrast=10.0)]),
        Sum([Fidelity(Heat(), weight=0.1), Heat(diffusivity=lambda t: 1.0 + t)]),
        Bending(PeronaMalik(contrast=20.0)),
    ],
    ids=["quadratic", "absolute", "poisson", "sum", "nested", "bending"],
)
def test_wrapped_flows_keep_the_laws(equation: Any) -> None:
    check_equation(equation, images=[100.0 * scene(SHAPE), 100.0 * scene((4, 3, 5))])


@pytest.mark.parametrize("name", SCHEMES)
def test_a_mask_keeps_what_is_known_and_all_laws_that_an_array_allows(name: str) -> None:
    mask = np.zeros(SHAPE)
    mask[2:5, 3:6] = 1.0
    image = 100.0 * scene(SHAPE)
    laws = ("constant", "range", "untouched", "repeat", "tiling")
    flow = Masked(PeronaMalik(contrast=20.0), mask)
    check_equation(flow, schemes=[SCHEMES[name]()], images=[image], axioms=laws)
    u = evolve(image, flow, scheme=SCHEMES[name](), until=Steps(4)).u
    assert np.array_equal(u[mask == 0], image[mask == 0])
    assert not np.array_equal(u[mask == 1], image[mask == 1])


def test_harmonic_filling_is_exact_for_a_saddle() -> None:
    # x^2 - y^2 is harmonic for the five-point stencil too.
    y, x = np.mgrid[:12, :11].astype(float)
    saddle = x**2 - y**2
    hole = np.zeros(saddle.shape, bool)
    hole[3:9, 2:9] = True
    holed = np.where(hole, 0.0, saddle)
    filled = evolve(holed, Masked(Heat(), hole), scheme=FSI(tau=20.0), until=SteadyState(1e-12)).u
    assert float(np.abs(filled - saddle).max()) < 1e-9


def test_every_channel_may_have_a_mask_of_its_own() -> None:
    image = np.stack([100.0 * scene(SHAPE), noise(SHAPE)], axis=-1)
    mask = np.zeros(image.shape)
    mask[1:4, 2:5, 1] = 1.0
    u = evolve(image, Masked(Heat(), mask), until=Steps(3), channel_axis=-1).u
    assert np.array_equal(u[..., 0], image[..., 0])
    assert not np.array_equal(u[..., 1], image[..., 1])


@pytest.mark.parametrize(
    "scheme", [Explicit(), FSI(), AOS(tau=2.0)], ids=["explicit", "fsi", "aos"]
)
def test_fidelity_ends_where_the_screened_poisson_equation_says(scheme: Any) -> None:
    from scipy.fft import dctn, idctn

    from divgrad.testing.schemes import eigenvalues

    image, spacing = noise((9, 12)), (1.0, 1.5)
    wanted = idctn(
        dctn(image, norm="ortho") * 0.3 / (0.3 - eigenvalues(image.shape, spacing)), norm="ortho"
    )
    flow = Fidelity(Heat(), weight=0.3)
    got = evolve(
        image, flow, scheme=scheme, until=SteadyState(1e-12) | Time(500.0), spacing=spacing
    )
    # AOS has its own steady state, off by the order of its step.
    assert float(np.abs(got.u - wanted).max()) < (0.2 if isinstance(scheme, AOS) else 1e-9)


def test_data_may_be_another_image_and_pull_it_there() -> None:
    image, data = noise((8, 7)), 50.0 * scene((8, 7))
    flow = Fidelity(Heat(diffusivity=1e-9), weight=1.0, data=data)
    assert float(np.abs(evolve(image, flow, until=Time(60.0)).u - data).max()) < 1e-6
    assert repr(flow) == (
        "Fidelity(flow=Heat(diffusivity=1e-09), weight=1.0, data=<array 8x7>, penalty=quadratic)"
    )
    assert quadratic(image, data) == 1.0


def test_what_cannot_be_wrapped_is_refused_in_one_line() -> None:
    image = noise((8, 7))
    with pytest.raises(ImageError, match=r"mask has the shape \(3, 3\), the image \(8, 7\)"):
        evolve(image, Masked(Heat(), np.ones((3, 3))), until=Steps(1))
    with pytest.raises(ImageError, match="a mask has values from 0 to 1; got 0 to 255"):
        evolve(image, Masked(Heat(), 255.0 * np.eye(8, 7)), until=Steps(1))
    with pytest.raises(ImageError, match="data has pixels that are NaN"):
        evolve(image, Fidelity(Heat(), 1.0, np.full((8, 7), np.nan)), until=Steps(1))
    with pytest.raises(ParameterError, match="Sum needs a list of equations; got"):
        Sum([Heat(), 3])
    with pytest.raises(ParameterError, match="Masked: flow must be an equation, such as Heat"):
        Masked(3, np.eye(3))


def test_bending_of_heat_is_biharmonic_flow() -> None:
    image = noise((9, 11))
    for scheme in (Explicit(tau=0.01), FSI(tau=0.5)):
        pair = [
            evolve(image, e, scheme=scheme, until=Steps(3)).u
            for e in (Bending(Heat()), Biharmonic())
        ]
        assert float(np.abs(pair[0] - pair[1]).max()) < 1e-9 * float(np.abs(image).max())


def test_a_bent_plate_goes_on_along_an_edge() -> None:
    """Through a hole across a slanted edge, thin plates ring; those that are stiff along it only do less."""
    y, x = np.mgrid[:32, :32]
    edge = 100.0 * np.clip(0.5 + 0.6 * (x - 16 + 0.5 * (y - 16)), 0, 1)
    hole = (np.abs(y - 16) < 3) & (np.abs(x - 16) < 9)
    holed = np.where(hole, 50.0, edge)
    flows = Heat(), EdgeEnhancing(contrast=2.0, presmoothing=0.7, compact=True)
    found = holed
    left = []
    for flow in flows:
        found = evolve(found, Masked(Bending(flow), hole), scheme=FSI(tau=50.0), until=Steps(10)).u
        left.append(float(np.abs(found - edge)[hole].mean()))
    assert left[1] < 0.7 * left[0]


def test_bending_needs_a_linear_operator() -> None:
    with pytest.raises(SchemeError, match="linear diffusion"):
        evolve(noise(SHAPE), Bending(Fidelity(Heat(), weight=0.1)), until=Steps(1))
    with pytest.raises(ParameterError, match="equation"):
        Bending("heat")  # type: ignore[arg-type]
