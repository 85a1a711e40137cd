"""Which file becomes which, settled before any work begins."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from divgrad.batches.ledger import FOLDER, Ledger
from divgrad.errors import ImageWriteError, ParameterError
from divgrad.recipes import Recipe


@dataclass(frozen=True)
class Job:
    """An input, and the name of its output in the folder.

    Parameters
    ----------
    input
        The file.
    output
        Name, without folder.
    replace
        Whether a file of that name was there when the batch was planned, and may be replaced.
    """

    input: Path
    output: str
    replace: bool = False

    @property
    def key(self) -> str:
        """What its temporary files and its lock are called."""
        return hashlib.sha256(os.fsencode(self.output)).hexdigest()[:24]


def inputs(names: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return files: those that are named, and of a folder all whose names end as images do, by name.

    A folder whose own name does, such as an OME-Zarr, is an image, and so is one that holds a DICOM series and no
    other images.

    Raises
    ------
    ParameterError
        If a folder holds no image, or nothing is named.
    """
    from divgrad.io.formats import FORMATS, WRITTEN, suffix_of
    from divgrad.io.reading import is_picture

    known = {suffix for form in FORMATS for suffix in form.suffixes}
    found = []
    for name in map(Path, names):
        if not name.is_dir() or suffix_of(name).lower() in WRITTEN:
            found.append(name)
            continue
        here = sorted(
            path
            for path in name.iterdir()
            if suffix_of(path).lower() in known and path.name[0] != "."
        )
        if all(path.suffix.lower() == ".dcm" for path in here) and is_picture(name):
            here = [name]
        if not here:
            raise ParameterError(f"{name}: there is no image in this folder: name files")
        found += here
    if not found:
        raise ParameterError("no input is named: give files or folders")
    return found


def plan(recipe: Recipe, files: Iterable[Path], folder: Path, *, force: bool = False) -> list[Job]:
    """Return what is to be done; makes the folder of the outputs, and nothing else.

    An output has the name of its input; its suffix differs where the recipe's result needs another format
    (labels: not JPEG), or where the format of the input can only be read.

    Raises
    ------
    ParameterError
        If two inputs would be written to one file.
    ImageWriteError
        If an output is an input or a link, or exists and is not from this recipe, or the folder cannot be made.
    """
    jobs = [Job(path, _output(recipe, path)) for path in files]
    _refuse_twins(jobs, folder)
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageWriteError(f"the folder {folder} cannot be made: {error.strerror}") from None
    if not os.access(folder / FOLDER, os.W_OK):
        raise ImageWriteError(f"the folder {folder} cannot be written to: choose another -o")
    ledger = Ledger(folder)
    ledger.refresh()
    given = {_place(job.input) for job in jobs}
    digest = recipe.digest()
    return [
        replace(job, replace=_may_be_replaced(folder / job.output, given, ledger, digest, force))
        for job in jobs
    ]


def _output(recipe: Recipe, path: Path) -> str:
    from divgrad.io.formats import INSTEAD, WRITTEN, stem_of, suffix_of
    from divgrad.io.reading import placed

    place, part = placed(path)
    stem = stem_of(place) + (f"_{Path(part).name}" if part else "")  # one array of a file
    suffix = recipe.suffix(suffix_of(place))
    if suffix.lower() not in WRITTEN and (place.is_dir() or suffix.lower() == ".dcm"):
        suffix = INSTEAD
    return stem + suffix


def _refuse_twins(jobs: list[Job], folder: Path) -> None:
    """Names that differ in capitals only are one file on some disks."""
    seen: dict[str, Job] = {}
    for job in jobs:
        other = seen.setdefault(job.output.casefold(), job)
        if other is not job:
            both = f"{other.input} and {job.input}"
            raise ParameterError(
                f"{both} would both be written to {folder / job.output}: rename one"
            )


def _may_be_replaced(
    target: Path, given: set[Any], ledger: Ledger, digest: str, force: bool
) -> bool:
    """Whether an output is there, from this batch; raises if it is something else."""
    from divgrad.io.formats import WRITTEN, suffix_of

    form = WRITTEN.get(suffix_of(target).lower())
    if target.is_symlink():
        raise ImageWriteError(f"{target} is a link: remove it, or choose another -o")
    if not target.exists():
        return False
    if _place(target) in given:
        raise ImageWriteError(f"{target} is an input itself: choose another folder after -o")
    if not target.is_file() and not (target.is_dir() and form is not None and form.folder):
        raise ImageWriteError(f"{target} is no file: choose another -o")
    if not force:
        record = ledger.wrote(target)
        if record is None:
            said = "exists and is not from this batch"
        elif record.get("recipe") != digest:
            said = "was made by another recipe"
        else:
            return True
        raise ImageWriteError(f"{target} {said}: choose another -o, or add --force")
    return True


def _place(path: Path) -> tuple[int, int] | Path:
    """Return what tells a file from all others, whatever names it has."""
    try:
        status = path.stat()
    except OSError:
        return path.absolute()
    return status.st_dev, status.st_ino
