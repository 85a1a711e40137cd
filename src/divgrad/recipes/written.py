"""How parameters that are no numbers are written on the command line: one line here for each name."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from divgrad.errors import ParameterError
from divgrad.parameters import Parameter


@dataclass(frozen=True)
class Written:
    """How a parameter is written.

    Parameters
    ----------
    metavar
        What stands for it in the help.
    hint
        A sentence that is added to the help.
    read
        Text, or all texts where it may be given more than once, -> value.
    many
        Whether it may be given more than once.
    file
        Whether a text is the path of a file.
    """

    metavar: str
    hint: str
    read: Callable[[Any], Any]
    many: bool = False
    file: Callable[[str], bool] = lambda text: False


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


def rules(texts: Sequence[str]) -> Any:
    """Return the stopping rule, or whichever comes first of several."""
    from divgrad.recipes.specs import parse
    from divgrad.stopping import STOPS

    return functools.reduce(operator.or_, [parse(text, STOPS, "stopping rule") for text in texts])


def flow(text: str) -> Any:
    """Return the equation that a text such as ``perona-malik:contrast=20`` describes."""
    from divgrad.equations import EQUATIONS
    from divgrad.recipes.specs import parse

    return parse(text, EQUATIONS, "equation")


def scheme(text: str) -> Any:
    """Return the scheme that a text such as ``explicit:tau=0.2`` describes."""
    from divgrad.recipes.specs import parse
    from divgrad.schemes import SCHEMES

    return parse(text, SCHEMES, "scheme")


def name(text: str) -> str | None:
    """Return a name, or None for ``none``."""
    return None if text == "none" else text


def file_or_colour(text: str) -> Any:
    """Return the pixels of a file as True and False (all that is not 0), or the numbers of a colour.

    >>> file_or_colour("#ff0080"), file_or_colour("0")
    ((255.0, 0.0, 128.0), (0.0,))
    """
    numbers = colour(text)
    return marked(text) if numbers is None else numbers


def colour(text: str) -> tuple[float, ...] | None:
    """Return the numbers of a colour; None where the text is none."""
    digits = text.removeprefix("#")
    if text.startswith("#") and len(digits) == 6:
        try:
            return tuple(float(int(digits[n : n + 2], 16)) for n in (0, 2, 4))
        except ValueError:
            pass
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        return None


def marked(text: str) -> Any:
    """Return where a file is not 0."""
    from divgrad.io.pixels import PLAIN

    opened = PLAIN.open(Path(text))
    array = opened.colours != 0
    return array if opened.channel_axis is None else array.any(axis=opened.channel_axis)


def picture(text: str) -> Any:
    """Return the pixels of a file, channels last."""
    import numpy as np

    from divgrad.io.pixels import PLAIN

    opened = PLAIN.open(Path(text))
    axis = opened.channel_axis
    return opened.colours if axis is None else np.moveaxis(opened.colours, axis, -1)


def numbered(text: str) -> Any:
    """Return a file's grey values, or its colours numbered from 1 in the order of their values, black 0."""
    import numpy as np

    pixels = picture(text)
    if pixels.ndim < 3 or pixels.shape[-1] > 3:
        return pixels
    kinds, places = np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0, return_inverse=True)
    if len(kinds) > 255:
        raise ParameterError(
            f"{text} has {len(kinds)} colours: seeds are drawn in a few, without blur"
        )
    numbers = np.cumsum(kinds.any(axis=1)) * kinds.any(axis=1)
    return numbers[places.reshape(pixels.shape[:-1])]


def always(text: str) -> bool:
    """Return True: the text is the path of a file."""
    return True


def contour(text: str) -> Any:
    """Return a centre and a radius, corners, or where a file is not 0.

    >>> contour("40,50,20"), contour("10,10 10,60 50,30")
    ((40.0, 50.0, 20.0), ((10.0, 10.0), (10.0, 60.0), (50.0, 30.0)))
    """
    try:
        parts = tuple(tuple(float(x) for x in part.split(",")) for part in text.split())
    except ValueError:
        return marked(text)
    return parts[0] if len(parts) == 1 else parts


def of_contour(text: str) -> bool:
    """Return whether a contour is the path of a file."""
    return not set(text) <= set("0123456789.,+-e ")


#: Name of a parameter -> how it is written; all others are numbers, or yes and no.
WRITTEN: dict[str, Written] = {
    "until": Written(
        "RULE", "Written time:3 or steps:10; given more than once: whichever comes first.", rules, True
    ),
    "spacing": Written("H[,H[,H]]", "Default: the file's.", lengths),
    "using": Written("FLOW", "Written perona-malik:contrast=20, as after flow --equation.", flow),
    "equation": Written("FLOW", "Written perona-malik:contrast=20.", flow),
    "scheme": Written("SCHEME", "Written explicit:tau=0.2.", scheme),
    "model": Written("NAME", "Written as its name, or none.", name),
    "seeds": Written(
        "FILE", "An image file: black is unknown, each grey or colour a label.", numbered, file=always
    ),
    "border": Written("FILE", "An image file, not 0 along the border.", marked, file=always),
    "start": Written(
        "FILE|NUMBERS", 'An image file, not 0 within; or row,col,radius; or corners, "10,10 10,60 50,30".', contour,
        file=of_contour,
    ),
    "target": Written("FILE", "An image file.", picture, file=always),
    "mask": Written(
        "FILE|COLOUR", "An image file, not 0 where the mask is; or a colour, #ff0000 or 255,0,0.", file_or_colour,
        file=lambda text: colour(text) is None,
    ),
}  # fmt: skip


def value(name: str, key: str, fact: Parameter, texts: Sequence[str]) -> Any:
    """Return what the texts that stand for a parameter mean, checked; ``name`` is what errors call it.

    Raises
    ------
    ParameterError
        If they do not fit what is declared of it.

    >>> value("sigma", "sigma", Parameter("", least=0, optional=True), ["12"])
    12.0
    """
    from divgrad.recipes.specs import number

    known = WRITTEN.get(key)
    if known is not None and known.many:
        return known.read(texts)
    if len(texts) != 1:
        raise ParameterError(f"{name} needs one value; got {len(texts)}")
    (text,) = texts
    if text == "none" and fact.optional:
        return None
    if known is not None:
        return known.read(text)
    if fact.kind is bool:
        if text.lower() not in ("true", "false"):
            raise ParameterError(f"{name} must be true or false; got {text!r:.60}")
        return text.lower() == "true"
    if fact.kind is object:
        raise ParameterError(f"{name} cannot be written as text: use it from Python")
    return number(name, fact, text)
