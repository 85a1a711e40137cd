"""One step of a recipe: a task, or a flow, and what is written of its parameters."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from divgrad.errors import DivgradError, RecipeError
from divgrad.parameters import Parameter
from divgrad.recipes.written import WRITTEN, value
from divgrad.tasks import TASKS

# Arguments that the file answers, or whoever calls.
ELSEWHERE = ("channel_axis", "dtype", "report")


@dataclass(frozen=True)
class Step:
    """A task with its parameters, written as on the command line; checked when it is made.

    Parameters
    ----------
    name
        A task as the command line calls it, or ``flow``.
    written
        Pairs of a parameter's name and the texts that stand for its value, usually one.

    Raises
    ------
    RecipeError
        If there is no such task or parameter, or a text does not fit.

    Examples
    --------
    >>> Step("denoise", (("sigma", ("12",)),)).options()
    {'sigma': 12.0}
    """

    name: str
    written: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        if self.name not in known():
            near = difflib.get_close_matches(self.name, known(), n=3, cutoff=0.5)
            some = ", ".join(near or known()[:3])
            raise RecipeError(f"{self.name!r:.60} is no task; there are: {some}, ...")
        declared = parameters(self.name)
        for key, texts in self.written:
            if key not in declared:
                there = ", ".join(declared) or "none"
                raise RecipeError(f"{self.name} has no parameter {key!r:.60}; it has: {there:.90}")
            for path in self._paths(key, texts):
                if not path.is_file():
                    raise RecipeError(f"{self.name}: {key}: there is no file {path}")
        missing = needed(self.name) - {key for key, _ in self.written}
        if missing:
            key = sorted(missing)[0]
            example = declared[key].example or "VALUE"
            raise RecipeError(f"{self.name} needs {key}: write {key}: {example}")
        self.options(read=False)

    def options(self, *, read: bool = True) -> dict[str, Any]:
        """Return the parameters' values; those in files only with ``read``.

        Raises
        ------
        RecipeError
            If a text does not fit, or a file cannot be read.
        """
        declared, found = parameters(self.name), {}
        for key, texts in self.written:
            if not read and self._paths(key, texts):
                continue
            try:
                found[key] = value(key, key, declared[key], texts)
            except DivgradError as error:
                raise RecipeError(f"{self.name}: {' '.join(str(error).split())}") from None
        return found

    def identity(self) -> list[Any]:
        """Return what a result depends on, ready for JSON: numbers are their values, files their contents."""
        parts: list[Any] = [self.name]
        for key, texts in sorted(self.written):
            paths = self._paths(key, texts)
            fact = parameters(self.name)[key]
            if paths:
                parts.append([key, [hashlib.sha256(p.read_bytes()).hexdigest() for p in paths]])
            elif key in WRITTEN or fact.kind in (object, bool):
                parts.append([key, list(texts)])
            else:
                parts.append([key, repr(value(key, key, fact, texts))])
        return parts

    def _paths(self, key: str, texts: tuple[str, ...]) -> list[Path]:
        """Return the files that are named by a parameter's texts."""
        is_file = WRITTEN[key].file if key in WRITTEN else None
        return [Path(text) for text in texts if text != "none" and is_file and is_file(text)]


def known() -> list[str]:
    """Return the names of all that can be a step."""
    return [*(name.replace("_", "-") for name in TASKS), "flow"]


def module(name: str) -> ModuleType:
    """Return the module of a step: its function has its name, its ``PARAMETERS`` stand beside it."""
    room = "recipes" if name == "flow" else "tasks"
    return importlib.import_module(f"divgrad.{room}.{name.replace('-', '_')}")


def function(name: str) -> Callable[..., Any]:
    """Return the function of a step."""
    made: Callable[..., Any] = getattr(module(name), name.replace("-", "_"))
    return made


def parameters(name: str) -> dict[str, Parameter]:
    """Return the parameters that can be written for a step."""
    declared: dict[str, Parameter] = module(name).PARAMETERS
    hidden = (*ELSEWHERE, *from_file(name))
    return {key: fact for key, fact in declared.items() if key not in hidden}


def from_file(name: str) -> tuple[str, ...]:
    """Return the parameters that an image file answers."""
    answered: tuple[str, ...] = getattr(module(name), "FROM_FILE", ())
    return answered


def needed(name: str) -> set[str]:
    """Return the arguments, besides the image, without which a step cannot be called."""
    arguments = inspect.signature(function(name)).parameters.values()
    return {a.name for a in list(arguments)[1:] if a.default is inspect.Parameter.empty}


def ending(name: str) -> str:
    """Return what is added to the name of an output file.

    >>> ending("denoise")
    '_denoised'
    >>> ending("edges"), ending("repair-jpeg")
    ('_edges.png|tif|tiff|npy', '_repaired.png')
    """
    own: str | None = getattr(module(name), "ENDING", None)
    if own is not None:
        return own
    name = name.replace("-", "_")
    return f"_{name}" + ("" if name.endswith("s") else "d" if name.endswith("e") else "ed")


def call(
    step: Step,
    image: Any,
    channel_axis: int | None,
    spacing: Any,
    native: Mapping[str, Any] | None = None,
) -> Any:
    """Return what a step makes of an image: an object with ``image`` and ``report``.

    Parameters
    ----------
    step
        What to do.
    image
        Image, 1-D to 3-D, any real dtype.
    channel_axis, spacing
        Of the image; a spacing that the step states itself goes before.
    native
        What the image's file says of itself beside pixels, of which some tasks take parameters.
    """
    task, options = function(step.name), step.options()
    if "spacing" in inspect.signature(task).parameters:
        options.setdefault("spacing", spacing)
    for key in from_file(step.name):
        told = (native or {}).get(key)
        options.setdefault(key, None if told == [] else told)
    return task(image, channel_axis=channel_axis, report=True, **options)
