"""A recipe: steps that follow each other, run on an image."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike, NDArray

from divgrad.errors import ImageError, RecipeError
from divgrad.recipes.step import Step, call, ending
from divgrad.recipes.text import scalar

VERSION = 1
MOST = 100  # steps


@dataclass(frozen=True, eq=False)
class Made:
    """What a recipe makes of an image.

    Attributes
    ----------
    image
        The result of the last step.
    report
        Sentences of all steps.
    spacing
        Of the result; None where none was given.
    """

    image: NDArray[Any]
    report: tuple[str, ...]
    spacing: Any = None


@dataclass(frozen=True)
class Recipe:
    """Steps that follow each other; what one makes of an image is given to the next, unrounded.

    Parameters
    ----------
    steps
        At least one.

    Examples
    --------
    >>> import numpy as np
    >>> recipe = Recipe((Step("flow", (("equation", ("heat",)), ("until", ("steps:0",)))),))
    >>> print(recipe.text())
    divgrad: 1
    steps:
      - flow:
          equation: heat
          until: steps:0
    <BLANKLINE>
    >>> bool((recipe.run(np.eye(3)) == np.eye(3)).all())
    True
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MOST:
            raise RecipeError(f"a recipe has 1 to {MOST} steps; this has {len(self.steps)}")

    def run(
        self,
        image: ArrayLike,
        *,
        channel_axis: int | None = None,
        spacing: float | Sequence[float] | None = None,
        native: Mapping[str, Any] | None = None,
        report: bool = False,
    ) -> Any:
        """Return the image after all steps.

        Parameters
        ----------
        image : array_like
            Image, 1-D to 3-D, any real dtype; never written to.
        channel_axis : int, optional
            Axis of the channels.
        spacing : float or sequence of float, optional
            Distance of pixels along each spatial axis.
        native : mapping, optional
            What its file says beside pixels (``Picture.metadata.native``): quantisation tables of a JPEG.
        report : bool
            Whether to return a :class:`Made`: the image, sentences on every step, and the spacing.

        Returns
        -------
        ndarray or Made
            As the last step returns it: grey values as float32 or float64, labels as whole numbers.

        Raises
        ------
        DivgradError
            As the tasks do.
        """
        made: Any = image
        said: list[str] = []
        many = len(self.steps) > 1
        for n, step in enumerate(self.steps):
            result = call(step, made, channel_axis, spacing, None if n else native)
            made, spacing = result.image, getattr(result, "spacing", spacing)
            said += [f"{step.name}: {line}" if many else line for line in result.report]
            if made.dtype.kind in "biu" and n + 1 < len(self.steps):
                raise ImageError(
                    f"{step.name} gives labels, no grey values: it must be the last step of a recipe"
                )
        return Made(made, tuple(said), spacing) if report else made

    def text(self) -> str:
        """Return the recipe as YAML, which :func:`~divgrad.recipes.loads` reads."""
        lines = [f"divgrad: {VERSION}", "steps:"]
        for step in self.steps:
            lines.append(f"  - {step.name}{':' if step.written else ''}")
            for key, texts in step.written:
                if len(texts) == 1:
                    lines.append(f"      {key.replace('_', '-')}: {scalar(texts[0])}")
                else:
                    lines.append(f"      {key.replace('_', '-')}:")
                    lines += [f"        - {scalar(text)}" for text in texts]
        return "\n".join(lines) + "\n"

    def digest(self) -> str:
        """Return 64 hexadecimal digits that differ wherever results may: steps, values, contents of named files.

        >>> one, two = (Recipe((Step("denoise", (("sigma", (n,)),)),)) for n in ("12", "1.2e1"))
        >>> one.digest() == two.digest()
        True
        """
        parts = [VERSION, [step.identity() for step in self.steps]]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def suffix(self, given: str) -> str:
        """Return the suffix of an output for that of an input: the same, unless a step's result needs another.

        >>> Recipe((Step("repair-jpeg"), Step("enhance"))).suffix(".jpg")
        '.png'
        """
        for step in self.steps:
            kinds = ending(step.name).partition(".")[2]
            own = [f".{kind}" for kind in kinds.split("|") if kind]
            if own and given.lower() not in own:
                given = own[0]
        return given
