"""``divgrad TASK``: any task, from file to file; its options are made of its parameters' declarations."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import importlib
import operator
from pathlib import Path
from types import ModuleType
from typing import Any

from divgrad.cli import files
from divgrad.cli.progress import Progress
from divgrad.cli.specs import number, parse
from divgrad.errors import ParameterError
from divgrad.parameters import Parameter

EXAMPLE = """\
examples:
  divgrad {name} my.tif                       # writes my_{name}d.tif
  divgrad {name} *.png -o results/ --json
"""
# Arguments that the file answers, or the command.
ELSEWHERE = ("channel_axis", "dtype", "report")


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the options of a task."""
    files.add_arguments(parser, ending=ending(name))
    for key, fact in _parameters(name).items():
        text = fact.describe().replace("%", "%%")
        option = f"--{key.replace('_', '-')}"
        if key == "until":
            text += " Written time:3 or steps:10; given more than once: whichever comes first."
            parser.add_argument(option, action="append", metavar="RULE", help=text)
        elif key == "spacing":
            parser.add_argument(option, metavar="H[,H[,H]]", help=text + " Default: the file's.")
        elif key == "using":
            text += " Written perona-malik:contrast=20, as after flow --equation."
            parser.add_argument(option, metavar="FLOW", help=text)
        elif key == "model":
            parser.add_argument(option, metavar="NAME", help=text + " Written best, fast or none.")
        elif fact.kind is bool:
            parser.add_argument(option, action="store_true", help=text)
        else:
            parser.add_argument(option, metavar="NUMBER", help=text)
    parser.epilog = EXAMPLE.format(name=name)


def run(arguments: argparse.Namespace) -> int:
    """Run the task over the files."""
    name = arguments.command
    options = _options(arguments, _parameters(name))
    task = getattr(_module(name), name)

    def treat(path: Path, target: Path, bar: Progress) -> dict[str, Any]:
        return _treat(task, path, target, dict(options))

    return files.work_through(arguments, ending(name), treat, _show)


def ending(name: str) -> str:
    """Return what is added to the name of an output file.

    >>> ending("denoise")
    '_denoised'
    """
    return f"_{name}d" if name.endswith("e") else f"_{name}ed"


def lengths(text: str) -> float | tuple[float, ...]:
    """Return the lengths in a text such as ``0.5,0.1,0.1``, or one for all axes.

    >>> lengths("0.5,0.1"), lengths("2")
    ((0.5, 0.1), 2.0)
    """
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ParameterError(
            f"--spacing needs lengths such as 0.5,0.1,0.1 (plane, row, col); got {text!r}"
        ) from None
    return values[0] if len(values) == 1 else values


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"divgrad.tasks.{name}")


def _parameters(name: str) -> dict[str, Parameter]:
    declared: dict[str, Parameter] = _module(name).PARAMETERS
    return {key: fact for key, fact in declared.items() if key not in ELSEWHERE}


def _options(arguments: argparse.Namespace, facts: dict[str, Parameter]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, fact in facts.items():
        value = getattr(arguments, key)
        if value is None or value is False:
            continue
        if key == "until":
            from divgrad.stopping import STOPS

            rules = [parse(text, STOPS, "stopping rule") for text in value]
            options[key] = functools.reduce(operator.or_, rules)
        elif key == "spacing":
            options[key] = lengths(value)
        elif key == "using":
            from divgrad.equations import EQUATIONS

            options[key] = parse(value, EQUATIONS, "equation")
        elif key == "model":
            options[key] = None if value == "none" else value
        else:
            options[key] = True if fact.kind is bool else number(f"--{key}", fact, value)
    return options


def _treat(task: Any, path: Path, target: Path, options: dict[str, Any]) -> dict[str, Any]:
    from divgrad.cli.pixels import open_picture, save_picture

    opened = open_picture(path)
    options.setdefault("spacing", opened.spacing)
    result = task(opened.colours, channel_axis=opened.channel_axis, report=True, **options)
    notes = save_picture(target, result.image, opened)
    found: dict[str, Any] = {
        "input": str(path),
        "output": str(target),
        "report": list(result.report),
    }
    if hasattr(result, "sigma"):
        found["sigma"] = result.sigma
    if hasattr(result, "noise"):
        found["noise"] = dataclasses.asdict(result.noise)
    return {**found, "notes": notes}


def _show(result: dict[str, Any]) -> str:
    lines = [result["input"], *(f"  {said}" for said in [*result["report"], *result["notes"]])]
    return "\n".join([*lines, f"  -> {result['output']} ({result['seconds']:.2f} s)"])
