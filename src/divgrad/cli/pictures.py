"""``--overlay``, ``--plot``, ``--table``, ``--strength``: what people look at, beside the output.

A task offers them in its ``PICTURES``, a table of option and sentence. For ``overlay`` its result has
``overlay``, a mask or numbered regions that are drawn over the image; for ``plot`` it may have ``panels``, a table
of title and image, which are shown side by side after the image; without, the result is. There "result" has the
brightness of the image, all others from their least to their largest value; whole numbers are numbered regions.
For ``table`` it has ``table``, columns by name, which go to a CSV file; for ``strength`` a map, to a TIFF file.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from divgrad.errors import ImageWriteError, ParameterError

PLOT = {"plot": "the image and the result, side by side"}
# Of options; all others are pictures.
KINDS = {"table": ("a table (CSV)", "csv"), "strength": ("an image of real numbers (TIFF)", "tif")}
PICTURE = ("a picture (PNG)", "png")


def add_arguments(parser: argparse.ArgumentParser, offered: Mapping[str, str]) -> None:
    """Declare the options of the pictures that a task offers."""
    for option, sentence in offered.items():
        kind, _ = KINDS.get(option, PICTURE)
        text = f"write {kind}: {sentence}; for several inputs a folder"
        parser.add_argument(f"--{option}", metavar="PATH", help=text.replace("%", "%%"))


def places(
    arguments: argparse.Namespace, offered: Mapping[str, str], outputs: list[tuple[Path, Path]]
) -> dict[Path, dict[str, Path]]:
    """Return where the pictures of each input go, checked before any work is done.

    Raises
    ------
    ParameterError
        If two files would get one name.
    ImageWriteError
        If a picture exists and ``--force`` was not given, or its folder does not exist.
    """
    asked = {key: getattr(arguments, key) for key in offered if getattr(arguments, key)}
    taken = {target.absolute() for _, target in outputs} | {path.absolute() for path, _ in outputs}
    found: dict[Path, dict[str, Path]] = {path: {} for path, _ in outputs}
    for key, text in asked.items():
        folder = Path(text)
        into = len(outputs) > 1 or folder.is_dir() or text.endswith("/")
        if into:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = f"the folder {folder} cannot be made: {error.strerror}"
                raise ImageWriteError(f"--{key}: {reason}") from None
        for path in found:
            suffix = KINDS.get(key, PICTURE)[1]
            place = folder / f"{path.stem}_{key}.{suffix}" if into else folder
            if place.absolute() in taken:
                raise ParameterError(f"--{key}: {place} is another file of this run: rename one")
            if place.exists() and not arguments.force:
                raise ImageWriteError(f"{place} exists: choose another --{key}, or add --force")
            taken.add(place.absolute())
            found[path][key] = place
    return found


def draw(places: Mapping[str, Path], opened: Any, result: Any) -> dict[str, str]:
    """Write the pictures that were asked for; return option and path."""
    if not places:
        return {}
    if "table" in places:
        from divgrad.io.tables import write_table

        write_table(places["table"], result.table)
    from divgrad.cli.drawing import labelled, overlaid, side_by_side, span, visible
    from divgrad.io import write

    if "strength" in places:
        write(places["strength"], result.strength)
    given = visible(opened.colours, opened.channel_axis)
    if "overlay" in places:
        write(places["overlay"], overlaid(given, result.overlay), channel_axis=-1)
    if "plot" in places:
        among = span(opened.colours)
        panels = getattr(result, "panels", None) or {"result": result.image}
        shown = {"image": given}
        for title, array in panels.items():
            if array.dtype.kind in "iu":
                shown[title] = labelled(array)
                continue
            axis = opened.channel_axis if array.ndim == opened.colours.ndim else None
            shown[title] = visible(array, axis, among if title == "result" else None)
        write(places["plot"], side_by_side(shown), channel_axis=-1)
    return {key: str(path) for key, path in places.items()}
