"""One declaration per parameter: docstring, messages, command line and functions of time are made of it."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest

from divgrad import (
    AOS,
    FED,
    FSI,
    Explicit,
    Heat,
    PeronaMalik,
    Perturbation,
    Steps,
    Time,
    denoise,
    evolve,
)
from divgrad.conductances import CONDUCTANCES, exponential
from divgrad.equations import EQUATIONS
from divgrad.errors import ParameterError
from divgrad.parameters import (
    Declared,
    Parameter,
    at,
    declared,
    declared_in,
    document,
    documented,
    parameter,
)
from divgrad.recipes.specs import describe, parse
from divgrad.schemes import SCHEMES
from divgrad.stopping import STOPS
from divgrad.tasks import TASKS
from divgrad.testing.rescaling import example

TABLES = {"equation": EQUATIONS, "scheme": SCHEMES, "stopping rule": STOPS}
EVERY = [
    pytest.param(what, name, cls, id=name)
    for what, table in TABLES.items()
    for name, cls in table.items()
]


def one_line(error):
    message = str(error.value)
    assert 0 < len(message) <= 250
    assert message.splitlines() == [message]
    return message


def outside(fact):
    """Values just outside of a parameter's range."""
    found = []
    if fact.above is not None:
        found += [fact.above, fact.above - 1]
    if fact.least is not None:
        found.append(fact.least - 1)
    if fact.most is not None:
        found.append(2 * fact.most + 1)
    return found


# --- everything that is declared --------------------------------------------------------------


@pytest.mark.parametrize(("what", "name", "cls"), EVERY)
def test_every_field_is_declared(what, name, cls):
    facts = declared_in(cls)
    assert list(facts) == [field.name for field in dataclasses.fields(cls)]
    for key, fact in facts.items():
        assert fact.sentence, key
        assert not fact.sentence.endswith("."), key
        assert fact.sentence[0].isupper(), key
        assert fact.kind in (int, float, bool, object), key


@pytest.mark.parametrize(("what", "name", "cls"), EVERY)
def test_the_docstring_tells_it(what, name, cls):
    text = cls.__doc__
    for key, fact in declared_in(cls).items():
        assert f"\n{key} : " in text
        assert f"\n    {fact.describe()}\n" in text
        if fact.range:
            assert fact.range in fact.describe()
        assert ("or function of time" in text) or not fact.varies
    places = [
        text.find(f"\n{mark}\n---") for mark in ("Parameters", "Raises", "References", "Examples")
    ]
    found = [place for place in places if place >= 0]
    assert found == sorted(found)
    assert text.count("\nParameters\n----------\n") == (1 if declared_in(cls) else 0)


@pytest.mark.parametrize(("what", "name", "cls"), EVERY)
def test_the_command_line_tells_it_and_takes_it(what, name, cls):
    told = describe(TABLES[what], f"{what}s")
    assert f"\n  {name}: {cls.__doc__.strip().splitlines()[0]}\n" in told + "\n"
    for key, fact in declared_in(cls).items():
        assert f"      {key}: {fact.describe()[:-1]}; " in told
    made = example(cls)
    values = {key: getattr(made, key) for key in declared_in(cls)}
    written = {
        key: f"{value}".lower()
        for key, value in values.items()
        if isinstance(value, int | float | bool)
    }
    text = f"{name}:" + ",".join(f"{key}={value}" for key, value in written.items())
    assert parse(text, TABLES[what], what) == made


@pytest.mark.parametrize(("what", "name", "cls"), EVERY)
def test_what_is_out_of_range_is_refused(what, name, cls):
    made = example(cls)
    for key, fact in declared_in(cls).items():
        if fact.kind is object:
            continue
        wrong = ["text", [1.0], np.ones(2), np.nan, np.inf, -np.inf, 1j, 10**400]
        wrong += outside(fact)
        wrong += [2.5] if fact.kind is int else []
        wrong += [True, np.True_] if fact.kind is not bool else [1, 0.0, np.True_]
        wrong += [] if fact.optional else [None]
        for value in wrong:
            with pytest.raises(ParameterError) as error:
                dataclasses.replace(made, **{key: value})
            message = one_line(error)
            assert message.startswith(f"{cls.__name__}: {key} must be ")
            assert fact.range in message
            assert " ".join(repr(value).split())[:40] in message
            if not isinstance(value, str | float | int) or isinstance(value, bool):
                continue
            with pytest.raises(ParameterError) as error:
                parse(f"{name}:{key}={value}", TABLES[what], what)
            one_line(error)


@pytest.mark.parametrize(("what", "name", "cls"), EVERY)
def test_declared_objects_are_values(what, name, cls):
    made = example(cls)
    assert made == example(cls)
    assert hash(made) == hash(example(cls))
    for key in declared_in(cls):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, key, 1)
    facts = ", ".join(f"{key}=" for key in declared_in(cls))
    assert str(made).startswith(f"{cls.__name__}({facts.split(', ')[0]}")
    assert " at 0x" not in str(made)


@pytest.mark.parametrize("task", TASKS)
def test_tasks_tell_their_parameters(task):
    import divgrad

    function = getattr(divgrad, task)
    text = function.__doc__
    facts = __import__(f"divgrad.tasks.{task}", fromlist=["PARAMETERS"]).PARAMETERS
    for key, fact in facts.items():
        assert f"\n{key} : " in text
        assert fact.describe() in text
    assert "<declared>" not in text


def test_a_task_checks_its_parameters():
    for given in ({"sigma": -1.0}, {"sigma": "12"}, {"contrast": 0.0}):
        with pytest.raises(ParameterError) as error:
            denoise(np.eye(8), **given)
        one_line(error)


# --- one parameter ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, ""),
        ({"above": 0}, "> 0"),
        ({"least": 0}, ">= 0"),
        ({"most": 1}, "<= 1"),
        ({"above": 0, "most": 1}, "> 0 and <= 1"),
        ({"least": 1e-6, "most": 2.5}, ">= 1e-06 and <= 2.5"),
    ],
)
def test_ranges_in_words(facts, words):
    fact = Parameter("How much", **facts)
    assert fact.range == words
    assert fact.describe() == (f"How much ({words})." if words else "How much.")
    assert Parameter("How much", unit="pixels", **facts).describe() == (
        f"How much (pixels; {words})." if words else "How much (pixels)."
    )


@pytest.mark.parametrize(
    "value",
    [1, 1.0, np.float32(1), np.int8(1), np.uint64(1), np.array(1.0), np.array(1), Fraction(1, 1)],
    ids=repr,
)
def test_numbers_of_many_kinds(value):
    Parameter("", above=0, most=1).check("it", value)
    if hasattr(value, "__index__") and not isinstance(value, np.ndarray):
        Parameter("", above=0, most=1, kind=int).check("it", value)


def test_messages():
    cases = [
        (Parameter("", above=0), -1, "it must be a finite number > 0; got -1"),
        (Parameter("", kind=int, least=1), 2.5, "it must be a whole number >= 1; got 2.5"),
        (Parameter("", kind=bool), "yes", "it must be True or False; got 'yes'"),
        (
            Parameter("", least=0, varies=True), "x",
            "it must be a finite number >= 0, or a function of time that returns one; got 'x'",
        ),
        (Parameter("", least=0), "many\nlines", r"it must be a finite number >= 0; got 'many\nlines'"),
        (Parameter(""), np.ones((2, 2)), "it must be a finite number; got array([[1., 1.], [1., 1.]])"),
    ]  # fmt: skip
    for fact, value, message in cases:
        with pytest.raises(ParameterError) as error:
            fact.check("it", value)
        assert str(error.value) == message
    with pytest.raises(ParameterError) as error:
        Parameter("").check("it", "x" * 1000)
    assert len(str(error.value)) < 100


def test_optional_and_objects():
    Parameter("", above=0, optional=True).check("it", None)
    Parameter("", kind=object).check("it", object())
    with pytest.raises(ParameterError):
        Parameter("", above=0).check("it", None)


# --- declared classes -------------------------------------------------------------------------


@declared
class Ring(Declared):
    """A ring.

    Raises
    ------
    ParameterError
        If there is no ring.

    Examples
    --------
    >>> 1
    1
    """

    outer: float = parameter("Outer radius", unit="pixels", above=0)
    inner: float = parameter("Inner radius", unit="pixels", least=0, default=0.0)
    weight: object = parameter("Weight of a distance", kind=object, default=math.sqrt)

    def __post_init__(self):
        if self.inner >= self.outer:
            raise ParameterError("a ring has a hole that is smaller than itself")


def test_a_check_of_ones_own_comes_after_the_declared_ones():
    assert Ring(2.0).inner == 0.0
    with pytest.raises(ParameterError, match="a hole that is smaller"):
        Ring(2.0, inner=3.0)
    with pytest.raises(ParameterError, match="Ring: inner must be a finite number >= 0; got '3'"):
        Ring(2.0, inner="3")
    with pytest.raises(TypeError):
        Ring()


def test_functions_are_shown_by_name():
    assert str(Ring(2.0)) == "Ring(outer=2.0, inner=0.0, weight=sqrt)"
    assert repr(PeronaMalik(lambda t: 5.0)).startswith("PeronaMalik(contrast=<lambda>,")
    assert repr(PeronaMalik(3, exponential)).endswith("conductance=exponential, presmoothing=None)")


def test_where_the_parameters_go():
    lines = Ring.__doc__.splitlines()
    assert lines[:6] == ["A ring.", "", "Parameters", "----------", "outer : float",
                         "    Outer radius (pixels; > 0)."]  # fmt: skip
    assert lines[10:13] == ["", "Raises", "------"]

    facts = {"size": Parameter("How large", kind=int, least=1, optional=True, varies=True)}
    assert document("Do it.", facts).splitlines()[2:] == [
        "Parameters", "----------", "size : int or function of time, optional",
        "    How large (>= 1).",
    ]  # fmt: skip
    assert document("Do it.", {}) == "Do it."

    @documented(facts)
    def shrink(image, size):
        """Shrink an image.

        Parameters
        ----------
        image
            Image.
        <declared>

        Returns
        -------
        The image.
        """

    assert shrink.__doc__.splitlines()[4:10] == [
        "image", "    Image.", "size : int or function of time, optional", "    How large (>= 1).",
        "", "Returns",
    ]  # fmt: skip


# --- functions of time ------------------------------------------------------------------------


def noise(dtype="float32"):
    return np.random.default_rng(5).normal(100.0, 8.0, (12, 13)).astype(dtype)


@pytest.mark.parametrize("scheme", [Explicit(), FED(), FSI(tau=1.0), AOS(tau=1.0)], ids=str)
def test_a_constant_function_is_a_constant(scheme):
    for fixed, varying in [
        (PeronaMalik(10.0), PeronaMalik(lambda t: 10.0)),
        (PeronaMalik(10.0, presmoothing=1.0), PeronaMalik(10.0, presmoothing=lambda t: 1.0)),
        (Heat(0.5), Heat(lambda t: 0.5)),
    ]:
        wanted = evolve(noise(), fixed, scheme=scheme, until=Steps(3)).u
        got = evolve(noise(), varying, scheme=scheme, until=Steps(3)).u
        np.testing.assert_array_equal(got, wanted)
        assert varying.varies()
        assert not fixed.varies()


def test_the_function_gets_the_time_of_each_step():
    seen = []

    def contrast(t):
        seen.append(t)
        return 10.0 + t

    evolve(noise(), PeronaMalik(contrast), scheme=Explicit(tau=0.125), until=Steps(4))
    assert sorted(set(seen)) == [0.0, 0.125, 0.25, 0.375]
    for scheme in (Explicit(tau=0.125), AOS(tau=0.125)):
        chained = noise()
        for step in range(4):
            equation = PeronaMalik(10.0 + 0.125 * step)
            chained = evolve(chained, equation, scheme=scheme, until=Steps(1)).u
        got = evolve(noise(), PeronaMalik(contrast), scheme=scheme, until=Steps(4)).u
        np.testing.assert_array_equal(got, chained)


def test_a_diffusivity_that_grows_with_time():
    """D(t) = t does in the time 2 what D = 1 does in it, the integral being the same."""
    image = noise("float64")
    wanted = evolve(image, Heat(), scheme=Explicit(tau=1e-3), until=Time(2.0)).u
    got = evolve(image, Heat(lambda t: t + 1e-12), scheme=Explicit(tau=1e-3), until=Time(2.0)).u
    np.testing.assert_allclose(got, wanted, atol=0.02 * image.std())


def test_steps_that_grow_with_time():
    for scheme in (Explicit, FED, FSI, AOS):
        solution = evolve(noise(), Heat(), scheme=scheme(tau=lambda t: 0.5 + t), until=Steps(3))
        assert solution.t == 3.5  # 0.5, then 1 more, then 2 more


@pytest.mark.parametrize("bad", [-1.0, 0.0, math.nan, math.inf, "10", None, [1.0], True], ids=repr)
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda f: (PeronaMalik(f), Explicit()), "PeronaMalik: contrast"),
        (lambda f: (Heat(f), AOS()), "Heat: diffusivity"),
        (lambda f: (Heat(), Explicit(tau=f)), "Explicit: tau"),
        (lambda f: (Heat(), FSI(tau=f)), "FSI: tau"),
    ],
)
def test_functions_that_go_wrong(make, name, bad):
    equation, scheme = make(lambda t: 1.0 if t < 0.5 else bad)
    with pytest.raises(ParameterError) as error:
        evolve(noise(), equation, scheme=scheme, until=Time(100.0))
    message = one_line(error)
    assert message.startswith(f"{name} at t = ")
    assert "must be a finite number > 0; got " in message
    assert "function of time" not in message


def test_the_users_own_errors_are_not_hidden():
    def contrast(t):
        raise LookupError("no contrast today")

    with pytest.raises(LookupError, match="no contrast today"):
        evolve(noise(), PeronaMalik(contrast), until=Steps(1))


def test_at():
    assert at(3, 1.0) == 3
    assert at(lambda t: np.float32(t), 2.0) == 2.0
    assert type(at(lambda t: np.float32(t), 2.0)) is float
    assert PeronaMalik(lambda t: 3 * t).at("contrast", 2.0) == 6.0
    assert Perturbation(rate=lambda t: 1 + t).lasts


# --- the command line -------------------------------------------------------------------------


def test_parse():
    assert parse("perona-malik:20", EQUATIONS, "equation") == PeronaMalik(20.0)
    assert parse("perona-malik:20,presmoothing=1", EQUATIONS, "equation") == PeronaMalik(
        20.0, presmoothing=1.0
    )
    got = parse("perona-malik: contrast = 2e1 ,conductance=weickert", EQUATIONS, "equation")
    assert got == PeronaMalik(20.0, CONDUCTANCES["weickert"])
    assert parse("perona-malik:5,presmoothing=none", EQUATIONS, "equation") == PeronaMalik(5.0)
    assert parse("explicit:tau=0.1,split=false", SCHEMES, "scheme") == Explicit(0.1, split=False)
    assert parse("adaptive:scheme=aos", SCHEMES, "scheme").scheme == AOS()
    assert type(parse("steps:20", STOPS, "stopping rule").steps) is int


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("heat2", "'heat2' is no equation; there are: heat, and more"),
        ("", "'' is no equation"),
        ("perona-malik", "perona-malik needs contrast: write perona-malik:contrast=20"),
        ("perona-malik:kappa=3", "has no parameter 'kappa'; it has: contrast, conductance, presm"),
        ("perona-malik:1,2", "has no parameter '2'"),
        ("perona-malik:contrast=", "contrast must be a finite number > 0; got ''"),
        ("perona-malik:contrast=a b", "contrast must be a finite number > 0; got 'a b'"),
        ("perona-malik:contrast=0", "contrast must be a finite number > 0; got 0"),
        ("perona-malik:contrast=nan", "contrast must be a finite number > 0; got nan"),
        ("perona-malik:contrast=1,contrast=2", "contrast is given twice"),
        ("perona-malik:contrast=1,conductance=mine", "conductance must be one of constant, rational"),
    ],
)  # fmt: skip
def test_what_cannot_be_parsed(text, words):
    with pytest.raises(ParameterError) as error:
        parse(text, EQUATIONS, "equation")
    assert words in one_line(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps:2.5", "steps must be a whole number >= 0; got '2.5'"),
        ("steps:-1", "steps must be a whole number >= 0; got -1"),
        ("time:ten", "time must be a finite number >= 0; got 'ten'"),
        ("decorrelation:3", "decorrelation has no parameter '3'; it has: none"),
    ],
)
def test_rules_that_cannot_be_parsed(text, words):
    with pytest.raises(ParameterError) as error:
        parse(text, STOPS, "stopping rule")
    assert words in one_line(error)
