"""The same problem in other units: every number that has a unit changes with it, by what it declares."""

from __future__ import annotations

import ast
import dataclasses
from typing import Any, TypeVar

from divgrad.errors import ParameterError
from divgrad.parameters import Parameter, declared_in

T = TypeVar("T")

# Powers of (length, grey value) in the words that declarations use; time is a length squared.
_POWERS = {
    "": (0, 0),
    "unit": (0, 0),
    "pixel": (0, 0),
    "degree": (0, 0),
    "radian": (0, 0),
    "length": (1, 0),
    "length unit": (1, 0),
    "area": (2, 0),
    "length squared": (2, 0),
    "length unit squared": (2, 0),
    "time": (2, 0),
    "image unit": (0, 1),
    "image unit squared": (0, 2),
}


def example(cls: type[T]) -> T:
    """Return an instance of an equation, scheme or rule, made of the examples that its parameters declare.

    Raises
    ------
    ParameterError
        If a parameter has neither a default nor an example.

    Examples
    --------
    >>> from divgrad import Steps
    >>> example(Steps)
    Steps(steps=20)
    """
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if field.default is dataclasses.MISSING and field.init:
            fact = declared_in(cls).get(field.name)
            if fact is None or not fact.example:
                raise ParameterError(
                    f"{cls.__name__}: {field.name} needs a default or an example in its declaration"
                )
            values[field.name] = ast.literal_eval(fact.example)
    return cls(**values)


def rescaled(thing: T, *, length: float = 1.0, grey: float = 1.0) -> T:
    """Return an equation, scheme or rule as it is in units of length and of grey value that are smaller.

    Every number becomes what it is in the new units, by the unit that its parameter declares: a slope is
    multiplied by ``grey / length``, a time by ``length ** 2``. Functions of time are rescaled in both.

    Parameters
    ----------
    thing
        What was declared with :func:`divgrad.parameters.declared`; anything else is returned as it is.
    length
        How many new units of length make one old.
    grey
        How many new units of grey value make one old.

    Raises
    ------
    ParameterError
        If a parameter's unit is not made of known words.

    Examples
    --------
    >>> from divgrad import Heat, PeronaMalik, Time
    >>> rescaled(PeronaMalik(contrast=20.0, presmoothing=1.0), length=2.0).contrast
    10.0
    >>> rescaled(Time(3.0), length=2.0)
    Time(time=12.0)
    """
    if isinstance(thing, tuple):
        return tuple(rescaled(part, length=length, grey=grey) for part in thing)  # type: ignore[return-value]
    if not dataclasses.is_dataclass(thing) or isinstance(thing, type):
        return thing
    facts = declared_in(type(thing))
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(thing):
        value, fact = getattr(thing, field.name), facts.get(field.name)
        if fact is None or fact.kind is object:
            changed[field.name] = rescaled(value, length=length, grey=grey)
        elif fact.kind is float and value is not None:
            along, high = powers(fact, f"{type(thing).__name__}: {field.name}")
            factor = length**along * grey**high
            if callable(value):
                changed[field.name] = _in_time(value, factor, length)
            elif factor != 1.0:
                changed[field.name] = value * factor
    return dataclasses.replace(thing, **changed)


def _in_time(value: Any, factor: float, length: float) -> Any:
    return lambda t: factor * value(t / length**2)


def powers(fact: Parameter, name: str = "parameter") -> tuple[int, int]:
    """Return the powers of length and of grey value in a parameter's unit.

    >>> powers(Parameter("Slope", unit="image units per length unit"))
    (-1, 1)
    """
    above, _, below = f" {fact.unit} ".partition(" per ")
    found = []
    for words in (above, below):
        word = " ".join(words.split())
        word = word if word in _POWERS else word.replace("units", "unit").removesuffix("s")
        if word not in _POWERS:
            raise ParameterError(
                f"{name} has the unit {fact.unit!r}, of which {word!r} is not known; "
                f"known are: {', '.join(filter(None, _POWERS))}, and these 'per' these"
            )
        found.append(_POWERS[word])
    return found[0][0] - found[1][0], found[0][1] - found[1][1]
