"""``divgrad batch RECIPE FILES... -o FOLDER``: a recipe over many files."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import sys
from typing import TYPE_CHECKING, Any

from divgrad.cli import files
from divgrad.cli.complaint import error_line
from divgrad.cli.progress import Progress
from divgrad.errors import ParameterError

if TYPE_CHECKING:
    from divgrad.batches import Outcome

EXAMPLE = """\
examples:
  divgrad denoise --sigma 12 --recipe > my.yaml        # any command as a recipe
  divgrad batch my.yaml *.tif -o results/
  divgrad batch my.yaml micrographs/ -o results/ --workers 4

a recipe of several steps:
  divgrad: 1
  steps:
    - flatten
    - denoise:
        sigma: 12
    - flow:
        equation: perona-malik:contrast=20
        until: time:2

Outputs have the names of their inputs; labels of a JPEG become PNG. What is done is noted in the folder: started again
after an interrupt, or a power failure, a batch goes on where it was. Started twice, two processes share
the work. divgrad-batch.csv and divgrad-batch.json there tell what became of each file.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("recipe", metavar="RECIPE", help="recipe (YAML)")
    parser.add_argument(
        "files", nargs="+", metavar="IN", help="image files; of a folder all images in it"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="FOLDER", help="folder of the outputs"
    )
    parser.add_argument(
        "--workers", metavar="N",
        help="processes, which share the cores; 1: none beside this one (default: the cores)",
    )  # fmt: skip
    parser.add_argument(
        "-f", "--force", action="store_true",
        help="overwrite outputs that exist and are not from this batch",
    )  # fmt: skip
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    files.add_reading(parser)
    parser.epilog = EXAMPLE


def run(arguments: argparse.Namespace) -> int:
    """Run the command: 0, 1 (some files failed) or 2 (all did)."""
    from divgrad.batches import batch, inputs
    from divgrad.batches.summary import write_summary
    from divgrad.recipes import load

    given = inputs(arguments.files)
    how = files.opening(arguments)
    outcomes: dict[str, Outcome] = {}
    count: collections.Counter[str] = collections.Counter()
    talk = not (arguments.quiet or arguments.json)
    with Progress("batch") as bar:
        for outcome in batch(
            load(arguments.recipe), given, arguments.output, workers=_workers(arguments.workers),
            force=arguments.force, isolated=how.isolated, keep_nan=how.keep_nan,
        ):  # fmt: skip
            outcomes[outcome.input] = outcome
            count[outcome.status] += 1
            bar.title = f"{len(outcomes)} of {len(given)}" + (
                f", {count['failed']} failed" if count["failed"] else ""
            )
            bar(len(outcomes) / len(given))
            if outcome.error:
                bar.say(error_line(outcome.error), sys.stderr)
            elif talk and outcome.status == "done":
                bar.say(_show(outcome), sys.stdout)
    done = [outcomes[str(path)] for path in given]
    table = write_summary(arguments.output, done)
    if arguments.json:
        rows: list[dict[str, Any]] = [dataclasses.asdict(outcome) for outcome in done]
        print(json.dumps({"files": rows, "summary": str(table)}))
    elif talk:
        said = ", ".join(f"{number} {status}" for status, number in count.items())
        print(f"{len(done)} files: {said}\n  -> {table}")
    return 0 if not count["failed"] else 2 if count["failed"] == len(done) else 1


def _workers(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 6:
        raise ParameterError(f"--workers must be a whole number >= 1; got {text!r:.40}")
    return int(text)


def _show(outcome: Outcome) -> str:
    said = [f"  {line}" for line in (*outcome.report, *outcome.notes)]
    return "\n".join([outcome.input, *said, f"  -> {outcome.output} ({outcome.seconds:.2f} s)"])
