"""``divgrad flow``: any equation, by any scheme, until any stopping rule."""

from __future__ import annotations

import argparse
import functools
import operator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divgrad.cli import files, parts, recipes
from divgrad.cli.progress import Progress
from divgrad.recipes.specs import describe, parse

if TYPE_CHECKING:
    from divgrad.io.pixels import Opened

EXAMPLE = """\
examples:
  divgrad flow my.tif --equation perona-malik:contrast=20 --until steps:20
  divgrad flow my.tif --equation perona-malik:contrast=8,presmoothing=1,conductance=weickert \\
                      --scheme fsi --until time:100 --until discrepancy:12 -o smooth.tif
"""
EVERY = 20  # steps between two looks at the progress: as many as one visit makes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; their help is made of the parameters' declarations."""
    from divgrad.conductances import CONDUCTANCES
    from divgrad.equations import EQUATIONS
    from divgrad.schemes import SCHEMES
    from divgrad.stopping import STOPS

    files.add_arguments(parser, ending="_flow")
    spec = "NAME[:PARAMETER=VALUE,...]"
    parser.add_argument("-e", "--equation", required=True, metavar=spec, help="what flows how")
    parser.add_argument("-s", "--scheme", default="explicit", metavar=spec, help="how time passes")
    parser.add_argument(
        "-u", "--until", action="append", required=True, metavar=spec,
        help="when to stop; given more than once: whichever comes first",
    )  # fmt: skip
    parts.add_arguments(parser)
    parser.epilog = "\n".join(
        [
            EXAMPLE,
            describe(EQUATIONS, "equations"),
            f"      conductances: {', '.join(CONDUCTANCES)}",
            describe(SCHEMES, "schemes"),
            describe(STOPS, "stopping rules"),
        ]
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if arguments.recipe:
        return recipes.show(arguments, ("equation", "scheme", "until"))
    from divgrad.equations import EQUATIONS
    from divgrad.schemes import SCHEMES
    from divgrad.stopping import STOPS

    equation = parse(arguments.equation, EQUATIONS, "equation")
    scheme = parse(arguments.scheme, SCHEMES, "scheme")
    rules = [parse(text, STOPS, "stopping rule") for text in arguments.until]
    until = functools.reduce(operator.or_, rules)

    if parts.wanted(arguments):
        return _in_parts(arguments, equation, scheme, until)

    def treat(path: Path, target: Path, bar: Progress) -> dict[str, Any]:
        return _treat(
            files.opening(arguments).open(path), path, target, bar, equation, scheme, until
        )

    return files.work_through(arguments, "_flow", treat, _show)


def _in_parts(arguments: argparse.Namespace, equation: Any, scheme: Any, until: Any) -> int:
    """Run the flow over Zarr volumes, block by block."""
    from divgrad.volumes import evolve

    def treat(path: Path, target: Path, more: dict[str, Any]) -> dict[str, Any]:
        dtype = parts.source_dtype(path)
        end = evolve(path, equation, scheme=scheme, until=until, out=target, dtype=dtype, **more)
        return {
            "input": str(path), "output": str(target), "equation": str(equation),
            "scheme": str(scheme), "until": str(until), "time": end.t, "steps": end.steps,
            "passes": end.passes, "notes": [],
        }  # fmt: skip

    return parts.work_through(arguments, "_flow", treat, _show)


def _treat(
    picture: Opened, path: Path, target: Path, bar: Progress, equation: Any, scheme: Any, until: Any
) -> dict[str, Any]:
    from divgrad.evolution import march
    from divgrad.io.pixels import save_picture
    from divgrad.stopping import Steps, Time

    rules = getattr(until, "rules", (until,))
    end = min((rule.time for rule in rules if isinstance(rule, Time)), default=0.0)
    most = min((rule.steps for rule in rules if isinstance(rule, Steps)), default=0)
    frame = None
    for frame in march(
        picture.colours, equation, scheme=scheme, until=until,
        channel_axis=picture.channel_axis, spacing=picture.spacing, every=EVERY,
    ):  # fmt: skip
        bar(max(frame.t / end if end else 0.0, frame.step / most if most else 0.0))
    assert frame is not None
    notes = save_picture(target, frame.u, picture)
    return {
        "input": str(path), "output": str(target), "equation": str(equation),
        "scheme": str(scheme), "until": str(until), "time": frame.t, "steps": frame.step,
        "notes": notes,
    }  # fmt: skip


def _show(result: dict[str, Any]) -> str:
    lines = [
        f"{result['input']}: {result['equation']} to t = {result['time']:g}, {result['steps']} steps",
        f"  -> {result['output']} ({result['seconds']:.2f} s)",
    ]
    return "\n".join(lines)
