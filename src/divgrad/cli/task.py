"""``divgrad TASK``: any task, from file to file; its options are made of its parameters' declarations."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import inspect
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from divgrad.cli import files, pictures
from divgrad.cli.progress import Progress
from divgrad.errors import ParameterError
from divgrad.parameters import Parameter
from divgrad.recipes.written import WRITTEN
from divgrad.tasks import TASKS

EXAMPLE = """\
examples:
  divgrad {name} my{suffix}                       # writes my{ending}
  divgrad {name} *{suffix} -o results/ --json
"""
# Arguments that the file answers, or the command.
ELSEWHERE = ("channel_axis", "dtype", "report")


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the options of a task."""
    files.add_arguments(parser, ending=ending(name))
    needed = _needed(name)
    for key, fact in _parameters(name).items():
        text = fact.describe().replace("%", "%%")
        option = f"--{key.replace('_', '-')}"
        written = WRITTEN.get(key)
        if written is not None:
            action = "append" if written.many else "store"
            text += f" {written.hint}"
            parser.add_argument(
                option, action=action, metavar=written.metavar, help=text, required=key in needed
            )
        elif fact.kind is bool:
            parser.add_argument(option, action="store_true", help=text)
        else:
            parser.add_argument(option, metavar="NUMBER", help=text)
    pictures.add_arguments(parser, _pictures(name))
    own = ending(name).partition("|")[0]
    shown = (own, ".jpg") if "." in own else (f"{own}.tif", ".tif")
    parser.epilog = EXAMPLE.format(name=name.replace("_", "-"), ending=shown[0], suffix=shown[1])


def run(arguments: argparse.Namespace) -> int:
    """Run the task over the files."""
    name = arguments.command.replace("-", "_")
    options = _options(arguments, _parameters(name))
    task = getattr(_module(name), name)

    offered = _pictures(name)
    targets = files.targets(arguments, ending(name))
    for _, target in targets:
        reason = getattr(_module(name), "UNFIT", {}).get(target.suffix.lower())
        if reason is not None:
            raise ParameterError(f"{target}: {reason}")
    places = pictures.places(arguments, offered, targets)
    from_file = getattr(_module(name), "FROM_FILE", ())

    def treat(path: Path, target: Path, bar: Progress) -> dict[str, Any]:
        return _treat(task, path, target, dict(options), places[path], from_file)

    return files.work_through(arguments, ending(name), treat, _show)


def ending(name: str) -> str:
    """Return what is added to the name of an output file.

    >>> ending("denoise")
    '_denoised'
    >>> ending("edges"), ending("repair_jpeg")
    ('_edges.png|tif|tiff|npy', '_repaired.png')
    """
    if name in TASKS and hasattr(_module(name), "ENDING"):
        own: str = _module(name).ENDING
        return own
    return f"_{name}" + ("" if name.endswith("s") else "d" if name.endswith("e") else "ed")


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"divgrad.tasks.{name}")


def _parameters(name: str) -> dict[str, Parameter]:
    declared: dict[str, Parameter] = _module(name).PARAMETERS
    hidden = (*ELSEWHERE, *getattr(_module(name), "FROM_FILE", ()))
    return {key: fact for key, fact in declared.items() if key not in hidden}


def _needed(name: str) -> set[str]:
    """Return the arguments, besides the image, without which the task cannot be called."""
    arguments = inspect.signature(getattr(_module(name), name)).parameters.values()
    return {a.name for a in list(arguments)[1:] if a.default is inspect.Parameter.empty}


def _pictures(name: str) -> dict[str, str]:
    offered: dict[str, str] = getattr(_module(name), "PICTURES", {})
    return {**pictures.PLOT, **offered}


def _options(arguments: argparse.Namespace, facts: dict[str, Parameter]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, fact in facts.items():
        value = getattr(arguments, key)
        if value is None or value is False:
            continue
        if key in WRITTEN:
            options[key] = WRITTEN[key].read(value)
        else:
            from divgrad.recipes.specs import number

            options[key] = True if fact.kind is bool else number(f"--{key}", fact, value)
    return options


def _treat(
    task: Any,
    path: Path,
    target: Path,
    options: dict[str, Any],
    places: dict[str, Path],
    from_file: Sequence[str] = (),
) -> dict[str, Any]:
    from divgrad.io.pixels import open_picture, save_picture

    opened = open_picture(path)
    if "spacing" in inspect.signature(task).parameters:
        options.setdefault("spacing", opened.spacing)
    for key in from_file:
        told = opened.picture.metadata.native.get(key)
        options.setdefault(key, None if told == [] else told)
    result = task(opened.colours, channel_axis=opened.channel_axis, report=True, **options)
    notes = save_picture(target, result.image, opened, getattr(result, "spacing", None))
    drawn = pictures.draw(places, opened, result)
    found: dict[str, Any] = {
        "input": str(path),
        "output": str(target),
        "report": list(result.report),
    }
    if hasattr(result, "sigma"):
        found["sigma"] = result.sigma
    if hasattr(result, "noise"):
        found["noise"] = dataclasses.asdict(result.noise)
    return {**found, **drawn, "notes": notes}


def _show(result: dict[str, Any]) -> str:
    lines = [result["input"], *(f"  {said}" for said in [*result["report"], *result["notes"]])]
    written = ("overlay", "plot", "table", "strength")
    lines += [f"  {key}: {result[key]}" for key in written if key in result]
    return "\n".join([*lines, f"  -> {result['output']} ({result['seconds']:.2f} s)"])
