"""``--recipe``: any command from file to file as a recipe for ``divgrad batch``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any


class _Instead(argparse.Action):
    """An option with which input files are not needed."""

    def __init__(self, *, inputs: argparse.Action, **facts: Any) -> None:
        super().__init__(nargs=0, default=False, **facts)
        self.inputs = inputs

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, True)
        self.inputs.required = False


def add_argument(parser: argparse.ArgumentParser, inputs: argparse.Action) -> None:
    """Declare the option."""
    parser.add_argument(
        "--recipe", action=_Instead, inputs=inputs,
        help="print the command as a recipe for divgrad batch, and do no more; IN is not needed",
    )  # fmt: skip


def show(arguments: argparse.Namespace, keys: Iterable[str]) -> int:
    """Print what a command line asks for as a recipe; files are written with their whole path.

    Raises
    ------
    ParameterError
        If what is asked for is not part of recipes.
    RecipeError
        If a value does not fit.
    """
    from divgrad.errors import ParameterError
    from divgrad.recipes import Recipe, Step
    from divgrad.recipes.written import WRITTEN

    for option in ("isolated", "keep_nan"):
        if getattr(arguments, option):
            raise ParameterError(
                f"--{option.replace('_', '-')} is about reading files, not part of a recipe: give it to divgrad batch"
            )
    written: list[tuple[str, tuple[str, ...]]] = []
    for key in keys:
        given = getattr(arguments, key)
        if given is None:
            continue
        texts = (
            given
            if isinstance(given, list)
            else [str(given).lower() if isinstance(given, bool) else given]
        )
        if key in WRITTEN:
            is_file = WRITTEN[key].file
            texts = [str(Path(text).absolute()) if is_file(text) else text for text in texts]
        written.append((key, tuple(texts)))
    print(Recipe((Step(arguments.command, tuple(written)),)).text(), end="")
    return 0
