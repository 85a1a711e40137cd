"""``divgrad TASK``: any task, from file to file; its options are made of its parameters' declarations."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divgrad.cli import files, parts, pictures, recipes
from divgrad.cli.progress import Progress
from divgrad.errors import ParameterError
from divgrad.parameters import Parameter
from divgrad.recipes.step import ending, from_file, module, needed, parameters
from divgrad.recipes.written import WRITTEN, value

if TYPE_CHECKING:
    from divgrad.io.pixels import Opened

EXAMPLE = """\
examples:
  divgrad {name} my{suffix}                       # writes my{ending}
  divgrad {name} *{suffix} -o results/ --json
"""
IN_PARTS = {
    "denoise": ("sigma", "contrast", "spacing")
}  # tasks of divgrad.volumes, and what they are told


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the options of a task."""
    files.add_arguments(parser, ending=ending(name))
    required = needed(name)
    for key, fact in parameters(name).items():
        text = fact.describe().replace("%", "%%")
        option = f"--{key.replace('_', '-')}"
        written = WRITTEN.get(key)
        if written is not None:
            action = "append" if written.many else "store"
            text += f" {written.hint}"
            parser.add_argument(
                option, action=action, metavar=written.metavar, help=text, required=key in required
            )
        elif fact.kind is bool:
            either = argparse.BooleanOptionalAction if fact.optional else "store_true"
            parser.add_argument(option, action=either, default=None, help=text)
        else:
            parser.add_argument(option, metavar="NUMBER", help=text)
    pictures.add_arguments(parser, _pictures(name))
    if name in IN_PARTS:
        parts.add_arguments(parser)
    own = ending(name).partition("|")[0]
    shown = (own, ".jpg") if "." in own else (f"{own}.tif", ".tif")
    parser.epilog = EXAMPLE.format(name=name.replace("_", "-"), ending=shown[0], suffix=shown[1])


def run(arguments: argparse.Namespace) -> int:
    """Run the task over the files."""
    name = arguments.command.replace("-", "_")
    if arguments.recipe:
        return recipes.show(arguments, parameters(name))
    options = _options(arguments, parameters(name))
    if name in IN_PARTS and parts.wanted(arguments):
        return _in_parts(arguments, name, options)
    task = getattr(module(name), name)

    offered = _pictures(name)
    targets = files.targets(arguments, ending(name))
    for _, target in targets:
        reason = getattr(module(name), "UNFIT", {}).get(target.suffix.lower())
        if reason is not None:
            raise ParameterError(f"{target}: {reason}")
    places = pictures.places(arguments, offered, targets)

    def treat(path: Path, target: Path, bar: Progress) -> dict[str, Any]:
        opened = files.opening(arguments).open(path)
        return _treat(task, opened, path, target, dict(options), places[path], from_file(name))

    return files.work_through(arguments, ending(name), treat, _show)


def _in_parts(arguments: argparse.Namespace, name: str, options: dict[str, Any]) -> int:
    """Run the task over Zarr volumes, block by block."""
    from divgrad import volumes

    other = next(
        (key for key, given in options.items() if key not in IN_PARTS[name] and given), None
    )
    if other is not None:
        raise ParameterError(
            f"--{other} needs the whole volume in memory; in parts two diffusions are mixed: leave it away"
        )
    if any(getattr(arguments, key, None) for key in _pictures(name)):
        raise ParameterError(
            "pictures are drawn of what is in memory: leave them away for volumes in parts"
        )
    chosen = {key: given for key, given in options.items() if key in IN_PARTS[name]}

    def treat(path: Path, target: Path, more: dict[str, Any]) -> dict[str, Any]:
        made = getattr(volumes, name)(
            path, out=target, dtype=parts.source_dtype(path), **chosen, **more
        )
        return {
            "input": str(path), "output": str(target), "report": list(made.report),
            "sigma": made.sigma, "passes": made.passes, "notes": [],
        }  # fmt: skip

    return parts.work_through(arguments, ending(name), treat, _show)


def _pictures(name: str) -> dict[str, str]:
    offered: dict[str, str] = getattr(module(name), "PICTURES", {})
    return {**pictures.PLOT, **offered}


def _options(arguments: argparse.Namespace, facts: dict[str, Parameter]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for key, fact in facts.items():
        given = getattr(arguments, key)
        if given is not None:
            texts = given if isinstance(given, list) else [given]
            options[key] = given if fact.kind is bool else value(f"--{key}", key, fact, texts)
    return options


def _treat(
    task: Any,
    opened: Opened,
    path: Path,
    target: Path,
    options: dict[str, Any],
    places: dict[str, Path],
    answered: Sequence[str] = (),
) -> dict[str, Any]:
    from divgrad.io.pixels import save_picture

    if "spacing" in inspect.signature(task).parameters:
        options.setdefault("spacing", opened.spacing)
    for key in answered:
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
    lines = [result["input"], *(f"  {said}" for said in result["report"])]
    written = ("overlay", "plot", "table", "strength")
    lines += [f"  {key}: {result[key]}" for key in written if key in result]
    return "\n".join([*lines, f"  -> {result['output']} ({result['seconds']:.2f} s)"])
