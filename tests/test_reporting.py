"""What is told of a solution, whom it cites, and the image at many times."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from divgrad import (
    FSI,
    Explicit,
    Fidelity,
    Heat,
    PeronaMalik,
    Steps,
    Sum,
    Time,
    cite,
    evolve,
    explain,
    scale_space,
)
from divgrad.equations import EQUATIONS, WRAPPERS
from divgrad.errors import ParameterError
from divgrad.reporting import bibtex
from divgrad.schemes import SCHEMES
from divgrad.stopping import STOPS
from divgrad.testing import heat
from divgrad.testing.phantoms import noise, scene

CITING = [
    cls
    for cls in [*EQUATIONS.values(), *WRAPPERS, *SCHEMES.values(), *STOPS.values()]
    if cls.citation
]


@pytest.mark.parametrize("cls", CITING, ids=lambda cls: cls.__name__)
def test_every_citation_makes_a_whole_entry(cls: Any) -> None:
    entry = bibtex(cls.citation)
    for field in ("author", "title", "year"):
        assert re.search(rf"^  {field} = {{.+}},$", entry, re.MULTILINE), entry
    assert re.search(r"^  (journal|howpublished) = {.+},$", entry, re.MULTILINE), entry


@pytest.mark.parametrize("cls", EQUATIONS.values(), ids=EQUATIONS)
def test_every_equation_cites_somebody(cls: Any) -> None:
    assert cls.citation


def test_what_is_nested_is_told_and_cited() -> None:
    flow = Sum(
        [Heat(), Fidelity(PeronaMalik(lambda t: 3.0 + t), weight=0.1, data=np.zeros((4, 5)))]
    )
    solution = evolve(noise((4, 5)), flow, until=Time(1.0) | Steps(50))
    told = explain(solution)
    for words in (
        "Sum: Let several flows act at the same time.",
        "Heat: ", "Fidelity: ", "PeronaMalik: ", "Explicit: ", "Time: ", "Steps: ",
        "contrast = a function of time, 3 at first and 4 at the end: Slope above which",
        "data = an array of 4 x 5",
        f"It ended at t = 1 after {solution.steps} steps: the time 1 was reached.",
    ):  # fmt: skip
        assert words in told
    keys = re.findall(r"^@\w+{([\w:]+),$", cite(solution), re.MULTILINE)
    assert keys == ["Iijima1962:368", "Nordstrom1990:318", "Perona1990:629", "Weickert1998"]


def test_the_scale_space_of_heat_is_that_of_gaussians() -> None:
    image = 100.0 * scene((16, 13))
    times = [30.0, 0.0, 2.0, 7.7, 2.0]
    got = scale_space(image, times, spacing=(1.0, 1.5))
    assert got.shape == (5, 16, 13)
    assert np.array_equal(got[1], image)
    assert np.array_equal(got[2], got[4])
    for time, u in zip(times, got, strict=True):
        assert float(np.abs(u - heat(image, time, (1.0, 1.5))).max()) < 1.5, time


def test_a_scale_space_is_what_evolve_gives() -> None:
    image = (100.0 * np.stack([scene((9, 8)), noise((9, 8))], axis=-1)).astype(np.float32)
    flow = PeronaMalik(contrast=20.0)
    got = scale_space(image, [1.0, 3.0], equation=flow, scheme=Explicit(tau=0.2), channel_axis=-1)
    assert got.dtype == np.float32
    first = evolve(image, flow, scheme=Explicit(tau=0.2), until=Time(1.0), channel_axis=-1).u
    assert np.array_equal(got[0], first)
    then = evolve(first, flow, scheme=Explicit(tau=0.2), until=Time(2.0), channel_axis=-1).u
    assert float(np.abs(got[1] - then).max()) < 1e-3
    in_one = evolve(image, flow, scheme=FSI(tau=1.0), until=Time(3.0), channel_axis=-1).u
    far = scale_space(image, [1.0, 2.0, 3.0], equation=flow, scheme=FSI(tau=1.0), channel_axis=-1)
    assert np.array_equal(far[2], in_one)  # where steps end anyway, looking changes no bit


@pytest.mark.parametrize("times", [[], 3.0, [1.0, -1.0], [float("nan")], ["a"], [[1.0]]])
def test_times_that_are_none_are_refused_in_one_line(times: Any) -> None:
    with pytest.raises(ParameterError, match="time") as caught:
        scale_space(np.eye(4), times)
    assert "\n" not in str(caught.value)
