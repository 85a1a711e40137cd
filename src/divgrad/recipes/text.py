"""The text of a recipe: a strict part of YAML in which every value is the text that stands there.

YAML itself turns ``no`` into False, ``1:30`` into 90, ``010`` into 8 and leaves ``1e3`` a text, and a few hundred
bytes of references can stand for gigabytes. Here a value is what was written, as on the command line; tags,
references and names given twice are refused.
"""

from __future__ import annotations

import json
import re
from typing import Any

from divgrad.errors import RecipeError

LARGEST = 65_536  # characters: a hundred steps with everything stated are a tenth of that
DEEPEST = 4  # the file, its steps, a step, its parameters; a list of rules in these is text
_PLAIN = re.compile(r"[A-Za-z0-9./][A-Za-z0-9._/:=,+-]*(?<!:)")
_NONE = ("", "~", "null", "Null", "NULL")

#: What a recipe is made of before it is understood: texts, lists and tables of such.
Tree = str | list[Any] | dict[str, Any]


def parse_text(text: str) -> Tree:
    r"""Return the lists, tables and texts that a text of YAML writes down.

    Raises
    ------
    RecipeError
        If it is no YAML, or uses what recipes do not need; with the line.

    >>> parse_text("divgrad: 1\nsteps: [enhance, {denoise: {sigma: 1e1}}]")
    {'divgrad': '1', 'steps': ['enhance', {'denoise': {'sigma': '1e1'}}]}
    """
    import yaml

    if len(text) > LARGEST:
        raise RecipeError(f"a recipe has at most {LARGEST:,} characters; this has {len(text):,}")
    try:
        return _built(yaml.parse(text, Loader=yaml.BaseLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark is not None else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise RecipeError(f"{place}this is no YAML: {problem:.80}") from None


def _built(events: Any) -> Tree:
    """Put events together, without recursion: however deep brackets are nested, nothing overflows."""
    import yaml

    root: list[Any] = []
    open_: list[Any] = [root]  # what is being filled, outermost first
    keys: list[str | None] = [None]  # the name that waits for its value in each
    documents = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise RecipeError(f"line {line}: references (& and *) are not used in recipes")
        if getattr(event, "tag", None) not in (None, "!"):
            raise RecipeError(f"line {line}: tags such as {event.tag:.20} are not used in recipes")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise RecipeError(f"line {line}: a second document begins; a file is one recipe")
        elif isinstance(event, yaml.ScalarEvent):
            bare = event.style is None and event.value in _NONE
            _put(open_[-1], keys, "none" if bare else event.value, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(open_) > DEEPEST + 1:
                raise RecipeError(f"line {line}: nested deeper than a recipe is")
            made: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            _put(open_[-1], keys, made, line)
            open_.append(made)
            keys.append(None)
        elif isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
            keys.pop()
    if not root:
        raise RecipeError("the recipe is empty")
    tree: Tree = root[0]
    return tree


def _put(into: Any, keys: list[str | None], value: Any, line: int) -> None:
    """Add a value to a list, or a name or its value to a table."""
    if isinstance(into, list):
        into.append(value)
    elif keys[-1] is None:
        if not isinstance(value, str):
            raise RecipeError(f"line {line}: a name is needed before the colon")
        if value in into:
            raise RecipeError(f"line {line}: {value!r:.40} is given twice")
        keys[-1] = value
    else:
        into[keys[-1]] = value
        keys[-1] = None


def scalar(text: str) -> str:
    """Return a text as YAML writes it, in quotes where it needs them.

    >>> scalar("time:10"), scalar("#ff0000")
    ('time:10', '"#ff0000"')
    """
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
