"""Decode a file of unknown origin in a process of its own, with limits of time and memory.

What a decoder in C does with a file made to harm it - loop, eat memory, crash, run what it was fed - ends with that
process. Pixels and metadata come back as plain bytes and JSON (`divgrad.io.parcel`), never pickled.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

from divgrad.errors import ImageReadError
from divgrad.io import parcel
from divgrad.io.picture import Picture
from divgrad.parameters import declared, parameter

_PACKAGE = str(Path(__file__).parents[2])


@declared
class Isolation:
    """Limits of the process in which a file is decoded.

    On Windows only the time is limited; the process is one of its own there, too.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from divgrad.io import read, write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write(Path(folder, "a.tif"), np.eye(3, dtype=np.uint8))
    ...     picture = read(Path(folder, "a.tif"), isolated=Isolation(seconds=60))
    >>> picture.array.trace()
    np.uint64(3)
    """

    seconds: float = parameter("Longest time", unit="seconds", above=0, default=60.0)
    memory: int = parameter("Most memory", unit="bytes", kind=int, least=2**20, default=2**32)


def read_isolated(path: Path, max_bytes: int | None, limits: Isolation) -> Picture:
    """Return the picture in a file or folder, decoded by another process.

    Raises
    ------
    ImageReadError
        What that process said; or that it was ended at a limit, or by the file.
    """
    words = [
        str(limits.memory),
        str(limits.seconds),
        "" if max_bytes is None else str(max_bytes),
        str(path),
    ]
    return parcel.picture(told("divgrad.io.decoding", words, limits.seconds))


def told(
    module: str, words: list[str], seconds: float, file: BinaryIO | None = None
) -> dict[str, Any]:
    """Return the parcel that a module sends, run in a process of its own, with a file as its standard input.

    Raises
    ------
    ImageReadError
        What it refused; or that it took too long, or did not come to its end.
    """
    environment = {
        k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "SYSTEMROOT", "LANG")
    }
    environment |= {"PYTHONPATH": os.pathsep.join([_PACKAGE, *filter(None, sys.path)])}
    environment |= dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
    )
    command = [sys.executable, "-W", "ignore", "-m", module, *words]
    with subprocess.Popen(
        command, stdin=file or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=environment,
    ) as child:  # fmt: skip
        try:
            sent, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise ImageReadError(
                f"it took over {seconds:g} s to decode; allow more if you trust it"
            ) from None
        finally:
            child.kill()
    if child.returncode != 0:
        raise ImageReadError(
            "it crashed the decoder, or needs more memory than allowed: it is damaged"
        )
    return parcel.unpacked(sent)
