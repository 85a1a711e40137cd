"""Fuzz `divgrad.io.read`: whatever the bytes, a picture or one ImageReadError of one line, in time and memory.

    python bench/fuzz/read.py --seconds 600 [--corpus FOLDER]

Needs atheris (pip install atheris). Seeds are small files of every format that is written, and the corpus of odd
files beside the repository if it is there. A finding ends the run, with the file that leads to it kept in FOLDER.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["divgrad.io", "nrrd", "pydicom", "tifffile", "nibabel"]):
    from divgrad.io import read, write
    from divgrad.io.formats import FORMATS, WRITTEN

    for form in FORMATS:
        importlib.import_module(f"divgrad.io.{form.module}")
    import tifffile

import numpy as np

from divgrad.errors import ImageReadError

LIMIT = 2**26
LARGEST_SEED = 20_000
ZARR = b"ZARR"  # such an input is the metadata of an array, a zero, and its first chunk
assert tifffile  # loaded under instruments, for the TIFFs
SHARED = Path(__file__).parents[3] / "shared" / "data" / "badimages"


def seed(folder: Path) -> None:
    """Write small files of every format."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as made:
        for suffix, form in WRITTEN.items():
            for shape in ((5, 7), (5, 7, 3), (3, 5, 7)):
                path = Path(made, f"a{len(shape)}{shape[-1]}{suffix}")
                axis = -1 if shape[-1] == 3 else None
                try:
                    write(path, rng.integers(0, 255, shape).astype(np.uint8), channel_axis=axis)
                except OSError:
                    continue  # not every format holds every shape
                if not form.folder:
                    shutil.copy(path, folder)
        array = Path(made, "a27.zarr", "0")
        chunk = next(p for p in sorted(array.rglob("*")) if p.is_file() and p.name != "zarr.json")
        (folder / "zarr").write_bytes(
            ZARR + (array / "zarr.json").read_bytes() + b"\0" + chunk.read_bytes()
        )
    if SHARED.is_dir():
        for path in SHARED.rglob("*"):
            if path.is_file() and path.stat().st_size <= LARGEST_SEED:
                shutil.copy(path, folder / f"odd-{path.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--timeout", type=int, default=10, help="seconds for one file, at rest")
    options = parser.parse_args()
    corpus = options.corpus or Path(tempfile.mkdtemp(prefix="fuzz-read-"))
    corpus.mkdir(parents=True, exist_ok=True)
    seed(corpus)
    work = Path(tempfile.mkdtemp(prefix="fuzz-work-"))

    def one(data: bytes) -> None:
        place = work / "input"
        if data.startswith(b"\x89HDF"):
            return  # looked at in a process for each, too slow here: see decoders.py
        if data.startswith(ZARR):
            said, _, chunk = data[len(ZARR) :].partition(b"\0")
            place = work / "zarr"
            (place / "c" / "0").mkdir(parents=True, exist_ok=True)
            (place / "zarr.json").write_bytes(said)
            (place / "c" / "0" / "0").write_bytes(chunk)
        else:
            place.write_bytes(data)
        try:
            picture = read(place, max_bytes=LIMIT)
        except ImageReadError as refusal:
            text = str(refusal)
            assert 0 < len(text) <= 200, text
            assert text.splitlines() == [text], text
            return
        assert picture.array.size > 0
        assert picture.array.dtype.isnative
        assert picture.array.nbytes <= 4 * LIMIT
        assert picture.spacing is None or len(picture.spacing) == picture.ndim
        assert picture.origin is None or len(picture.origin) in (2, 3)

    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={options.seconds}",
            f"-timeout={options.timeout}",
            "-rss_limit_mb=2048",
            "-max_len=60000",
            "-print_final_stats=1",
            f"-artifact_prefix={corpus.as_posix()}/finding-",
            str(corpus),
        ],
        one,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
