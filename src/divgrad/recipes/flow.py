"""Any equation, by any scheme, until any stopping rule, as a step of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike, NDArray

from divgrad.parameters import Parameter

PARAMETERS: dict[str, Parameter] = {
    "equation": Parameter("What flows how", kind=object, example="perona-malik:contrast=20"),
    "scheme": Parameter("How time passes", kind=object, example="fsi"),
    "until": Parameter("When to stop", kind=object, example="time:10"),
}
ENDING = "_flow"


@dataclass(frozen=True, eq=False)
class Flowed:
    """An image after a flow, and what was done."""

    image: NDArray[Any]
    report: tuple[str, ...]


def flow(
    image: ArrayLike,
    equation: Any,
    *,
    until: Any,
    scheme: Any = None,
    channel_axis: int | None = None,
    spacing: float | Sequence[float] | None = None,
    report: bool = False,
) -> NDArray[Any] | Flowed:
    """Let an image flow, as ``divgrad flow`` does.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad import Heat, Steps
    >>> flow(np.eye(3), Heat(), until=Steps(0)).sum()
    np.float64(3.0)
    """
    from divgrad.evolution import evolve

    done = evolve(
        image, equation, until=until, scheme=scheme, channel_axis=channel_axis, spacing=spacing
    )
    said = f"{done.equation} to t = {done.t:g}, {done.steps} steps: {done.reason}"
    return Flowed(done.u, (said,)) if report else done.u
