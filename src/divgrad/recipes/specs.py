"""``name:key=value,...`` on the command line -> an equation, scheme or stopping rule, and its help text."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any

from divgrad.conductances import CONDUCTANCES
from divgrad.errors import ParameterError
from divgrad.parameters import Parameter, declared_in


def parse(text: str, table: Mapping[str, type], what: str) -> Any:
    """Return the object that a text such as ``perona-malik:contrast=20`` describes.

    A single value without a key stands for the first parameter: ``time:10``.

    Raises
    ------
    ParameterError
        If the name or a key is not known, or a value does not fit.

    >>> from divgrad.stopping import STOPS
    >>> parse("time:10", STOPS, "stopping rule")
    Time(time=10.0)
    """
    name, _, rest = text.partition(":")
    if name not in table:
        near = difflib.get_close_matches(name, table, n=3, cutoff=0.5) or list(table)[:3]
        more = "" if len(near) == len(table) else ", and more: see divgrad flow --help"
        raise ParameterError(f"{name!r:.60} is no {what}; there are: {', '.join(near)}{more}")
    cls = table[name]
    facts = declared_in(cls)
    values = {}
    for n, part in enumerate(piece for piece in rest.split(",") if piece):
        key, equals, value = part.partition("=")
        if not equals and n == 0 and facts:
            key, value = next(iter(facts)), part
        key = key.strip().replace("-", "_")
        if key not in facts:
            known = ", ".join(facts) or "none"
            raise ParameterError(f"{name} has no parameter {key!r:.60}; it has: {known}")
        if key in values:
            raise ParameterError(f"{name}: {key} is given twice")
        values[key] = _value(f"{name}: {key}", facts[key], value.strip())
    missing = [
        field.name
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING and field.name not in values
    ]
    if missing and facts[missing[0]].array:
        raise ParameterError(f"{name} needs {missing[0]}, an array: use it from Python")
    if missing:
        example = facts[missing[0]].example or "1"
        raise ParameterError(f"{name} needs {missing[0]}: write {name}:{missing[0]}={example}")
    return cls(**values)


def _value(name: str, fact: Parameter, text: str) -> Any:
    if fact.optional and text == "none":
        return None
    if fact.array:
        raise ParameterError(f"{name} is an array: use it from Python")
    if fact.kind is object:
        if name.endswith("scheme"):
            from divgrad.schemes import SCHEMES

            return parse(text, SCHEMES, "scheme")
        if text not in CONDUCTANCES:
            raise ParameterError(
                f"{name} must be one of {', '.join(CONDUCTANCES)}; got {text!r:.60}"
            )
        return CONDUCTANCES[text]
    if fact.kind is bool:
        if text not in ("true", "false"):
            raise ParameterError(f"{name} must be true or false; got {text!r:.60}")
        return text == "true"
    return number(name, fact, text)


def number(name: str, fact: Parameter, text: str) -> float | int:
    """Return the number that a text holds, checked; functions of time cannot be written here."""
    fact = dataclasses.replace(fact, varies=False)
    try:
        value: float | int = int(text) if fact.kind is int else float(text)
    except ValueError:
        fact.check(name, text)
        raise
    fact.check(name, value)
    return value


def describe(table: Mapping[str, type], what: str) -> str:
    """Return the help text of a table: names, parameters, units, ranges and defaults."""
    lines = [f"{what}:"]
    for name, cls in table.items():
        summary = (cls.__doc__ or "").strip().partition("\n")[0]
        lines.append(f"  {name}: {summary}")
        for field in dataclasses.fields(cls):
            fact: Parameter = field.metadata["parameter"]
            default = field.default
            shown = getattr(default, "__name__", str(default)).lower()
            end = "required" if default is dataclasses.MISSING else f"default {shown}"
            lines.append(f"      {field.name}: {fact.describe()[:-1]}; {end}.")
    return "\n".join(lines)
