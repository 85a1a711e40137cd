"""One call of a kernel, on which it is tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Trial(NamedTuple):
    """A call of one function of a kernel.

    Parameters
    ----------
    name
        Which function.
    arguments
        What to call it with.
    switches
        What its kernel is compiled for.
    conductive
        Whether it calls the conductance; else any will do.
    """

    name: str
    arguments: Sequence[Any]
    switches: dict[str, Any] = {}  # noqa: RUF012
    conductive: bool = False
