"""What was done, in plain words, and whom to cite for it."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from typing import Any

from divgrad.evolution import Solution
from divgrad.parameters import Declared, at, declared_in
from divgrad.references import TITLES


def explain(solution: Solution) -> str:
    """Return what was solved, how and until when: every parameter with its value, meaning and unit.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Heat, Steps, evolve, explain
    >>> print(explain(evolve(np.eye(3), Heat(), until=Steps(2))))
    Heat: Blur an image as heat spreads: edges and noise alike.
      diffusivity = 1.0: How fast grey value spreads (area per time; > 0).
    Explicit: Many small steps: simple, exact for short times, slow for long ones.
      tau = None: Time step; None takes 0.8 of the largest stable one (length squared; > 0).
      split = True: Whether a step that would be unstable is split into stable ones, or else refused.
    Steps: Stop after a number of steps of the scheme.
      steps = 2: Number of steps (>= 0).
    It ended at t = 0.4 after 2 steps: 2 steps were made.
    """
    lines: list[str] = []
    for thing in _parts(solution):
        lines.append(f"{type(thing).__name__}: {_summary(type(thing))}")
        for name, fact in declared_in(type(thing)).items():
            value = getattr(thing, name)
            if isinstance(value, Declared) or _is_list(value):
                continue  # told on its own
            lines.append(f"  {name} = {_value(value, fact.varies, solution.t)}: {fact.describe()}")
    many = "step" if solution.steps == 1 else "steps"
    lines.append(
        f"It ended at t = {solution.t:g} after {solution.steps} {many}: {solution.reason}."
    )
    return "\n".join(lines)


def cite(solution: Solution) -> str:
    """Return BibTeX entries of the papers on which a solution rests: equation, scheme and stopping rule.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import PeronaMalik, Steps, cite, evolve
    >>> print(cite(evolve(np.eye(3), PeronaMalik(contrast=1.0), until=Steps(1))).splitlines()[0])
    @article{Perona1990:629,
    """
    lines = [getattr(type(thing), "citation", "") for thing in _parts(solution)]
    lines = [line for line in lines if isinstance(line, str) and line]
    return "\n\n".join(bibtex(line) for line in dict.fromkeys(lines))


def bibtex(citation: str) -> str:
    """Return the BibTeX entry of a citation: authors, where it appeared, year.

    >>> print(bibtex("P. Perona, J. Malik, IEEE PAMI 12:629-639, 1990"))
    @article{Perona1990:629,
      author = {P. Perona and J. Malik},
      title = {Scale-Space and Edge Detection Using Anisotropic Diffusion},
      journal = {IEEE PAMI},
      volume = {12},
      pages = {629--639},
      year = {1990},
    }
    """
    authors = re.match(r"(?:(?:[A-Z]\.[ -]?)+(?:[a-z]+ )*[\w' -]+, )+", citation)
    names = authors.group(0).removesuffix(", ").split(", ") if authors else []
    rest = citation[authors.end() :] if authors else citation
    years = re.findall(r"\b(?:19|20)\d\d\b", rest)
    year = years[-1] if years else ""
    key = (re.sub(r"\W", "", names[0].split()[-1]) if names else "divgrad") + year
    title = TITLES.get(rest, "")
    where = re.sub(rf",? {year}$", "", rest)
    fields = {"author": " and ".join(names), "title": title}
    numbers = re.search(r" (\d+)(?:\(\d+\))?:(\d+)(?:-(\d+))?", where)
    if numbers:
        volume, first, last = numbers.groups()
        pages = f"{first}--{last}" if last else first
        key += f":{first}"
        fields |= {"journal": where[: numbers.start()], "volume": volume, "pages": pages}
    else:
        fields |= {"howpublished": where}
    fields["year"] = year
    kind = "article" if numbers else "misc"
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{kind}{{{key},\n{body}}}"


def _parts(solution: Solution) -> Iterator[Any]:
    """Yield what a solution is made of, and what that is made of."""
    pending: list[Any] = [solution.equation, solution.scheme, solution.until]
    while pending:
        thing = pending.pop(0)
        if (dataclasses.is_dataclass(thing) and declared_in(type(thing))) or isinstance(
            thing, Declared
        ):
            yield thing
        inner = [getattr(thing, field.name) for field in _fields(thing)]
        several = [part for value in inner if _is_list(value) for part in value]
        pending = [p for p in (*inner, *several) if dataclasses.is_dataclass(p)] + pending


def _fields(thing: Any) -> tuple[Any, ...]:
    return dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()


def _is_list(value: Any) -> bool:
    return isinstance(value, tuple) and any(dataclasses.is_dataclass(part) for part in value)


def _summary(cls: type) -> str:
    return inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _value(value: Any, varies: bool, t: float) -> str:
    if callable(value) and varies:
        return f"a function of time, {at(value, 0.0):g} at first and {at(value, t):g} at the end"
    shape = getattr(value, "shape", ())
    if shape:
        return f"an array of {' x '.join(map(str, shape))}"
    return str(getattr(value, "__name__", "function")) if callable(value) else repr(value)
