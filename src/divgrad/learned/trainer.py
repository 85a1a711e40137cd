"""Train a diffusion on a folder of images, or on arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from divgrad.errors import ParameterError
from divgrad.learned.data import Sample, arrange, held_out, load
from divgrad.learned.weights import Model

try:
    from divgrad.learned.model import Architecture
    from divgrad.learned.training import Look, Recipe, Training
except ImportError as error:  # pragma: no cover
    raise ParameterError("training needs PyTorch: pip install divgrad[learn]") from error

#: Architectures of the models that ship.
FAST = Architecture(stages=6, filters=20, size=3, fold=2, hidden=4)
BEST = Architecture(stages=10, filters=48, size=3, fold=2, hidden=8)
FAST_COLOUR = Architecture(stages=6, filters=32, fold=2, size=3, channels=3, hidden=4, luma="fast")
BEST_COLOUR = replace(FAST_COLOUR, luma="best")


def train(
    images: str | Path | Sequence[Any],
    folder: str | Path = "divgrad-training",
    *,
    architecture: Architecture = FAST,
    recipe: Recipe | None = None,
    noise: Any = None,
    reductions: Sequence[int] = (1,),
    start: Model | None = None,
) -> Iterator[Look]:
    """Train a diffusion, and yield how far it is after each look at validation.

    Parameters
    ----------
    images
        A folder of clean images, or one that holds the folders ``clean`` and ``noisy`` with pairs; or a list
        of arrays, or of pairs ``(noisy, clean)``. Grey values 0..255.
    folder
        Where ``model.safetensors``, ``checkpoint.pt`` and ``loss.png`` go. A training that was ended there is
        gone on with.
    architecture, recipe
        What is trained, and how.
    noise
        What the model is to remove from clean images; default
        :class:`~divgrad.learned.noises.GaussianNoise`, 1 to 75.
    reductions
        Sizes in which images of a folder are used: 2 is half of it.
    start
        A trained model of the same architecture to begin with: far fewer steps are then needed.

    Raises
    ------
    ParameterError
        If there are no images, or PyTorch is not installed.

    Examples
    --------
    >>> import tempfile
    >>> image = np.random.default_rng(0).uniform(0, 255, (64, 64))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     looks = list(train([image], folder, recipe=Recipe(steps=4, batch=2, every=2)))
    >>> [look.step for look in looks]
    [2, 4]
    """
    recipe = recipe or Recipe()
    colour = architecture.channels == 3
    if isinstance(images, str | Path):
        samples, name = load(images, colour=colour, reductions=reductions), Path(images).name
    else:
        samples, name = [_sample(image, colour) for image in images], "arrays"
    if not samples:
        raise ParameterError("training needs at least one image")
    seen, unseen = held_out(samples, recipe.patch)
    facts = {"data": name, "images": len(samples)}
    training = Training(
        seen, unseen, folder, architecture=architecture, recipe=recipe, noise=noise, facts=facts,
        start=start,
    )  # fmt: skip
    yield from training.run()


def _sample(image: Any, colour: bool) -> Sample:
    if isinstance(image, tuple):
        noisy, clean = (arrange(np.asarray(part, np.float32), colour=colour) for part in image)
        return clean, noisy
    return arrange(np.asarray(image, np.float32), colour=colour), None
