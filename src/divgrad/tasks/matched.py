"""What the tasks for noise of a known kind have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import ArrayLike, NDArray

from divgrad.layout import enter
from divgrad.parameters import Parameter
from divgrad.tasks.gaussian_part import remove_gaussian
from divgrad.tasks.image_parameters import IMAGE
from divgrad.tasks.stabilised import denoise_stabilised
from divgrad.transforms import Stabiliser

COMMON: dict[str, Parameter] = {
    "model": Parameter("Learned model for images: 'best', or 'fast', about six times as fast", kind=object),
    **IMAGE,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Matched:
    """An image without its noise, and how that was done.

    Parameters
    ----------
    image
        The image, shaped as it was given.
    transform
        What made its noise Gaussian.
    report
        What was done, in plain sentences.
    """

    image: NDArray[Any]
    transform: Stabiliser
    report: tuple[str, ...]


def denoise_matched(
    image: ArrayLike,
    transform: Stabiliser,
    found: str,
    *,
    model: str,
    channel_axis: int | None,
    spacing: float | Sequence[float] | None,
    dtype: Any,
    halve: bool = True,
) -> Matched:
    """Denoise a user's image between a transform and its exact unbiased inverse."""
    u, grid, layout = enter(image, channel_axis=channel_axis, spacing=spacing)
    clean = denoise_stabilised(
        u, grid, transform, partial(remove_gaussian, model=model), halve=halve
    )
    said = (
        found,
        f"{type(transform).__name__} made it Gaussian of one level; its exact unbiased inverse keeps the brightness.",
    )
    return Matched(layout.leave(clean, dtype), transform, said)
