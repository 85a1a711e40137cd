"""A property that is worked out once; Python 3.11's own holds a lock, which a forked child may find taken for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class once(Generic[T]):
    """Like ``functools.cached_property``, without a lock: two threads at once may both work it out, to the same end."""

    def __init__(self, work: Callable[[Any], T]) -> None:
        self.work, self.__doc__ = work, work.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> T:
        value = self.work(instance)
        instance.__dict__[self.name] = value  # found first from now on
        return value
