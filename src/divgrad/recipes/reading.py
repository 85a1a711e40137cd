"""Recipes from files and from text, checked before any image is looked at."""

from __future__ import annotations

import os
from pathlib import Path

from divgrad.errors import DivgradError, RecipeError
from divgrad.recipes.recipe import VERSION, Recipe
from divgrad.recipes.step import Step
from divgrad.recipes.text import LARGEST, Tree, parse_text
from divgrad.recipes.written import WRITTEN

_FORM = "it begins with divgrad: 1 and has steps: a list of tasks, such as - denoise"


def load(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe from a file; paths in it are relative to its folder.

    Raises
    ------
    RecipeError
        If the file cannot be read or the recipe cannot be followed; on one line.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = file.read(4 * LARGEST + 1).decode()
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: the recipe is no text (UTF-8)") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecipeError(f"{path}: the recipe cannot be read: {reason}") from None
    try:
        return loads(text, path.parent)
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from None


def loads(text: str, folder: str | os.PathLike[str] = ".") -> Recipe:
    r"""Read a recipe from its text; paths in it are relative to a folder.

    Raises
    ------
    RecipeError
        If the recipe cannot be followed; on one line.

    Examples
    --------
    >>> loads("divgrad: 1\nsteps: [denoise, enhance: {detail: 3}]").steps[1].options()
    {'detail': 3.0}
    """
    tree = parse_text(text)
    if not isinstance(tree, dict) or "divgrad" not in tree or "steps" not in tree:
        raise RecipeError(f"this is no recipe: {_FORM}")
    more = [key for key in tree if key not in ("divgrad", "steps")]
    if more:
        raise RecipeError(f"{more[0]!r:.40} is unknown: a recipe has divgrad and steps")
    if tree["divgrad"] != str(VERSION):
        given = tree["divgrad"] if isinstance(tree["divgrad"], str) else "no number"
        raise RecipeError(f"divgrad: {given:.20} is another version of recipes; here is {VERSION}")
    if not isinstance(tree["steps"], list) or not tree["steps"]:
        raise RecipeError(f"steps must be a list: {_FORM}")
    steps = []
    for n, entry in enumerate(tree["steps"], 1):
        try:
            steps.append(_step(entry, Path(folder)))
        except DivgradError as error:
            raise RecipeError(f"step {n}: {error}") from None
    return Recipe(tuple(steps))


def _step(entry: Tree, folder: Path) -> Step:
    """Return the step that stands in a recipe as ``name`` or ``name: {parameter: value}``."""
    if isinstance(entry, str):
        return Step(entry.replace("_", "-"))
    if not isinstance(entry, dict) or len(entry) != 1:
        raise RecipeError(
            "a task is needed, or a task, a colon and its parameters, further to the right"
        )
    ((name, given),) = entry.items()
    name = name.replace("_", "-")
    if given == "none":  # a colon and nothing after it
        return Step(name)
    if not isinstance(given, dict):
        raise RecipeError(f"{name}: parameters are needed, such as sigma: 12, each on its line")
    written: list[tuple[str, tuple[str, ...]]] = []
    for key, texts in given.items():
        key, many = key.replace("-", "_"), texts if isinstance(texts, list) else [texts]
        if not many or not all(isinstance(text, str) for text in many):
            raise RecipeError(f"{name}: {key}: a value is needed, or a list of values")
        is_file = WRITTEN[key].file if key in WRITTEN else None
        if any(key == other for other, _ in written):
            raise RecipeError(f"{name}: {key} is given twice")
        placed = (
            str((folder / text).absolute())
            if is_file and text != "none" and is_file(text)
            else text
            for text in many
        )
        written.append((key, tuple(placed)))
    return Step(name, tuple(written))
