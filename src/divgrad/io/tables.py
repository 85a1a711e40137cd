"""Tables of measures as files that spreadsheets read."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from divgrad.errors import ImageWriteError
from divgrad.io.replacing import write_whole
from divgrad.io.wording import one_line, quoted


def write_table(path: str | os.PathLike[str], table: Mapping[str, NDArray[Any]]) -> None:
    """Write columns of equal length as CSV with a head line, whole or not at all; reals to seven digits.

    Raises
    ------
    ImageWriteError
        If the disk refuses; on one line.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = Path(folder) / "a.csv"
    ...     write_table(place, {"label": np.array([1, 2]), "area": np.array([2.5, 3.0])})
    ...     place.read_text().splitlines()
    ['label,area', '1,2.5', '2,3']
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(table)
    for row in zip(*(column.tolist() for column in table.values()), strict=True):
        rows.writerow([f"{value:.7g}" if isinstance(value, float) else value for value in row])
    try:
        write_whole(Path(path), lambda file: file.write(text.getvalue().encode()), True)
    except OSError as error:
        reason = error.strerror or quoted(error)
        raise ImageWriteError(one_line(f"{path}: cannot be written ({reason})")) from error
