"""The axioms, over the registries: every equation with every scheme, on images of many shapes."""

from __future__ import annotations

import importlib
import math
import pkgutil
from dataclasses import dataclass
from typing import Any, ClassVar

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings
from numba import njit

import divgrad.kernels
from divgrad import (
    AOS,
    FED,
    FSI,
    Adaptive,
    Explicit,
    Grid,
    Heat,
    PeronaMalik,
    PorousMedium,
    Steps,
    Tiling,
    Time,
    evolve,
)
from divgrad.conductances import constant, exponential, forward_and_backward, rational
from divgrad.equations import EQUATIONS
from divgrad.errors import ParameterError, SchemeError, StabilityError
from divgrad.kernels import exponential as exponentials
from divgrad.kernels import scalar
from divgrad.operators import Bands, Equation, Operator
from divgrad.schemes import SCHEMES
from divgrad.stopping import STOPS
from divgrad.testing import (
    AXIOMS,
    Case,
    check_axioms,
    check_equation,
    check_kernel,
    check_kernels,
    check_operator,
    check_scheme,
    example,
    exemptions,
    rescaled,
)
from divgrad.testing.kernels import KERNELS, is_kernel, scalar_trials
from divgrad.testing.phantoms import PHANTOMS, checkerboard, noise, scene, spot


@dataclass(frozen=True)
class Setting:
    """A kind of image for which kernels are compiled; few, since each costs seconds."""

    dtype: str
    axes: tuple[int, ...]
    channels: int = 0


SETTINGS = {
    "flat64": Setting("float64", (1, 2)),
    "deep64": Setting("float64", (3,)),
    "flat32": Setting("float32", (1, 2)),
    "deep32": Setting("float32", (3,), channels=2),
    "pair64": Setting("float64", (1, 2), channels=2),
}


def bump(s2: float, contrast: float) -> float:
    return 1.0 + 49.0 / (1.0 + (math.sqrt(s2) / contrast - 3.0) ** 2)


EXAMPLES: dict[str, Equation] = {name: example(cls) for name, cls in EQUATIONS.items()}
EXAMPLES["perona-malik, presmoothed"] = PeronaMalik(contrast=500.0, presmoothing=0.7)
EXAMPLES["perona-malik, falling contrast"] = PeronaMalik(contrast=lambda t: 5.0 + 20.0 / (1.0 + t))
EXAMPLES["heat, in pulses"] = Heat(diffusivity=lambda t: 1.0 + 0.5 * math.sin(t))

WHERE = {
    "edge-enhancing": ("flat64", "deep32"),
    "coherence-enhancing-shock": ("flat64", "deep64"),
    "diffusion-shock": ("flat64", "deep32"),
    "shock": ("flat64", "flat32"),
    "smoothing-shock": ("flat64", "deep64"),
    "allen-cahn": ("flat64", "deep64"),
    "ambrosio-tortorelli": ("pair64", "deep32"),
    "gray-scott": ("pair64",),
    "osmosis": ("flat64", "deep64"),
    "heat": ("flat64", "deep64"),
    "mean-curvature": ("flat64", "deep64"),
    "speckle-reducing": ("flat64", "deep64"),
    "complex-diffusion": ("flat64", "deep32"),
    "perona-malik": ("flat64", "flat32", "deep32"),
    "porous-medium": ("flat64", "deep64"),
    "perona-malik, presmoothed": ("flat64", "deep64"),
}


def accepted(name: str, scheme: Any) -> bool:
    """Whether the scheme takes the equation: what it refuses in a sentence it need not solve."""
    if name not in OPERATORS:
        channels = max(1, SETTINGS[WHERE.get(name, ("flat64",))[0]].channels)
        u, grid = np.ones((channels, 2)), Grid((1.0,))
        begun = EXAMPLES[name].begin(u, grid, lambda array, _: np.asarray(array))
        OPERATORS[name] = begun.operator(u, 0.0, grid)
    return scheme.refusal(EXAMPLES[name], OPERATORS[name]) is None


OPERATORS: dict[str, Operator] = {}
TRIALS = [
    pytest.param(equation, scheme, setting, id=f"{name}-{by}-{where}-{axiom}")
    for name, equation in EXAMPLES.items()
    for where in WHERE.get(name, ("flat64",))
    for setting in [SETTINGS[where]]
    for by, scheme in ((by, cls()) for by, cls in SCHEMES.items())
    if accepted(name, scheme)
    for axiom in AXIOMS
    if axiom not in exemptions(equation, scheme)
]


@st.composite
def images(draw: Any, setting: Setting) -> tuple[np.ndarray, int | None]:
    """Images of any shape, one pixel thin as well; with channels on any axis."""
    axes = draw(st.sampled_from(setting.axes))
    longest = {1: 17, 2: 9, 3: 5}[axes]
    shape = tuple(draw(st.lists(st.integers(1, longest), min_size=axes, max_size=axes)))
    high = draw(st.sampled_from([100.0, 0.01, 30000.0]))
    kinds = [draw(st.sampled_from(sorted(PHANTOMS))) for _ in range(max(1, setting.channels))]
    layers = [high * PHANTOMS[kind](shape) for kind in kinds]
    if not setting.channels:
        return layers[0].astype(setting.dtype), None
    channel_axis = draw(st.integers(-1, axes))
    return np.stack(layers, axis=channel_axis).astype(setting.dtype), channel_axis


@st.composite
def cases(draw: Any, equation: Equation, scheme: Any, setting: Setting) -> Case:
    image, channel_axis = draw(images(setting))
    axes = image.ndim - (channel_axis is not None)
    distances = st.sampled_from([1.0, 0.5, 0.7, 1.3, 2.0])
    spacing = tuple(draw(st.lists(distances, min_size=axes, max_size=axes)))
    until: Any = draw(st.sampled_from([Steps(3), Steps(1), None]))
    if until is None:  # a time that no step divides
        u = image[None] if channel_axis is None else np.moveaxis(image, channel_axis, 0)
        bound = equation.bound(np.ascontiguousarray(u), 0.0, Grid(spacing))
        until = Time(51.7 / bound) if bound > 0 else Steps(2)
    return Case(equation, scheme, image, until, channel_axis, spacing, tiling=Tiling(threads=1))


def tried(axiom: str) -> Any:
    """A test of one axiom with every equation and scheme. (One test of all would run so often that hypothesis,
    whose settings point to those of the run before, looks them up too deep.)
    """

    @pytest.mark.parametrize(
        ("equation", "scheme", "setting"), [t for t in TRIALS if t.id.endswith(f"-{axiom}")]
    )
    @settings(max_examples=3)
    @given(data=st.data())
    def holds(equation: Equation, scheme: Any, setting: Setting, data: Any) -> None:
        check_axioms(data.draw(cases(equation, scheme, setting)), [axiom])

    return holds


for _axiom in AXIOMS:
    globals()[f"test_axiom_{_axiom}_holds"] = tried(_axiom)


@pytest.mark.parametrize(
    "cls", [*EQUATIONS.values(), *SCHEMES.values()], ids=lambda cls: cls.__name__
)
def test_exemptions_are_from_axioms_that_exist_and_have_reasons(cls: type) -> None:
    exemptions(example(cls))


@pytest.mark.parametrize("name", [*EQUATIONS, *SCHEMES, *STOPS])
def test_registered_things_compare_print_and_make_themselves(name: str) -> None:
    cls: Any = {**EQUATIONS, **SCHEMES, **STOPS}[name]
    assert example(cls) == example(cls)
    assert repr(example(cls)).startswith(cls.__name__)
    assert getattr(cls, "citation", None) is not None


# Equality to the bit, where arithmetic allows it.


@pytest.mark.parametrize("name", ["heat", "perona-malik", "porous-medium"])
@settings(max_examples=15)
@given(data=st.data())
def test_explicit_steps_commute_with_turns_to_the_bit(name: str, data: Any) -> None:
    case = data.draw(cases(EXAMPLES[name], Explicit(), SETTINGS["flat64"]))
    assume(case.image.ndim == 2)
    for axiom in ("flip", "turn", "negative", "spacing", "constant"):
        if axiom not in exemptions(case.equation):
            check_axioms(case.change(ulps=0.0), [axiom])
    check_axioms(case.change(ulps=2.0), ["range"])


@pytest.mark.parametrize(
    ("name", "where"), [("perona-malik", "deep32"), ("perona-malik, presmoothed", "deep64")]
)
@settings(max_examples=5)
@given(data=st.data())
def test_explicit_steps_commute_with_flips_to_the_bit(name: str, where: str, data: Any) -> None:
    case = data.draw(cases(EXAMPLES[name], Explicit(), SETTINGS[where]))
    check_axioms(case.change(ulps=0.0), ["flip"])


@pytest.mark.parametrize("grey", [2.0**-10, 2.0**13])
@pytest.mark.parametrize("scheme", [cls() for cls in SCHEMES.values()], ids=list(SCHEMES))
def test_other_units_of_grey_value_change_nothing(scheme: Any, grey: float) -> None:
    equation, image = EXAMPLES["perona-malik"], 100.0 * scene((7, 9))
    got = evolve(grey * image, rescaled(equation, grey=grey), scheme=scheme, until=Steps(3)).u
    assert np.array_equal(got, grey * evolve(image, equation, scheme=scheme, until=Steps(3)).u)


def test_adaptive_steps_begin_from_an_image_that_no_trial_has_spoilt() -> None:
    scheme = Adaptive(
        tolerance=0.1
    )  # soon of cycles of so many steps that they take several visits
    check_axioms(Case(PorousMedium(), scheme, scene((6, 7, 8)), Steps(12)), ["repeat", "tiling"])


@pytest.mark.parametrize("every", [1, 3, 80])
@pytest.mark.parametrize("name", ["perona-malik", "porous-medium", "heat, in pulses"])
def test_long_runs_are_the_same_however_they_are_watched(name: str, every: int) -> None:
    image = scene((6, 5)) * (1.0 if name == "porous-medium" else 100.0)
    for scheme in (Explicit(), Explicit(tau=0.21), Explicit(tau=0.9)):
        until = Steps(200) if name == "porous-medium" else Time(44.4)
        case = Case(EXAMPLES[name], scheme, image, until)
        wanted = evolve(image, EXAMPLES[name], scheme=scheme, until=until)
        *_, last = divgrad.march(image, EXAMPLES[name], scheme=scheme, until=until, every=every)
        assert (last.step, last.t) == (wanted.steps, wanted.t), case
        assert np.array_equal(last.u, wanted.u), case


# Stability.


@pytest.mark.parametrize("name", ["heat", "perona-malik", "porous-medium"])
@pytest.mark.parametrize("image", [checkerboard((8, 9)), noise((8, 9)), spot((8, 9))])
def test_an_explicit_step_too_large_is_split(name: str, image: np.ndarray) -> None:
    case = Case(EXAMPLES[name], Explicit(tau=100.0), image, Steps(2))
    check_axioms(case, ["range", "mean"])


@pytest.mark.parametrize("name", ["heat", "perona-malik", "porous-medium"])
def test_an_explicit_step_too_large_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(StabilityError, match=r"^a step of 100 is unstable: .*split=True") as caught:
        evolve(
            checkerboard((8, 9)),
            EXAMPLES[name],
            scheme=Explicit(tau=100.0, split=False),
            until=Steps(1),
        )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 2.0)])
def test_the_largest_stable_step_is_the_one_allowed(spacing: tuple[float, float]) -> None:
    limit = 0.5 / sum(1.0 / (h * h) for h in spacing)
    image = checkerboard((8, 8))

    def run(tau: float) -> np.ndarray:
        scheme = Explicit(tau=tau, split=False)
        return evolve(image, Heat(), scheme=scheme, until=Steps(50), spacing=spacing).u

    assert 0.0 <= run(limit).min() <= run(limit).max() <= 1.0
    with pytest.raises(StabilityError):
        run(1.001 * limit)


@pytest.mark.parametrize("high", [1.0, 10.0, 1000.0])
def test_a_conductance_that_peaks_at_some_slope_is_stable(high: float) -> None:
    equation = PeronaMalik(contrast=2.0, conductance=bump)
    for image in (high * checkerboard((8, 9)), high * noise((8, 9)), high * scene((8, 9))):
        for scheme in (Explicit(), Explicit(tau=1.0), AOS()):
            check_axioms(Case(equation, scheme, image, Steps(5)), ["range", "mean"])
        for scheme in (FED(), FSI()):
            u = evolve(image, equation, scheme=scheme, until=Steps(3)).u
            assert -0.2 * high < u.min() < u.max() < 1.2 * high


def test_a_contrast_that_changes_is_checked_when_it_is_used() -> None:
    equation = PeronaMalik(contrast=lambda t: 1.0 - t)
    assert evolve(scene((6, 6)), equation, until=Time(0.9)).t == 0.9
    with pytest.raises(ParameterError, match=r"contrast at t = 1.* must be .* > 0") as caught:
        evolve(scene((6, 6)), equation, until=Time(2.0))
    assert "\n" not in str(caught.value)


def nan_above_one(s2: float, contrast: float) -> float:
    return 1.0 if s2 < 1.0 else math.nan


def infinite_at_zero(s2: float, contrast: float) -> float:
    return 1.0 / s2 if s2 > 0.0 else math.inf


def of_one_argument(s2: float) -> float:
    return 1.0


@pytest.mark.parametrize("conductance", [nan_above_one, infinite_at_zero, of_one_argument])
@pytest.mark.parametrize("scheme", [Explicit(), FSI()], ids=["explicit", "fsi"])
def test_a_conductance_that_is_no_number_is_refused_in_one_line(
    conductance: Any, scheme: Any
) -> None:
    equation = PeronaMalik(contrast=2.0, conductance=conductance)
    with pytest.raises(ParameterError, match="the conductance") as caught:
        evolve(100.0 * scene((6, 6)), equation, scheme=scheme, until=Steps(1))
    assert "\n" not in str(caught.value)


def test_backward_flow_sharpens_and_keeps_the_mean() -> None:
    equation = PeronaMalik(contrast=10.0, conductance=forward_and_backward())
    image = 100.0 * scene((12, 12))
    result = evolve(image, equation, until=Steps(20)).u
    assert np.isclose(result.mean(), image.mean(), rtol=1e-12)
    assert np.ptp(image) < np.ptp(result) < 2.0 * np.ptp(image)


# What is exempted, in numbers: FED does not keep the range. FSI, with its own polynomial, does.


@pytest.mark.parametrize(("shape", "most"), [((41,), 1e-12), ((21, 21), 0.04), ((11, 11, 11), 0.1)])
def test_fed_overshoots_an_impulse_by_no_more_than_this(
    shape: tuple[int, ...], most: float
) -> None:
    image = spot(shape)
    for tau in np.arange(0.1, 6.0, 0.1):
        u = evolve(image, Heat(), scheme=FED(tau=float(tau)), until=Steps(1)).u
        assert -most <= u.min() <= u.max() <= 1.0 + most, tau


@pytest.mark.parametrize("contrast", [1e9, 0.5, 0.05])
@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((41,), (1.0,)),
        ((21, 21), (1.0, 1.0)),
        ((19, 23), (1.0, 3.0)),
        ((11, 12, 13), (1.0, 1.0, 1.0)),
        ((9, 12, 11), (5.0, 1.0, 1.5)),
    ],
)
def test_fsi_makes_no_new_extremum_at_spots_amid_any_conductances(
    shape: tuple[int, ...], spacing: tuple[float, ...], contrast: float
) -> None:
    """Spots are the worst there is: of a linear cycle they show every negative weight."""
    rng = np.random.default_rng(len(shape))
    slopes = 0.2 * rng.random(shape) * (rng.random(shape) < 0.3)  # their edges are the medium
    limit = 0.5 / sum(1.0 / h**2 for h in spacing)
    for place in range(6):
        image = slopes.copy()
        where = tuple(rng.integers(0, n) if place else n // 2 for n in shape)
        image[where] = 1.0 if place % 2 else -1.0
        for cycle in (1.5, 3.0, 5.0, 8.0, 13.0, 20.0, 31.0, 47.0, 80.0, 160.0):
            scheme = FSI(tau=cycle * limit)
            u = evolve(
                image, PeronaMalik(contrast), scheme=scheme, until=Steps(2), spacing=spacing
            ).u
            assert image.min() - 1e-12 <= u.min() <= u.max() <= image.max() + 1e-12, (place, cycle)


@pytest.mark.parametrize("shape", [(32,), (16, 16), (8, 8, 8)])
def test_fsi_damps_checks_of_single_pixels_whatever_the_cycle(shape: tuple[int, ...]) -> None:
    checks = np.where(np.indices(shape).sum(axis=0) % 2, 1.0, -1.0)
    for cycle in np.arange(1.2, 60.0, 0.7):  # in stable steps
        u = evolve(checks, Heat(), scheme=FSI(tau=cycle / (2 * len(shape))), until=Steps(1)).u
        assert float(np.abs(u).max()) < 0.4, cycle


# Kernels.


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.__name__.split(".")[-1])
def test_kernels_compute_what_their_source_says(kernel: Any) -> None:
    check_kernels(rational, kernels=[kernel])


def test_an_exponential_conductance_computes_what_its_source_says_to_rounding() -> None:
    trial = next(scalar_trials(np.dtype("float32")))
    name, arguments, switches, _ = trial
    check_kernel(scalar, name, arguments, conductance=exponential, tolerance=1e-5, **switches)


def test_every_kernel_has_trials() -> None:
    names = [f"divgrad.kernels.{m.name}" for m in pkgutil.iter_modules(divgrad.kernels.__path__)]
    kernels = {module for module in map(importlib.import_module, names) if is_kernel(module)}
    assert kernels == set(KERNELS)
    for kernel, trials in KERNELS.items():
        dtypes = (np.dtype("float32"), np.dtype("float64"))
        tried = {trial.name for dtype in dtypes for trial in trials(dtype)}
        assert tried == set(kernel.__all__), kernel


@pytest.mark.parametrize(
    ("dtype", "function", "at_zero", "per_x"),
    [("float32", exponentials.exp32, 2e-7, 6e-8), ("float64", exponentials.exp64, 1e-15, 0.0)],
)
def test_the_exponential_is_as_accurate_as_it_says(
    dtype: str, function: Any, at_zero: float, per_x: float
) -> None:
    least = -87.0 if dtype == "float32" else -708.0
    x = np.linspace(least, -least, 4001).astype(dtype)
    x[-1] = np.nan
    got = np.empty_like(x)

    @njit
    def every(x: Any, out: Any) -> None:  # it can be called from compiled code only
        for i in range(x.size):
            out[i] = function(x[i])

    every(x, got)
    wanted = np.exp(x[:-1].astype(np.longdouble))
    assert bool((np.abs(got[:-1] / wanted - 1) < at_zero + per_x * np.abs(x[:-1])).all())
    assert np.isnan(got[-1])


# The checks themselves: each catches who breaks its law, and no honest one.


@dataclass(frozen=True)
class Honest(Equation):
    """Heat flow in plain NumPy, slow and obvious; those below each break one law."""

    citation: ClassVar[str] = "nobody"

    def operator(self, u: Any, t: float, grid: Grid) -> Operator:
        return Plain(self, u, grid)

    def conductance(self, u: Any, axis: int) -> Any:
        return 1.0

    def change(self, v: Any, change: Any) -> Any:
        return change


class Plain(Operator):
    symmetric = True

    def __init__(self, equation: Any, u: Any, grid: Grid) -> None:
        self.equation, self.u, self.grid = equation, u, grid

    def axpy(self, tau: float, v: Any) -> Any:
        change = np.zeros_like(v)
        for axis, h in enumerate(getattr(self.equation, "spacing", self.grid.spacing), 1):
            flow = np.diff(v, axis=axis) / h**2 * self.equation.conductance(self.u, axis)
            none = [(0, 0)] * v.ndim
            change += np.pad(flow, [*none[:axis], (0, 1), *none[axis + 1 :]])
            change -= np.pad(flow, [*none[:axis], (1, 0), *none[axis + 1 :]])
        return v + tau * self.equation.change(v, change)

    def bound(self) -> float:
        return getattr(self.equation, "slack", 1.0) * self.grid.laplacian_bound


class Grows(Honest):
    def change(self, v: Any, change: Any) -> Any:
        return change + 0.01 * v


class Leaks(Honest):
    def change(self, v: Any, change: Any) -> Any:
        return change * np.linspace(0.5, 1.0, v.shape[-1])


class Overshoots(Honest):
    slack = 0.4


class Drifts(Honest):
    def change(self, v: Any, change: Any) -> Any:
        return change + 0.1 * (np.roll(v, 1, -1) - v)


class Leans(Honest):
    def conductance(self, u: Any, axis: int) -> Any:
        return 1.0 if axis == 1 else 0.5


class LikesBright(Honest):
    def conductance(self, u: Any, axis: int) -> Any:
        return np.abs(np.diff(np.cumsum(u, axis), axis=axis)) / (100.0 + np.abs(u).max())


class LikesHills(Honest):
    def conductance(self, u: Any, axis: int) -> Any:
        return 1.0 if u.mean() > 0 else 0.5


class KnowsNoUnits(Honest):
    spacing = (1.0, 1.0)

    def bound(self, u: Any, t: float, grid: Grid) -> float:
        return 8.0


class Writes(Honest):
    def change(self, v: Any, change: Any) -> Any:
        v[...] = 0.5 * (v + v.mean())
        return change


class Forgets(Honest):
    calls: ClassVar[list[int]] = []

    def change(self, v: Any, change: Any) -> Any:
        self.calls.append(1)
        return change / (1.0 + len(self.calls))


class SeesTiles(Honest):
    def operator(self, u: Any, t: float, grid: Grid) -> Operator:
        operator = Plain(self, u, grid)
        operator.u = u + (grid.tiling.threads == 4)
        return operator

    def conductance(self, u: Any, axis: int) -> Any:
        return 1.0 / (1.0 + u.min())


SINNERS = {
    "constant": Grows(),
    "mean": Leaks(),
    "range": Overshoots(),
    "flip": Drifts(),
    "turn": Leans(),
    "shift": LikesBright(),
    "negative": LikesHills(),
    "spacing": KnowsNoUnits(),
    "untouched": Writes(),
    "repeat": Forgets(),
    "tiling": SeesTiles(),
}


def test_there_is_a_sinner_for_every_axiom() -> None:
    assert set(SINNERS) == set(AXIOMS)


@pytest.mark.parametrize("axiom", AXIOMS)
def test_an_axiom_catches_who_breaks_it(axiom: str) -> None:
    image = 100.0 * scene((6, 7))
    check_axioms(Case(Honest(), Explicit(), image), [axiom])
    with pytest.raises(AssertionError, match=AXIOMS[axiom].law):
        check_axioms(Case(SINNERS[axiom], Explicit(), image), [axiom])


def test_an_exemption_is_honoured_only_where_it_is_declared() -> None:
    class Excused(Leaks):
        exemptions: ClassVar[dict[str, str]] = {"mean": "it is thirsty"}

    class Mistaken(Honest):
        exemptions: ClassVar[dict[str, str]] = {"maen": "a slip of the pen"}

    class Silent(Honest):
        exemptions: ClassVar[dict[str, str]] = {"mean": " "}

    images = [100.0 * scene((6, 7))]
    check_axioms(Case(Excused(), Explicit(), images[0]), ["mean"])
    with pytest.raises(AssertionError, match="'maen', which is no axiom: constant, mean"):
        check_equation(Mistaken(), images=images)
    with pytest.raises(AssertionError, match="without a reason"):
        check_equation(Silent(), images=images)
    with pytest.raises(ParameterError, match="there is no axiom 'maen'"):
        check_axioms(Case(Honest(), Explicit(), images[0]), ["maen"])


def test_a_whole_equation_and_a_whole_scheme_are_checked() -> None:
    images = [100.0 * scene((6, 7)), 100.0 * scene((9,))]
    check_equation(Honest(), images=images)
    check_equation(PeronaMalik(contrast=20.0), images=images, spacing=None)
    for scheme in (Explicit(), FED(), FSI(), AOS(), Adaptive()):
        check_scheme(scheme, images=images)


class TooLow(Plain):
    def bound(self) -> float:
        return 1.0


class NotSymmetric(Plain):
    def axpy(self, tau: float, v: Any) -> Any:
        return super().axpy(tau, v) + tau * 0.1 * np.roll(v, 1, -1)


class NotLinear(Plain):
    def axpy(self, tau: float, v: Any) -> Any:
        return super().axpy(tau, v) + tau * 0.01 * v * v


class OwnPolynomial(Plain):
    def polynomial(self, v: Any, taus: Any, fresh: Any = None, chain: Any = None) -> Any:
        return super().polynomial(v, taus)


class WrongBands(Plain):
    def bands(self, axis: int) -> Bands:
        return Bands(np.ones(self.u.shape[1:]))


@pytest.mark.parametrize(
    ("operator", "law"),
    [
        (TooLow, "no image grows faster than the bound"),
        (NotSymmetric, "<A v, w> = <v, A w>"),
        (NotLinear, "A of a sum is the sum of both"),
        (OwnPolynomial, "polynomial is the recurrence of axpy"),
        (WrongBands, "A is the sum of its bands"),
    ],
)
def test_an_operator_that_breaks_its_contract_is_caught(operator: Any, law: str) -> None:
    u = scene((6, 7))[None]
    check_operator(Plain(Honest(), u, Grid((1.0, 0.5))), u)
    with pytest.raises(AssertionError, match=law):
        check_operator(operator(Honest(), u, Grid((1.0, 0.5))), u)


def test_a_scheme_of_another_order_than_it_says_is_caught() -> None:
    class Boastful(FSI):
        order = 2

    with pytest.raises(AssertionError, match=r"order in time is 2, but on Heat [01]\.\d\d was"):
        check_scheme(Boastful(), images=[])


def test_a_backend_that_miscalculates_is_caught() -> None:
    def careless(kernel: Any, conductance: Any, dtype: Any, **switches: Any) -> Any:
        from divgrad.testing.kernels import plain

        module = plain(kernel, conductance, dtype, **switches)
        module.blend = lambda out, fresh, old: None
        return module

    with pytest.raises(AssertionError, match=r"scalar\.frozen .* differs from its plain Python"):
        check_kernels(kernels=[scalar], dtypes=["float64"], backend=careless)
    check_kernel(scalar, *_edge_weights(), conductance=constant, backend=careless)


def _edge_weights() -> tuple[str, list[Any]]:
    w = noise((1, 3, 1, 4)).astype("float32")
    out = np.zeros(w.shape[1:], "float32")
    return "edge_weights", [w, out, (0, 3, 0, 1, 0, 4), 0, np.float32(1), np.float32(1)]


def test_a_scheme_that_needs_a_missing_verb_says_so_in_one_line() -> None:
    with pytest.raises(SchemeError, match=r"AOS needs `bands`; Honest has cross terms: use FSI"):
        evolve(scene((5, 5)), Honest(), scheme=AOS(), until=Steps(1))


def test_units_that_nobody_knows_are_refused() -> None:
    from divgrad.parameters import declared, parameter

    @declared
    class Odd(Honest):
        speed: float = parameter("Speed", unit="furlongs per fortnight", default=1.0)

    with pytest.raises(ParameterError, match=r"'furlong.*known are: unit, pixel"):
        rescaled(Odd(), length=2.0)


def test_rescaling_goes_through_rules_and_nested_schemes() -> None:
    assert rescaled(Time(3.0) | Steps(2), length=2.0) == Time(12.0) | Steps(2)
    nested = rescaled(Adaptive(scheme=FSI(tau=1.0)), length=2.0)
    assert nested == Adaptive(scheme=FSI(tau=4.0))
    assert rescaled(PorousMedium(), length=3.0) == PorousMedium()
    contrast: Any = rescaled(PeronaMalik(contrast=lambda t: 1.0 + t), length=2.0).contrast
    assert contrast(4.0) == 1.0
