"""The file formats, each loaded when a file first asks for it: start-up time is for everyone."""

from __future__ import annotations

from importlib import import_module
from typing import BinaryIO, Protocol, cast

from divgrad.io.picture import Picture


class Codec(Protocol):
    """What the module of a format offers."""

    def decode(self, file: BinaryIO, max_bytes: int | None) -> Picture:
        """Return the picture in an open file."""

    def encode(self, file: BinaryIO, picture: Picture) -> list[str]:
        """Write the picture; return a sentence for each thing that could not be kept."""


def codec(name: str) -> Codec:
    """Return the module of the format `name`, such as ``"PNG"``."""
    return cast(Codec, import_module(f"divgrad.io.{name.lower()}"))
