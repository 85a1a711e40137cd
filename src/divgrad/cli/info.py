"""``divgrad info``: what an image says of itself."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from divgrad.cli import files
from divgrad.cli.complaint import complain
from divgrad.errors import DivgradError

if TYPE_CHECKING:
    from divgrad.io.pixels import Opened

EXAMPLE = """\
example:
  divgrad info my.tif
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("files", nargs="+", metavar="IN", help="image files")
    files.add_reading(parser)
    parser.epilog = EXAMPLE


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    results, failed = [], 0
    for name in arguments.files:
        try:
            result = look(Path(name), files.opening(arguments).open(Path(name)))
            if not arguments.json:
                print(_show(result), flush=True)
        except DivgradError as error:
            result = {
                "input": name,
                "error": complain(error, name if len(arguments.files) > 1 else None),
            }
            failed += 1
        results.append(result)
    if arguments.json:
        print(json.dumps(results[0] if len(results) == 1 else {"files": results}))
    return 0 if not failed else 2 if failed == len(results) else 1


def look(path: Path, opened: Opened) -> dict[str, Any]:
    """Return what is known of an image file, ready for JSON."""
    from divgrad.estimate import contrast, noise_kind, noise_level
    from divgrad.io.exif import orientation

    picture, image, axis = opened.picture, opened.colours, opened.channel_axis
    found: dict[str, Any] = {
        "input": str(path),
        "shape": list(picture.array.shape),
        "dtype": str(picture.array.dtype),
        "channels": 1 if axis is None else int(image.shape[-1]),
        "opacity": picture.alpha,
        "spacing": None if picture.spacing is None else list(picture.spacing),
        "unit": picture.unit,
        "calibrated": picture.calibrated,
        "format": picture.metadata.format,
        "bits": picture.metadata.bits,
        "axes": picture.axes,
        "origin": None if picture.origin is None else list(picture.origin),
        "direction": None
        if picture.direction is None
        else [list(row) for row in picture.direction],
        "channel_names": list(picture.names),
        "colour_profile": picture.metadata.icc is not None,
        "orientation": orientation(picture.metadata.exif),
        "not_kept": list(picture.metadata.dropped),
        "range": [float(image.min()), float(image.max())],
    }
    kind = noise_kind(image, channel_axis=axis)
    level = noise_level(image, channel_axis=axis)
    slope = contrast(image, channel_axis=axis, spacing=opened.spacing)
    found |= {
        "noise": kind.kind, "sure": kind.sure, "noise_level": level, "explanation": kind.sentence,
        "suggested_contrast": slope,
    }  # fmt: skip
    return found


def _show(found: dict[str, Any]) -> str:
    size = " x ".join(map(str, found["shape"]))
    if found["spacing"] is None:
        spacing = "the file says none"
    else:
        unit = found["unit"] or "(no unit)"
        spacing = " x ".join(f"{h:g}" for h in found["spacing"]) + f" {unit}"
        spacing += "" if found["calibrated"] else ", a print resolution: not used"
    low, high = found["range"]
    return "\n".join(
        [
            found["input"],
            f"  format    {found['format']}{_depth(found)}",
            f"  size      {size}, {found['dtype']}, {_channels(found)}",
            f"  spacing   {spacing}",
            *_place(found),
            *(f"  not kept  {sentence}" for sentence in found["not_kept"]),
            f"  range     {low:g} to {high:g}",
            f"  noise     {found['explanation']}",
            f"  level     {found['noise_level']:.4g} (standard deviation, image units)",
            f"  contrast  {found['suggested_contrast']:.4g} suggested for perona-malik (slope, "
            "image units per length unit)",
        ]
    )


def _depth(found: dict[str, Any]) -> str:
    said = f", {found['bits']} bits" if found["bits"] else ""
    said += f", axes {found['axes'].lower()}" if found["axes"] else ""
    said += ", colour profile" if found["colour_profile"] else ""
    return said + (f", EXIF orientation {found['orientation']}" if found["orientation"] > 1 else "")


def _channels(found: dict[str, Any]) -> str:
    names = f" ({', '.join(found['channel_names'])})" if found["channel_names"] else ""
    return f"{found['channels']} channel(s){names}" + (" and opacity" if found["opacity"] else "")


def _place(found: dict[str, Any]) -> list[str]:
    """Return lines that say where the image lies."""
    lines = []
    if found["origin"] is not None:
        place = ", ".join(f"{x:g}" for x in found["origin"])
        lines.append(
            f"  origin    {place} {found['unit'] or ''} (x, y, z of the first pixel)".rstrip()
        )
    if found["direction"] is not None:
        rows = "; ".join(" ".join(f"{v:.4g}" for v in row) for row in found["direction"])
        lines.append(f"  turned    {rows} (x, y, z of each axis)")
    return lines
