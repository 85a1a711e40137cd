"""The modules of the formats, each loaded when a file first asks for it: start-up time is for everyone."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from divgrad.errors import FileError
from divgrad.io.formats import Format
from divgrad.io.picture import Picture


class Codec(Protocol):
    """What the module of a format offers; ``encode`` where it is written."""

    def decode(self, file: BinaryIO, max_bytes: int | None) -> Picture:
        """Return the picture in an open file."""

    def encode(self, file: BinaryIO, picture: Picture) -> list[str]:
        """Write the picture; return a sentence for each thing that could not be kept."""


class PartCodec(Codec, Protocol):
    """What the module of a format offers of which a file holds several images."""

    def decode_part(self, file: BinaryIO, part: str, max_bytes: int | None) -> Picture:
        """Return the picture that is called `part` within the file."""


class FolderCodec(Protocol):
    """What the module of a format offers of which an image is a folder."""

    def decode_folder(self, folder: Path, max_bytes: int | None) -> Picture:
        """Return the picture in a folder."""

    def encode_folder(self, folder: Path, picture: Picture) -> list[str]:
        """Fill the folder, which exists and is empty."""


def codec(form: Format, failure: type[FileError]) -> Codec:
    """Return the module of a format; raise `failure` where what it needs is not installed."""
    return cast(Codec, _module(form, failure))


def part_codec(form: Format, failure: type[FileError]) -> PartCodec:
    """Return the module of a format that holds several images, as `codec` does."""
    return cast(PartCodec, _module(form, failure))


def folder_codec(form: Format, failure: type[FileError]) -> FolderCodec:
    """Return the module of a format whose images are folders, as `codec` does."""
    return cast(FolderCodec, _module(form, failure))


def _module(form: Format, failure: type[FileError]) -> object:
    try:
        return import_module(f"divgrad.io.{form.module}")
    except ModuleNotFoundError as error:
        if not form.extra:
            raise
        raise failure(
            f"{form.name} needs {error.name}: pip install 'divgrad[{form.extra}]'"
        ) from None
