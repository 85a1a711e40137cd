"""One file of a batch: done once, whole or not at all, whoever else works on it or whatever ends the process."""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from divgrad import __version__
from divgrad.batches.ledger import Ledger, content, stamp, unchanged
from divgrad.batches.lock import held
from divgrad.batches.plan import Job
from divgrad.errors import DivgradError, ImageWriteError
from divgrad.io.formats import suffix_of
from divgrad.io.pixels import PLAIN, Opening
from divgrad.io.replacing import move_if_free
from divgrad.io.wording import naming, shown
from divgrad.recipes import Recipe

#: What has become of a file.
DONE, BEFORE, ELSEWHERE, FAILED = "done", "done before", "done by another process", "failed"
BUSY = "busy"  # for the time being: another process is at it


@dataclass(frozen=True)
class Outcome:
    """What has become of a file.

    Attributes
    ----------
    input, output
        Paths.
    status
        ``done``, ``done before`` (in an earlier run), ``done by another process``, or ``failed``.
    seconds
        What it took.
    report
        What was found and chosen, in sentences.
    notes
        What the output could not keep of the input.
    error
        Why it failed; empty if it did not.
    """

    input: str
    output: str
    status: str
    seconds: float = 0.0
    report: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""


class Bench:
    """Where files are treated: a recipe, a folder, and its ledger.

    Parameters
    ----------
    recipe
        What to do.
    folder
        Where outputs go.
    opening
        How inputs are opened.
    since
        How long the ledger was when the batch began: what is noted later comes from processes that work beside.
        None: it begins now.
    """

    def __init__(
        self, recipe: Recipe, folder: Path, opening: Opening = PLAIN, since: int | None = None
    ) -> None:
        self.recipe, self.folder, self.opening = recipe, folder, opening
        self.digest = recipe.digest()
        self.ledger = Ledger(folder)
        self.ledger.refresh()
        self.since = self.ledger.end if since is None else since

    def treat(self, job: Job, *, wait: bool = False) -> Outcome:
        """Do a file, unless it is done; its status is ``busy`` if another process is at it, unless asked to wait."""
        try:
            with held(self.ledger.room / f"{job.key}.lock", wait=wait) as mine:
                if not mine:
                    return self._outcome(job, {"status": BUSY})
                self.ledger.refresh()
                known = self.known(job)
                return known or self._outcome(job, self._done(job))
        except OSError as error:  # the room of the ledger is gone, or closed
            said = f"{self.folder / job.output}: cannot be noted ({error.strerror or error})"
            return self._outcome(job, {"status": FAILED, "error": said})

    def known(self, job: Job, *, look: bool = True) -> Outcome | None:
        """Return what has become of a file already; None: it is to be done.

        Parameters
        ----------
        job
            The file.
        look
            Whether to look into files whose times differ from what was noted.
        """
        record = self.ledger.records.get(job.output)
        if (
            record is None
            or record.get("recipe") != self.digest
            or record.get("version") != __version__
        ):
            return None
        beside = record["place"] >= self.since
        if record.get("status") == FAILED:
            return self._outcome(job, record) if beside else None
        if not self._holds(job, record, look):
            return None
        return self._outcome(job, record | {"status": ELSEWHERE if beside else BEFORE})

    def _holds(self, job: Job, record: dict[str, Any], look: bool) -> bool:
        """Whether output and input are what they were when it was noted."""
        from divgrad.io.reading import placed

        output, (place, _) = self.folder / job.output, placed(job.input)
        stamped, given = record.get("stamp"), record.get("input_stamp")
        if record.get("input") != str(job.input.absolute()):
            given = [*(given or [])[:1], 0]  # another place: only its content tells
        try:
            if not look:
                return stamp(output) == stamped and stamp(place) == given
        except OSError:
            return False
        return unchanged(output, stamped, record.get("sha256")) and unchanged(
            place, given, record.get("input_sha256")
        )

    def _done(self, job: Job) -> dict[str, Any]:
        """Do it: into a file of the ledger's room, then a line in the ledger, then its name."""
        start = time.perf_counter()
        self._clear(job)
        part = self.ledger.room / f"{job.key}{suffix_of(Path(job.output))}"
        record: dict[str, Any] = {
            "input": str(job.input.absolute()), "output": job.output, "recipe": self.digest,
            "version": __version__, "status": FAILED,
        }  # fmt: skip
        try:
            record |= follow(self.recipe, job.input, part, self.opening)
            record |= {"status": DONE, "seconds": round(time.perf_counter() - start, 3)}
            record |= {"stamp": stamp(part), "sha256": content(part)}
            self.ledger.add(record)
            self._name(part, self.folder / job.output, overwrite=job.replace)
        except (DivgradError, OSError, MemoryError) as error:
            said = "not enough memory for this image" if isinstance(error, MemoryError) else ""
            said = said or _one_line(error).replace(shown(part), shown(self.folder / job.output))
            for key in ("stamp", "sha256", "report", "notes"):
                record.pop(key, None)
            record |= {"status": FAILED, "error": naming(job.input, said)}
            with contextlib.suppress(OSError):  # no room: it is failed all the same
                self.ledger.add(record)
        finally:
            self._clear(job)
        return record

    def _name(self, part: Path, target: Path, *, overwrite: bool) -> None:
        try:
            if not overwrite:
                move_if_free(part, target)
            elif target.is_dir():
                target.rename(
                    part.with_name(f".{part.name}-old")
                )  # goes with what is left of the file
                part.rename(target)
            else:
                part.replace(target)
        except FileExistsError:
            raise ImageWriteError(f"{target} came to exist meanwhile: rename it") from None

    def tidy(self, job: Job) -> None:
        """Remove what a process that has ended left of a file, unless another one is at it."""
        with (
            contextlib.suppress(OSError),
            held(self.ledger.room / f"{job.key}.lock", wait=False) as mine,
        ):
            if mine:
                self._clear(job)

    def _clear(self, job: Job) -> None:
        """Remove what a process that was killed has left of this file."""
        for pattern in (f"{job.key}.*", f".{job.key}*"):
            for path in self.ledger.room.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif path.suffix != ".lock":
                    path.unlink(missing_ok=True)

    def _outcome(self, job: Job, record: dict[str, Any]) -> Outcome:
        return Outcome(
            str(job.input), str(self.folder / job.output), record["status"], record.get("seconds", 0.0),
            tuple(record.get("report", ())), tuple(record.get("notes", ())), record.get("error", ""),
        )  # fmt: skip


def follow(recipe: Recipe, path: Path, target: Path, opening: Opening = PLAIN) -> dict[str, Any]:
    """Do what a recipe says from file to file; return report and notes, and what the input was."""
    from divgrad.io.pixels import save_picture
    from divgrad.io.reading import placed

    place, _ = placed(path)
    before = stamp(place) if place.exists() else None  # whatever is wrong, reading says it better
    opened = opening.open(path)
    made = recipe.run(
        opened.colours, channel_axis=opened.channel_axis, spacing=opened.spacing,
        native=opened.picture.metadata.native, report=True,
    )  # fmt: skip
    notes = save_picture(target, made.image, opened, made.spacing)
    digest = content(place)
    same = stamp(place) == before  # else it was written to meanwhile, and is to be done again
    return {
        "report": list(made.report), "notes": notes, "input_stamp": before if same else None,
        "input_sha256": digest if same else None,
    }  # fmt: skip


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
