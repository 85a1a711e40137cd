"""What became of each file of a batch, as a table for spreadsheets and for programs."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

from divgrad.batches.treating import Outcome
from divgrad.errors import ImageWriteError
from divgrad.io.replacing import write_whole

NAME = "divgrad-batch"


def write_summary(folder: str | os.PathLike[str], outcomes: Sequence[Outcome]) -> Path:
    """Write ``divgrad-batch.csv`` and ``divgrad-batch.json`` into a folder; return the first's path.

    Raises
    ------
    ImageWriteError
        If the disk refuses.
    """
    rows = [dataclasses.asdict(outcome) for outcome in outcomes]
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([field.name for field in dataclasses.fields(Outcome)])
    for row in rows:
        table.writerow([" ".join(v) if isinstance(v, tuple) else v for v in row.values()])
    for suffix, body in (("json", json.dumps(rows, indent=1) + "\n"), ("csv", text.getvalue())):
        path = Path(folder) / f"{NAME}.{suffix}"
        content = body.encode(errors="backslashreplace")
        try:
            write_whole(path, lambda file, content=content: file.write(content), True)  # type: ignore[misc]
        except OSError as error:
            raise ImageWriteError(f"{path}: cannot be written ({error.strerror})") from None
    return path
