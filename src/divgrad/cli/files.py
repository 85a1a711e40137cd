"""Input and output files of a sub-command: names, one after the other, nothing overwritten unasked."""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divgrad.cli import recipes
from divgrad.cli.complaint import complain, warn
from divgrad.cli.progress import Progress
from divgrad.errors import DivgradError, ImageWriteError, ParameterError

if TYPE_CHECKING:
    from divgrad.io.pixels import Opening


def add_arguments(parser: argparse.ArgumentParser, *, ending: str) -> None:
    """Declare IN..., -o, --force and --recipe."""
    inputs = parser.add_argument("files", nargs="+", metavar="IN", help="image files")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="output file; for several inputs a folder; default: beside IN, with "
        f"{ending.partition('|')[0]} in its name",
    )
    parser.add_argument("-f", "--force", action="store_true", help="overwrite existing outputs")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")
    add_reading(parser)
    recipes.add_argument(parser, inputs)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Declare --isolated and --keep-nan."""
    parser.add_argument(
        "--isolated",
        action="store_true",
        help="decode files that are not trusted in a process of its own, with limits of time and memory",
    )
    parser.add_argument(
        "--keep-nan",
        action="store_true",
        help="treat an image that holds NaN or Inf; the same pixels, and no others, hold them in the output",
    )


def opening(arguments: argparse.Namespace) -> Opening:
    """Return how inputs are to be opened."""
    from divgrad.io import Isolation
    from divgrad.io.pixels import Opening

    return Opening(Isolation() if arguments.isolated else None, arguments.keep_nan)


def targets(arguments: argparse.Namespace, ending: str) -> list[tuple[Path, Path]]:
    """Return (input, output) pairs, checked before any work is done.

    An ending such as ``_labels.png|tif`` keeps the suffix of an input that is among these; others get the first.

    Raises
    ------
    ParameterError
        If several inputs would go to one file.
    ImageWriteError
        If an output exists and ``--force`` was not given, or cannot be written.
    """
    from divgrad.io.formats import INSTEAD, WRITTEN, stem_of, suffix_of
    from divgrad.io.reading import placed

    inputs = [Path(name) for name in arguments.files]
    output = None if arguments.output is None else Path(arguments.output)
    into = False
    if output is not None:
        folder = arguments.output.endswith(("/", os.sep))
        into = (output.is_dir() and suffix_of(output) != ".zarr") or len(inputs) > 1 or folder
        _prepare(output, into)
    stem, _, kinds = ending.partition(".")
    own = [f".{kind}" for kind in kinds.split("|") if kind]
    pairs = []
    for path in inputs:
        place, part = placed(path)
        if part:  # one array of a file
            place = place.with_name(f"{stem_of(place)}_{Path(part).name}{suffix_of(place)}")
        suffix = suffix_of(place)
        if own and suffix.lower() not in own:
            suffix = own[0]
        elif suffix.lower() not in WRITTEN and (place.is_dir() or suffix.lower() == ".dcm"):
            suffix = INSTEAD
        if into and output is not None:
            target = output / (stem_of(place) + suffix)
        else:
            target = output or place.with_name(f"{stem_of(place)}{stem}{suffix}")
        pairs.append((path, target))
    outputs = [target for _, target in pairs]
    twice = next((target for target in outputs if outputs.count(target) > 1), None)
    if twice is not None:
        raise ParameterError(f"two inputs would be written to {twice}: rename one")
    if not arguments.force:
        for path, target in pairs:
            if target.exists():
                same = " (the input itself)" if path.exists() and target.samefile(path) else ""
                raise ImageWriteError(f"{target} exists{same}: choose another -o, or add --force")
    return pairs


def _prepare(output: Path, into: bool) -> None:
    """Make the folder of the outputs, or see that a file can go there."""
    from divgrad.io.formats import WRITTEN, suffix_of

    if into:
        if output.exists() and not output.is_dir():
            raise ParameterError(f"{output} is a file: several inputs need a folder after -o")
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ImageWriteError(f"the folder {output} cannot be made: {error.strerror}") from None
    elif suffix_of(output).lower() not in WRITTEN:
        raise ImageWriteError(
            f"{output}: the suffix {output.suffix!r} is unknown; use one of {', '.join(WRITTEN)}"
        )
    elif not output.parent.is_dir():
        raise ImageWriteError(f"{output}: its folder does not exist; make it first")


def work_through(
    arguments: argparse.Namespace,
    ending: str,
    treat: Callable[[Path, Path, Progress], dict[str, Any]],
    show: Callable[[dict[str, Any]], str],
) -> int:
    """Treat every file; errors of one do not stop the rest. Return 0, 1 (some failed) or 2 (all did)."""
    pairs = targets(arguments, ending)
    results: list[dict[str, Any]] = []
    failed = 0
    for path, target in pairs:
        start = time.perf_counter()
        try:
            with Progress(path.name) as bar:
                result = treat(path, target, bar)
            result["seconds"] = round(time.perf_counter() - start, 3)
            if not (arguments.quiet or arguments.json):
                print(show(result), flush=True)
                warn(target, result.get("notes", ()))
        except DivgradError as error:
            result = {
                "input": str(path),
                "error": complain(error, path if len(pairs) > 1 else None),
            }
            failed += 1
        results.append(result)
    if arguments.json:
        print(json.dumps(results[0] if len(results) == 1 else {"files": results}))
    return 0 if not failed else 2 if failed == len(pairs) else 1
