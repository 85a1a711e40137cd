"""A recipe over many files, in several processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from divgrad.batches import crew
from divgrad.batches.plan import Job, inputs, plan
from divgrad.batches.treating import Bench, Outcome
from divgrad.errors import ParameterError
from divgrad.grid import at_most_threads, cores
from divgrad.io import Isolation
from divgrad.io.pixels import Opening
from divgrad.recipes import Recipe


def batch(
    recipe: Recipe,
    files: Iterable[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    *,
    workers: int | None = None,
    force: bool = False,
    isolated: Isolation | None = None,
    keep_nan: bool = False,
) -> Iterator[Outcome]:
    r"""Follow a recipe over many image files, and yield what becomes of each, as it does.

    All names are checked before any work begins. What is done already, from the same content by the same recipe, is not
    done again, so that a batch that was interrupted, or killed, goes on where it was when it is started again;
    several processes, also on several machines with a common disk, may work on one batch at once. An output
    has its name only when it is whole. Errors of one file do not stop the rest.

    Parameters
    ----------
    recipe
        What to do: :func:`divgrad.recipes.load`.
    files
        Image files, and folders, of which all images are taken.
    folder
        Where outputs go; made where it is not there.
    workers
        Number of processes, at most the cores that this process may use, which they share; 1: in this process.
        None: as many as there are cores, or files.
    force
        Whether files that are there already, and are not from this batch, may be overwritten.
    isolated
        Limits, for files that are not trusted: each is decoded in a process of its own.
    keep_nan
        Whether images that hold NaN or infinite values are treated, and hold them again in the output, instead of
        being refused.

    Returns
    -------
    iterator of Outcome
        In the order in which files are finished. Closing it, or an exception in the loop, ends the work: within two
        seconds, and nothing is left half-written.

    Raises
    ------
    ParameterError
        If two inputs would be written to one file, or there are more workers than cores.
    ImageWriteError
        If an output exists and is not from this batch, or the folder cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from divgrad.io import write
    >>> from divgrad.recipes import loads
    >>> recipe = loads("divgrad: 1\nsteps: [flow: {equation: heat, until: 'steps:0'}]")
    >>> with tempfile.TemporaryDirectory() as place:
    ...     _ = write(Path(place) / "a.tif", np.zeros((8, 8), np.uint8))
    ...     for run in range(2):
    ...         print([done.status for done in batch(recipe, [place], Path(place) / "out", workers=1)])
    ['done']
    ['done before']
    """
    there = cores()
    if workers is not None and not (isinstance(workers, int) and 1 <= workers <= there):
        raise ParameterError(
            f"workers must be from 1 to {there}, the cores that are here; got {workers!r:.20}"
        )
    place = Path(folder)
    jobs = plan(recipe, inputs(files), place, force=force)
    many = min(workers or there, len(jobs))
    return _work(Bench(recipe, place, Opening(isolated, keep_nan)), jobs, many, there // many)


def _work(bench: Bench, jobs: list[Job], workers: int, threads: int) -> Iterator[Outcome]:
    rest = []
    for job in jobs:  # those that need no look into a file need no process either
        known = bench.known(job, look=False)
        if known is None:
            rest.append(job)
        else:
            yield known
    if workers > 1 and rest:
        yield from crew.work(bench, rest, workers, threads)
        return
    for wait in (False, True):
        later = []
        for job in rest:
            with at_most_threads(threads):
                outcome = bench.treat(job, wait=wait)
            if outcome.status == "busy":
                later.append(job)
            else:
                yield outcome
        rest = later
