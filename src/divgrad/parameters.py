"""One declaration per parameter: sentence, unit, range. Docstrings, command line and messages are made of it.

A declared class is a frozen dataclass whose fields come from :func:`parameter`; values are checked when it
is made. Where a parameter may change in time it takes a function of the time t as well as a number.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from typing import Any, TypeVar, cast, dataclass_transform

from divgrad.errors import ParameterError

#: A number, or a function of the time t that returns one.
Varying = float | Callable[[float], float]


@dataclass(frozen=True)
class Parameter:
    """What is known of a parameter.

    Parameters
    ----------
    sentence
        What it does to the image, for people who never read a paper.
    unit
        Its unit, in words; empty for a pure number.
    above, least, most
        Range: > above, >= least, <= most.
    kind
        ``float``, ``int``, ``bool`` or, for anything else, ``object``.
    varies
        Whether it may be a function of time.
    optional
        Whether it may be None; the sentence then says what None means.
    example
        A value for the help text.
    array
        Whether it is an array in the order of axes of the image; such are not compared nor printed.
    """

    sentence: str
    unit: str = ""
    above: float | None = None
    least: float | None = None
    most: float | None = None
    kind: type = float
    varies: bool = False
    optional: bool = False
    example: str = ""
    array: bool = False

    @property
    def range(self) -> str:
        """The range in words, such as ``> 0``.

        >>> Parameter("", above=0, most=1).range
        '> 0 and <= 1'
        """
        parts = [
            f"{sign} {bound:g}"
            for sign, bound in ((">", self.above), (">=", self.least), ("<=", self.most))
            if bound is not None
        ]
        return " and ".join(parts)

    def check(self, name: str, value: Any) -> None:
        """Raise ParameterError unless the value fits; functions of time are checked when they are called."""
        if (value is None and self.optional) or (self.kind is object and not self.array):
            return
        if self.array:
            if not hasattr(value, "__array__") and not isinstance(value, (list, tuple)):
                given = " ".join(repr(value).split())
                raise ParameterError(f"{name} must be an array; got {given:.60}")
            return
        if self.varies and callable(value):
            return
        if not self._fits(value):
            what = {int: "a whole number", float: "a finite number", bool: "True or False"}
            needed = f"{what[self.kind]} {self.range}".strip()
            if self.varies:
                needed += ", or a function of time that returns one"
            given = " ".join(repr(value).split())
            raise ParameterError(f"{name} must be {needed}; got {given:.60}")

    def _fits(self, value: Any) -> bool:
        """Whether the value is of the kind and in the range; scalars and 0-d arrays of numpy are numbers."""
        if self.kind is bool or isinstance(value, bool):
            return self.kind is bool and isinstance(value, bool)
        if not hasattr(value, "__index__" if self.kind is int else "__float__"):
            return False
        if getattr(value, "ndim", 0) != 0:
            return False
        kinds = "iu" if self.kind is int else "iuf"
        if getattr(getattr(value, "dtype", None), "kind", "i") not in kinds:
            return False
        try:
            number = float(value)
        except OverflowError:
            return False
        return math.isfinite(number) and self._inside(number)

    def _inside(self, number: float) -> bool:
        return (
            (self.above is None or number > self.above)
            and (self.least is None or number >= self.least)
            and (self.most is None or number <= self.most)
        )

    def describe(self) -> str:
        """Return sentence, unit and range as one paragraph."""
        facts = [fact for fact in (self.unit, self.range) if fact]
        return f"{self.sentence}{' (' + '; '.join(facts) + ')' if facts else ''}."


def parameter(sentence: str, *, default: Any = MISSING, **facts: Any) -> Any:
    """Return a dataclass field that carries the :class:`Parameter` made of the facts."""
    if facts.get("array"):
        facts["kind"] = object
    facts_of = Parameter(sentence, **facts)
    return dataclasses.field(
        default=default, compare=not facts_of.array, metadata={"parameter": facts_of}
    )


def declared_in(cls: type) -> dict[str, Parameter]:
    """Return the parameters of a declared class, by name."""
    return {f.name: f.metadata["parameter"] for f in dataclasses.fields(cls) if f.metadata}


def at(value: Any, t: float, name: str = "parameter", facts: Parameter | None = None) -> Any:
    """Return the value of a constant, or of a function of time, at time t; the latter is checked here.

    >>> at(lambda t: 2 * t, 3.0)
    6.0
    """
    if not callable(value):
        return value
    result = value(t)
    if facts is not None:
        fixed = dataclasses.replace(facts, varies=False, optional=False)
        fixed.check(f"{name} at t = {t:g}", result)
    return float(result)


class Declared:
    """Base of what has parameters that may change in time."""

    def at(self, name: str, t: float) -> Any:
        """Return the value of a parameter at the time t."""
        value = getattr(self, name)
        if not callable(value):
            return value
        facts = declared_in(type(self))[name]
        return at(value, t, f"{type(self).__name__}: {name}", facts)

    def varies(self) -> bool:
        """Whether any parameter, or a parameter of one, is a function of time."""
        if not dataclasses.is_dataclass(self):
            return False
        for name, fact in declared_in(type(self)).items():
            value = getattr(self, name)
            if (fact.varies and callable(value)) or (
                isinstance(value, Declared) and value.varies()
            ):
                return True
        return False


T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass_transform(frozen_default=True, field_specifiers=(parameter,))
def declared(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass of checked parameters, and write them into its docstring."""
    own = getattr(cls, "__post_init__", None)  # its own, or that of what it is a kind of

    def check_all(self: Any) -> None:
        for name, fact in facts.items():
            fact.check(f"{type(self).__name__}: {name}", getattr(self, name))
        if own is not None:
            own(self)

    def show(self: Any) -> str:
        values = (getattr(self, name) for name in facts)
        shown = (_shown(value) for value in values)
        pairs = ", ".join(f"{name}={value}" for name, value in zip(facts, shown, strict=True))
        return f"{type(self).__name__}({pairs})"

    cls.__post_init__ = check_all  # type: ignore[attr-defined]
    made: Any = dataclass(frozen=True)(cls)  # calls __post_init__ only where there is one already
    facts = declared_in(made)
    made.__repr__ = show  # functions by name: dataclasses print their addresses
    made.__doc__ = document(made.__doc__ or "", facts)
    return cast(type[T], made)


def _shown(value: Any) -> str:
    """Return a value in a few words: functions by name, arrays by shape."""
    shape: tuple[int, ...] = getattr(value, "shape", ())
    if shape:
        return f"<array {'x'.join(map(str, shape))}>"
    return str(getattr(value, "__name__", "function")) if callable(value) else repr(value)


def documented(facts: dict[str, Parameter]) -> Callable[[F], F]:
    """Return a decorator that writes the parameters into a function's docstring."""

    def decorate(function: F) -> F:
        function.__doc__ = document(function.__doc__ or "", facts)
        return function

    return decorate


def document(docstring: str, facts: dict[str, Parameter]) -> str:
    """Return the docstring with the parameters in it: at the line ``<declared>``, else as a new section.

    >>> document("Do it.", {"n": Parameter("How often", kind=int, least=1)}).splitlines()
    ['Do it.', '', 'Parameters', '----------', 'n : int', '    How often (>= 1).']
    """
    text = inspect.cleandoc(docstring)
    lines = []
    for name, fact in facts.items():
        kind = {float: "float", int: "int", bool: "bool"}.get(fact.kind, "object")
        kind = "array_like" if fact.array else kind
        kind += " or function of time" if fact.varies else ""
        kind += ", optional" if fact.optional else ""
        lines += [f"{name} : {kind}", f"    {fact.describe()}"]
    declared_lines = "\n".join(lines)
    if "<declared>" in text:
        return text.replace("<declared>", declared_lines)
    section = f"\n\nParameters\n----------\n{declared_lines}\n" if lines else ""
    for mark in ("Returns", "Raises", "Notes", "References", "Examples"):
        place = text.find(f"\n\n{mark}\n---")
        if place >= 0:
            return text[:place] + section + text[place + 1 :]
    return text + section
