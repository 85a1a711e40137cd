"""When an evolution ends, exactly, why, and what is seen of it on its way."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from divgrad import (
    AOS,
    FED,
    FSI,
    Adaptive,
    Decorrelation,
    Discrepancy,
    Explicit,
    Heat,
    LeastError,
    PeronaMalik,
    Perturbation,
    SignalToNoise,
    SteadyState,
    Steps,
    Time,
    evolve,
    march,
)
from divgrad.errors import ParameterError, StabilityError
from divgrad.stopping import Any_, Stop, Verdict, Watch

SCHEMES = [
    Explicit(), Explicit(tau=0.2), Explicit(tau=7.0), FED(tau=1.7), FSI(), AOS(tau=0.7), Adaptive(),
]  # fmt: skip


def scene(shape=(24, 28), sigma=6.0, dtype="float32"):
    """Flat regions of 0 and 100, in noise."""
    clean = np.zeros(shape)
    clean[tuple(slice(n // 4, 3 * n // 4) for n in shape)] = 100.0
    noise = np.random.default_rng(3).normal(0.0, sigma, shape)
    return (clean + noise).astype(dtype), clean.astype(dtype)


def one_line(text):
    assert text
    assert text.splitlines() == [text]
    return text


# --- Time and Steps ---------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("time", [1e-6, 0.1, 1.0, 7.3, 10])
def test_time_is_reached_exactly(scheme, time):
    image, _ = scene()
    solution = evolve(image, PeronaMalik(10.0), scheme=scheme, until=Time(time))
    assert solution.t == time
    assert solution.reason == f"the time {time:g} was reached"
    assert solution.steps >= 1


@given(time=st.floats(1e-9, 30.0), tau=st.none() | st.floats(1e-2, 3.0))
def test_any_time_with_any_step(time, tau):
    solution = evolve(scene((4, 5))[0], Heat(), scheme=Explicit(tau=tau), until=Time(time))
    assert solution.t == time
    if tau is not None:
        assert abs(solution.steps - time / tau) <= 1.0


def test_no_tiny_step_is_left_over():
    """0.1 is no binary fraction: thirty of it and a remainder are not 3."""
    for tau, steps in [(0.1, 30), (0.2, 15), (0.3, 10), (0.7, 5)]:
        solution = evolve(scene((4, 5))[0], Heat(), scheme=Explicit(tau=tau), until=Time(3.0))
        assert (solution.steps, solution.t) == (steps, 3.0)


def test_the_heat_equation_at_an_exact_time():
    """The first cosine decays by exp(-k^2 t): a step too many or too few would show."""
    x = np.arange(64) + 0.5
    image = np.cos(np.pi * x / 64)
    for time in (0.33, 5.0, 50.1):
        rate = 2.0 - 2.0 * math.cos(math.pi / 64)
        for scheme in (Explicit(tau=0.01), AOS(tau=0.01)):
            got = evolve(image, Heat(), scheme=scheme, until=Time(time)).u
            np.testing.assert_allclose(got, image * math.exp(-rate * time), rtol=1e-4)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_steps_are_counted(scheme, steps):
    image, _ = scene()
    solution = evolve(image, PeronaMalik(10.0), scheme=scheme, until=Steps(steps))
    assert solution.steps == steps
    assert solution.reason == ("1 step was made" if steps == 1 else f"{steps} steps were made")
    if scheme.at("tau", 0.0) if hasattr(scheme, "tau") else None:
        assert solution.t == pytest.approx(steps * scheme.tau, rel=1e-12)


def test_more_steps_than_one_advance_makes():
    image, _ = scene((6, 7))
    solution = evolve(image, Heat(), scheme=Explicit(tau=0.125), until=Steps(203))
    assert (solution.steps, solution.t) == (203, 203 * 0.125)


def test_a_step_that_is_split_counts_once():
    image, _ = scene()
    solution = evolve(image, Heat(), scheme=Explicit(tau=5.0), until=Steps(3))
    assert (solution.steps, solution.t) == (3, 15.0)
    with pytest.raises(StabilityError, match="a step of 5 is unstable") as error:
        evolve(image, Heat(), scheme=Explicit(tau=5.0, split=False), until=Steps(3))
    one_line(str(error.value))


@pytest.mark.parametrize(
    "until", [Time(0), Steps(0), Time(0.0) | Steps(3), Decorrelation() | Steps(0)]
)
def test_not_at_all(until):
    image, _ = scene()
    solution = evolve(image, Heat(), until=until)
    np.testing.assert_array_equal(solution.u, image)
    assert (solution.t, solution.steps) == (0.0, 0)
    assert [frame.step for frame in march(image, Heat(), until=until)] == [0]


# --- SteadyState ------------------------------------------------------------------------------


def test_steady_state():
    image, _ = scene((8, 9))
    solution = evolve(image, Heat(), scheme=FSI(), until=SteadyState())
    assert solution.reason.startswith("a steady state: the change fell to ")
    np.testing.assert_allclose(solution.u, image.mean(), atol=0.5)
    longer = evolve(image, Heat(), scheme=FSI(), until=SteadyState(1e-5))
    assert longer.t > solution.t


@pytest.mark.parametrize("tolerance", [1e-1, 1e-2, 1e-3])
def test_steady_state_is_change_per_time(tolerance):
    """The first step after which the change per time falls below the tolerance, whatever the units."""
    image, _ = scene((8, 9), dtype="float64")
    frames = list(march(image, Heat(), scheme=AOS(tau=0.5), until=Steps(200)))
    changes = [
        float(np.sqrt(np.mean((b.u - a.u) ** 2))) / (b.t - a.t)
        for a, b in itertools.pairwise(frames)
    ]
    wanted = next(n for n, c in enumerate(changes, 1) if c <= tolerance * image.std())
    solution = evolve(image, Heat(), scheme=AOS(tau=0.5), until=SteadyState(tolerance))
    assert solution.steps == wanted
    other = evolve(1000.0 * image, Heat(), scheme=AOS(tau=0.5), until=SteadyState(tolerance))
    assert other.steps == wanted


def test_a_constant_image_is_steady_at_once():
    solution = evolve(np.full((5, 6), 7.0), Heat(), until=SteadyState())
    assert solution.steps == 1
    assert solution.reason.startswith("a steady state")


# --- Discrepancy ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("sigma", [0.5, 6.0, 12.0])
def test_discrepancy_removes_as_much_as_there_is_noise(scheme, sigma, dtype):
    image, _ = scene(dtype=dtype)
    solution = evolve(image, Heat(), scheme=scheme, until=Discrepancy(sigma))
    removed = float(np.mean((image.astype(float) - solution.u) ** 2))
    assert removed == pytest.approx(sigma**2, rel=1e-3)
    assert solution.reason == f"as much was removed as there is noise (sigma {sigma:g})"


def test_discrepancy_of_channels_and_volumes():
    for shape, axis in [((3, 20, 22), 0), ((12, 14, 13), None)]:
        image, _ = scene(shape)
        solution = evolve(image, PeronaMalik(30.0), until=Discrepancy(5.0), channel_axis=axis)
        removed = float(np.mean((image.astype(float) - solution.u) ** 2))
        assert removed == pytest.approx(25.0, rel=1e-3)


def test_discrepancy_counts_from_the_image_that_evolves():
    image, _ = scene()
    perturbation = Perturbation(initial=4.0, seed=1)
    start = next(march(image, Heat(), until=Steps(1), perturbation=perturbation)).u
    solution = evolve(image, Heat(), until=Discrepancy(5.0), perturbation=perturbation)
    assert float(np.mean((start - solution.u) ** 2)) == pytest.approx(25.0, rel=1e-3)


def test_more_noise_than_there_is_image():
    """What cannot be reached ends where nothing changes any more, with that reason."""
    image, _ = scene((5, 6))
    solution = evolve(image, Heat(), scheme=FSI(), until=Discrepancy(1000.0))
    assert solution.reason == "nothing changes any more"
    np.testing.assert_allclose(solution.u, image.mean(), rtol=1e-5)


# --- Decorrelation ----------------------------------------------------------------------------


def correlation(image, u):
    removed = image.astype(float) - u
    return np.corrcoef(removed.ravel(), u.astype(float).ravel())[0, 1]


@pytest.mark.parametrize(
    ("equation", "scheme"),
    [
        (Heat(), Explicit(tau=0.05)),
        (PeronaMalik(15.0), Explicit()),
        (PeronaMalik(15.0), AOS(tau=0.3)),
    ],
    ids=str,
)
def test_decorrelation_picks_the_first_minimum(equation, scheme):
    image, clean = scene((48, 50), sigma=12.0)
    solution = evolve(image, equation, scheme=scheme, until=Decorrelation())
    assert solution.reason == "what was removed is least correlated with what is left"
    frames = list(march(image, equation, scheme=scheme, until=Steps(solution.steps + 3)))
    found = [correlation(image, frame.u) for frame in frames[1:]]
    assert int(np.argmin(found[: solution.steps + 1])) + 1 == solution.steps
    assert found[solution.steps] > found[solution.steps - 1]
    np.testing.assert_array_equal(solution.u, frames[solution.steps].u)
    assert solution.t == frames[solution.steps].t
    assert np.mean((solution.u - clean) ** 2) < np.mean((image - clean) ** 2)


def test_decorrelation_of_a_constant_image():
    solution = evolve(np.full((5, 6), 7.0), Heat(), until=Decorrelation())
    assert solution.reason
    np.testing.assert_array_equal(solution.u, 7.0)


# --- several ----------------------------------------------------------------------------------


def test_whichever_comes_first():
    image, _ = scene()
    scheme = Explicit(tau=0.2)
    cases = [
        (Time(1.0) | Steps(20), "the time 1 was reached", 5),
        (Time(10.0) | Steps(20), "20 steps were made", 20),
        (Steps(20) | Steps(3) | Time(10.0), "3 steps were made", 3),
        (Discrepancy(30.0) | Steps(1), "1 step was made", 1),
        (Discrepancy(0.5) | Steps(50), "as much was removed as there is noise (sigma 0.5)", 1),
        (SteadyState(1e-6) | (Steps(4) | Time(9.0)), "4 steps were made", 4),
    ]
    for until, reason, steps in cases:
        solution = evolve(image, Heat(), scheme=scheme, until=until)
        assert (solution.reason, solution.steps) == (reason, steps)


def test_two_that_cut_the_same_step():
    image, _ = scene()
    scheme = AOS(tau=5.0)
    first = evolve(image, Heat(), scheme=scheme, until=Discrepancy(2.0))
    both = evolve(image, Heat(), scheme=scheme, until=Discrepancy(4.0) | Discrepancy(2.0))
    assert both.reason == first.reason
    np.testing.assert_array_equal(both.u, first.u)


def test_joined_rules_are_values():
    joined = Time(1.0) | Steps(5) | Discrepancy(2.0)
    assert isinstance(joined, Any_)
    assert joined == Time(1.0) | (Steps(5) | Discrepancy(2.0))
    assert joined != Steps(5) | Time(1.0) | Discrepancy(2.0)
    assert hash(joined) == hash(Time(1.0) | Steps(5) | Discrepancy(2.0))
    assert str(joined) == "Time(time=1.0) | Steps(steps=5) | Discrepancy(sigma=2.0)"
    for other in (5, "steps:5", Steps):
        with pytest.raises(TypeError, match="unsupported operand"):
            Time(1.0) | other


@dataclass(frozen=True)
class Brightest(Stop):
    """A user's own rule: stop when no pixel is brighter than a limit."""

    limit: float

    def watch(self, u0, grid):
        rule = self

        class Look(Watch):
            every_step = True

            def look(self, t, u, step):
                return Verdict(f"no pixel above {rule.limit}") if u.max() <= rule.limit else None

        return Look()


def test_a_rule_of_ones_own():
    image, _ = scene()
    solution = evolve(image, Heat(), until=Brightest(105.0) | Steps(100))
    assert solution.reason == "no pixel above 105.0"
    assert solution.u.max() <= 105.0
    before = list(march(image, Heat(), until=Steps(solution.steps - 1)))[-1]
    assert before.u.max() > 105.0


# --- frames -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "until", "steps"),
    [
        (1, Steps(3), [0, 1, 2, 3]),
        (3, Steps(7), [0, 3, 6, 7]),
        (7, Steps(7), [0, 7]),
        (100, Steps(7), [0, 7]),
        (2, Time(0.9), [0, 2, 4, 5]),
        (2, Discrepancy(1.0) | Steps(5), None),
        (2, SteadyState(1e-9) | Steps(5), [0, 2, 4, 5]),
        (np.int64(90), Steps(170), [0, 90, 170]),
    ],
)
def test_frames(every, until, steps):
    image, _ = scene()
    scheme = Explicit(tau=0.2)
    frames = list(march(image, Heat(), scheme=scheme, until=until, every=every))
    end = evolve(image, Heat(), scheme=scheme, until=until)
    if steps is not None:
        assert [frame.step for frame in frames] == steps
    assert (frames[-1].t, frames[-1].step) == (end.t, end.steps)
    np.testing.assert_array_equal(frames[-1].u, end.u)
    np.testing.assert_array_equal(frames[0].u, image)
    for frame in frames[:-1]:
        assert frame.t == pytest.approx(0.2 * frame.step)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("every", [1, 2, 5])
def test_looking_changes_nothing(scheme, every):
    image, _ = scene()
    for until in (Time(5.7), Discrepancy(3.0), Decorrelation(), Time(3.1) | SteadyState(1e-2)):
        frames = list(march(image, PeronaMalik(12.0), scheme=scheme, until=until, every=every))
        end = evolve(image, PeronaMalik(12.0), scheme=scheme, until=until)
        assert (frames[-1].t, frames[-1].step) == (end.t, end.steps)
        np.testing.assert_array_equal(frames[-1].u, end.u)
        steps = [frame.step for frame in frames]
        assert steps == sorted(set(steps))  # none twice, the last one neither


def test_frames_stay_as_they_are():
    image, _ = scene()
    kept, bits = [], []
    for frame in march(image, Heat(), until=Steps(4)):
        kept.append(frame.u)
        bits.append(frame.u.tobytes())
        with pytest.raises(ValueError, match="read-only"):
            frame.u += 1.0  # else the next frame would be another one
        image[...] = 0.0  # whoever draws into the image does not change it, either
    assert [u.tobytes() for u in kept] == bits
    wanted = [frame.u.tobytes() for frame in march(scene()[0], Heat(), until=Steps(4))]
    assert bits == wanted


def test_leaving_early_is_an_ordinary_break():
    image, _ = scene()
    for frame in march(image, Heat(), until=Steps(10**9)):
        if frame.u.max() < 110.0:
            break
    assert 0 < frame.step < 100


@pytest.mark.parametrize("every", [0, -1, 1.5, "2", None, True])
def test_no_every(every):
    with pytest.raises(ParameterError, match="every must be a whole number >= 1") as error:
        next(march(np.eye(3), Heat(), until=Steps(1), every=every))
    one_line(str(error.value))


# --- what is given, and what comes back -------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"equation": "heat"}, "equation must be an equation such as PeronaMalik"),
        ({"equation": Heat}, "equation must be an equation"),
        ({"scheme": "fsi"}, "scheme must be a scheme such as FSI"),
        ({"scheme": FSI}, "scheme must be a scheme"),
        ({"until": 10}, "until must be a stopping rule such as Time"),
        ({"until": Steps}, "until must be a stopping rule"),
        ({"until": None}, "until must be a stopping rule"),
        ({"perturbation": 3.0}, "perturbation must be a Perturbation"),
        ({"until": np.zeros((5, 5))}, "until must be a stopping rule"),
    ],
)
def test_what_is_of_the_wrong_kind(wrong, words):
    given = {"equation": Heat(), "until": Steps(1)} | wrong
    for function in (evolve, lambda *a, **k: list(march(*a, **k))):
        with pytest.raises(ParameterError, match=words) as error:
            function(np.eye(4), **given)
        one_line(str(error.value))


def test_a_solution_tells_its_story():
    image, _ = scene()
    equation, scheme, until = (
        PeronaMalik(10.0, presmoothing=1.0),
        FSI(tau=2.0),
        Time(3.0) | Steps(9),
    )
    solution = evolve(image, equation, scheme=scheme, until=until)
    assert (solution.equation, solution.scheme, solution.until) == (equation, scheme, until)
    assert str(solution).splitlines() == [
        "PeronaMalik(contrast=10.0, conductance=rational, presmoothing=1.0)",
        "  by FSI(tau=2.0)",
        "  until Time(time=3.0) | Steps(steps=9)",
        "  t = 3 after 2 steps: the time 3 was reached",
    ]
    assert evolve(image, equation, until=until).scheme == Explicit()
    same = evolve(image, equation, scheme=scheme, until=until)
    assert (solution == same) is False  # no comparison pixel by pixel, and no error
    assert "reason='the time 3 was reached'" in repr(solution)


# --- Where the error is least -----------------------------------------------------------------


def errors_of(image, clean, equation, scheme):
    frames = list(march(image, equation, scheme=scheme, until=Steps(60)))
    return frames, [float(np.mean((frame.u - clean) ** 2, dtype=float)) for frame in frames]


@pytest.mark.parametrize("scheme", [Explicit(tau=0.1), FSI(tau=0.5), AOS(tau=0.4)], ids=str)
@pytest.mark.parametrize("sigma", [6.0, 25.0])
def test_the_least_error_is_found_without_the_clean_image(scheme, sigma):
    image, clean = scene((48, 56), sigma)
    equation = PeronaMalik(0.8 * sigma, presmoothing=0.6)
    _, errors = errors_of(image, clean, equation, scheme)
    solution = evolve(image, equation, scheme=scheme, until=LeastError(sigma) | Steps(60))
    error = float(np.mean((solution.u - clean) ** 2, dtype=float))
    assert error < 1.02 * min(errors)
    assert error < 0.5 * errors[0]
    told = float(one_line(solution.reason).split()[-1])
    chance = sigma**2 * math.sqrt(2.0 / image.size)
    assert told**2 == pytest.approx(error, abs=3 * chance)


def test_of_linear_flows_both_rules_know_the_error():
    image, clean = scene((64, 64), 12.0)
    _, errors = errors_of(image, clean, Heat(), Explicit(tau=0.05))
    for rule in (LeastError(12.0), SignalToNoise(12.0)):
        end = evolve(image, Heat(), scheme=Explicit(tau=0.05), until=rule).u
        assert np.mean((end - clean) ** 2, dtype=float) < 1.03 * min(errors)


def test_what_is_evolved_beside_changes_no_bit_and_rules_may_be_joined():
    image, _ = scene((32, 32), 10.0)
    alone = evolve(image, PeronaMalik(8.0), until=LeastError(10.0))
    steps = evolve(image, PeronaMalik(8.0), until=Steps(alone.steps))
    assert np.array_equal(alone.u, steps.u)
    assert alone.t == steps.t
    joined = evolve(
        image, PeronaMalik(8.0), until=SignalToNoise(10.0) | LeastError(10.0) | Steps(2)
    )
    assert joined.steps <= 2
