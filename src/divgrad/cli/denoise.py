"""``divgrad denoise``: the main job, from file to file."""

from __future__ import annotations

import argparse
import functools
import operator
from pathlib import Path
from typing import Any

from divgrad.cli import files
from divgrad.cli.progress import Progress
from divgrad.cli.specs import number, parse
from divgrad.errors import ParameterError

EXAMPLE = """\
examples:
  divgrad denoise my.tif                       # writes my_denoised.tif
  divgrad denoise *.png -o clean/              # a folder full
  divgrad denoise stack.tif --sigma 12 --spacing 0.5,0.1,0.1 --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; their help is made of the parameters' declarations."""
    from divgrad.tasks.denoise import PARAMETERS

    files.add_arguments(parser, ending="_denoised")
    for name, shown in (("sigma", "NUMBER"), ("contrast", "NUMBER"), ("spacing", "H[,H[,H]]")):
        text = PARAMETERS[name].describe().replace("%", "%%")
        parser.add_argument(f"--{name}", metavar=shown, help=text)
    parser.add_argument(
        "--until", action="append", metavar="RULE",
        help=PARAMETERS["until"].describe().replace("%", "%%")
        + " Written time:3, steps:10 or decorrelation; given more than once: whichever comes first.",
    )  # fmt: skip
    parser.epilog = EXAMPLE


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from divgrad.tasks.denoise import PARAMETERS

    options: dict[str, Any] = {}
    for name in ("sigma", "contrast"):
        if getattr(arguments, name) is not None:
            options[name] = number(f"--{name}", PARAMETERS[name], getattr(arguments, name))
    if arguments.until:
        from divgrad.stopping import STOPS

        rules = [parse(text, STOPS, "stopping rule") for text in arguments.until]
        options["until"] = functools.reduce(operator.or_, rules)
    spacing = None if arguments.spacing is None else lengths(arguments.spacing)

    def treat(path: Path, target: Path, bar: Progress) -> dict[str, Any]:
        return _treat(path, target, options, spacing)

    return files.work_through(arguments, "_denoised", treat, _show)


def lengths(text: str) -> tuple[float, ...]:
    """Return the lengths in a text such as ``0.5,0.1,0.1``.

    >>> lengths("0.5,0.1")
    (0.5, 0.1)
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ParameterError(
            f"--spacing needs lengths such as 0.5,0.1,0.1 (plane, row, col); got {text!r}"
        ) from None


def _treat(
    path: Path, target: Path, options: dict[str, Any], spacing: tuple[float, ...] | None
) -> dict[str, Any]:
    from divgrad.cli.pixels import open_picture, save_picture
    from divgrad.tasks.denoise import denoise

    opened = open_picture(path)
    known: Any = opened.spacing if spacing is None else spacing
    if known is not None and len(known) == 1:
        known = known[0]
    result = denoise(
        opened.colours, channel_axis=opened.channel_axis, spacing=known, report=True, **options
    )
    notes = save_picture(target, result.image, opened)
    return {
        "input": str(path), "output": str(target), "sigma": result.sigma,
        "report": list(result.report), "notes": notes,
    }  # fmt: skip


def _show(result: dict[str, Any]) -> str:
    lines = [result["input"], *(f"  {said}" for said in [*result["report"], *result["notes"]])]
    return "\n".join([*lines, f"  -> {result['output']} ({result['seconds']:.2f} s)"])
