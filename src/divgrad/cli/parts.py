"""Zarr volumes in parts on the command line: in bounded memory, on several processes, on a cluster."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from divgrad.cli import files
from divgrad.cli.progress import Progress
from divgrad.errors import ImageWriteError, ParameterError

ROOM = 40  # bytes of memory for each pixel, with which it is done whole
METADATA = ("zarr.json", ".zgroup", ".zarray")

#: (input, output, keywords for divgrad.volumes) -> what is told of it.
Treat = Callable[[Path, Path, dict[str, Any]], dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options with which a Zarr is done in parts."""
    group = parser.add_argument_group(
        "Zarr volumes larger than memory",
        "done in parts, to the same bits; the same command goes on where a killed one was",
    )
    group.add_argument(
        "--memory", metavar="GIB", help="memory for the arrays of one worker; default 1"
    )
    group.add_argument(
        "--workers", metavar="N", help="processes on this machine that share the work"
    )
    group.add_argument(
        "--cluster", metavar="ADDRESS",
        help="scheduler of a Dask cluster: tls://host:port, or tcp://127.0.0.1:port",
    )  # fmt: skip


def wanted(arguments: argparse.Namespace) -> bool:
    """Return whether the inputs are to be done in parts: asked for, or a Zarr too large for the memory."""
    asked = (arguments.memory, arguments.workers, arguments.cluster) != (None, None, None)
    inputs = [Path(name) for name in arguments.files]
    zarrs = [path for path in inputs if any((path / name).exists() for name in METADATA)]
    if asked and len(zarrs) < len(inputs):
        other = next(path for path in inputs if path not in zarrs)
        raise ParameterError(
            f"{other} is no Zarr: --memory, --workers and --cluster are for Zarr volumes"
        )
    return asked or (len(zarrs) == len(inputs) and any(_large(path) for path in zarrs))


def _large(path: Path) -> bool:
    from divgrad.errors import DivgradError
    from divgrad.volumes.scene import scene_of

    try:
        pixels = math.prod(scene_of(path, None).place.array.shape)
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (DivgradError, OSError, ValueError, AttributeError):
        return False
    return bool(pixels * ROOM > memory)


def work_through(
    arguments: argparse.Namespace, ending: str, treat: Treat, show: Callable[[dict[str, Any]], str]
) -> int:
    """Treat every Zarr; returns as :func:`divgrad.cli.files.work_through`."""
    from divgrad.volumes.cluster import on_cluster
    from divgrad.volumes.locally import here

    memory = _number("--memory", arguments.memory, float)
    workers = _number("--workers", arguments.workers, int)
    if workers is not None and arguments.cluster is not None:
        raise ParameterError(
            "--workers starts a cluster here, --cluster names one: give one of them"
        )
    for _, target in files.targets(arguments, ending):
        if target.exists():
            raise ImageWriteError(
                f"{target} exists, and in parts it is not overwritten: remove it first"
            )
    with contextlib.ExitStack() as stack:
        runner: Any = here
        if workers is not None or arguments.cluster is not None:
            runner = stack.enter_context(on_cluster(arguments.cluster, workers=workers))

        def one(path: Path, target: Path, bar: Progress) -> dict[str, Any]:
            more: dict[str, Any] = {"runner": runner, "tell": bar}
            if memory is not None:
                more["memory"] = memory
            return treat(path, target, more)

        return files.work_through(arguments, ending, one, show)


def source_dtype(path: Path) -> Any:
    """Return the dtype of a Zarr, which its output gets."""
    from divgrad.volumes.scene import scene_of

    return scene_of(path, None).place.dtype


def _number(option: str, text: str | None, kind: Callable[[str], Any]) -> Any:
    if text is None:
        return None
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ParameterError(f"{option} must be a number > 0; got {text!r:.40}")
    return value
