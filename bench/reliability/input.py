"""Broken, hostile and odd files: each reads right or is refused in one line, in time and memory, leaving nothing.

    python bench/reliability/input.py [--write] [--cases N]

About eight minutes on two cores. Every file is given to the command line in a process of its own, forked from one that
has everything loaded. Memory is what that process holds at most (for bombs: beyond one that reads a small image);
seconds are processor time, so that a busy machine changes nothing. A file that takes more is counted as lost.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

import numpy as np
import tifffile
from hypothesis import HealthCheck, given, settings

from divgrad.cli import main as command
from divgrad.io import read, write
from divgrad.io.formats import WRITTEN
from measure import publish, table

CORPUS = Path(__file__).parents[3] / "shared" / "data" / "badimages"
SECONDS, MEMORY, WIDEST = 10.0, 2**30, 200
BOMB_SECONDS, BOMB_MEMORY = 1.0, 100 * 2**20
FLOW = ("-e", "heat", "-u", "steps:1", "-q")


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    lines: list[str]
    seconds: float
    memory: int
    left: list[str]


def run(path: Path, suffix: str = ".npy") -> Outcome:
    """Give a file to `divgrad flow` in a forked process, within a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "said")
        place = Path(folder, "work")
        place.mkdir()
        child = os.fork()
        if child == 0:
            os.chdir(place)
            error = os.open(said, os.O_CREAT | os.O_WRONLY)
            os.dup2(error, 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            signal.alarm(120)
            os._exit(command(["flow", str(path), *FLOW, "-o", f"out{suffix}"]))
        _, status, usage = os.wait4(child, 0)
        code = os.waitstatus_to_exitcode(status)
        lines = [
            line
            for line in said.read_text(errors="replace").splitlines()
            if "compiling" not in line
        ]
        left = sorted(p.name for p in place.iterdir())
        seconds = usage.ru_utime + usage.ru_stime
        return Outcome(code, lines, seconds, 1024 * usage.ru_maxrss, left)


def apart(make: Callable[[], object]) -> None:
    """Make files in a process of its own."""
    child = os.fork()
    if child == 0:
        make()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def fault(outcome: Outcome, output: str, seconds: float, memory: int) -> str:
    """Return what is wrong with how a command ended, or nothing."""
    if outcome.seconds > seconds:
        return f"{outcome.seconds:.1f} s"
    if outcome.memory > memory:
        return f"{outcome.memory / 2**20:.0f} MiB"
    if outcome.code == 0:
        return "" if outcome.left == [output] else f"left {outcome.left}"
    if outcome.code != 2 or len(outcome.lines) != 1 or len(outcome.lines[0]) > WIDEST:
        return f"exit {outcome.code}, {len(outcome.lines)} lines"
    return f"left {outcome.left}" if outcome.left else ""


def tried(
    name: str,
    paths: list[Path],
    seconds: float = SECONDS,
    memory: int = MEMORY,
    must: str = "",
    beside: int = 0,
) -> list[str]:
    """Return a row: files, read, refused, lost, and the worst figures."""
    good = refused = 0
    slowest, largest = 0.0, 0
    lost = []
    for path in paths:
        outcome = run(path)
        outcome = outcome._replace(memory=outcome.memory - beside)
        slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.memory)
        wrong = fault(outcome, "out.npy", seconds, memory)
        if not wrong and must == "refused" and outcome.code == 0:
            wrong = "was read"
        if wrong:
            lost.append(path.name)
            print(f"LOST {path}: {wrong}: {outcome.lines[:3]}", file=sys.stderr)
        good += outcome.code == 0
        refused += outcome.code == 2
    figures = [len(paths), good, refused, len(lost)]
    row = [name, *map(str, figures), f"{slowest:.1f} s", f"{largest / 2**20:.0f} MiB"]
    print(*row, sep=" | ", file=sys.stderr)  # as it comes: the whole takes a while
    return row


def cut(folder: Path) -> list[Path]:
    """Write TIFFs of every kind, and every other format, cut at 50, 70 and 95 percent."""
    rng = np.random.default_rng(0)
    kinds = {
        "plain": {}, "imagej": {"imagej": True}, "ome": {"ome": True}, "bigtiff": {"bigtiff": True},
        "tiles": {"tile": (16, 16)}, "zlib": {"compression": "zlib"}, "lzw": {"compression": "lzw"},
        "zstd": {"compression": "zstd"}, "lzma": {"compression": "lzma"}, "packbits": {"compression": "packbits"},
        "jpeg2000": {"compression": "jpeg2000"}, "predictor": {"compression": "zlib", "predictor": True},
        "strips": {"rowsperstrip": 5}, "big-endian": {"byteorder": ">"},
    }  # fmt: skip
    whole = []
    for name, options in kinds.items():
        for pages in (1, 7):
            for dtype in ("uint8", "uint16", "float32"):
                if name == "jpeg2000" and dtype == "float32":
                    continue
                image = (255 * rng.random((pages, 48, 48))).astype(dtype)
                path = folder / f"{name}-{pages}-{dtype}.tif"
                tifffile.imwrite(path, image, photometric="minisblack", **options)
                whole.append(path)
    for suffix, form in WRITTEN.items():
        if form.folder or suffix == ".npy":
            continue
        for shape in ((48, 48), (48, 48, 3), (5, 48, 48)):
            path = folder / f"own-{len(shape)}{shape[-1]}{suffix}"
            try:
                write(
                    path,
                    (255 * rng.random(shape)).astype("u1"),
                    channel_axis=-1 if shape[-1] == 3 else None,
                )
            except OSError:
                continue  # not every format holds every shape
            whole.append(path)
    parts = []
    for path in whole:
        data = path.read_bytes()
        assert read(path).array.size
        for percent in (50, 70, 95):
            part = path.with_name(f"{percent}-{path.name}")
            part.write_bytes(data[: len(data) * percent // 100])
            parts.append(part)
    return parts


def changed(folder: Path, count: int) -> list[Path]:
    """Write files of every format with a few bytes changed at random."""
    rng = np.random.default_rng(1)
    sources = []
    for suffix, form in WRITTEN.items():
        path = folder / f"source{suffix}"
        if not form.folder:
            colour = form.channels is not None and 1 not in form.channels
            image = rng.integers(0, 255, (20, 30, 3)[: 2 + colour]).astype("u1")
            write(path, image, channel_axis=-1 if colour else None)
            sources.append(path)
    sources += [p for p in sorted((CORPUS / "pydicom").glob("*.dcm")) if p.stat().st_size < 50_000]
    made = []
    for number in range(count):
        source = sources[number % len(sources)]
        data = bytearray(source.read_bytes())
        first = min(len(data), 600) if rng.random() < 0.7 else len(data)  # mostly of the header
        for _ in range(int(rng.integers(1, 6))):
            data[int(rng.integers(first))] = int(rng.integers(256))
        path = folder / f"{number:04}-{source.name}"
        path.write_bytes(data)
        made.append(path)
    return made


def sixteen_bits() -> list[str]:
    """Return the row of PngSuite's images of 16 bits."""
    found = [p for p in sorted((CORPUS / "pngsuite").glob("*16.png")) if p.stem[0] != "x"]
    right = sum(read(path).array.dtype == np.uint16 for path in found)
    return [
        "PngSuite, 16 bits: read as uint16",
        str(len(found)),
        str(right),
        "0",
        str(len(found) - right),
        "",
        "",
    ]


def odd(cases: int) -> list[list[str]]:
    """Return the rows of what hypothesis makes up: strides, byte orders, one pixel; NaN and Inf."""
    from divgrad import Explicit, PeronaMalik, Steps, evolve
    from divgrad.errors import ImageError
    from test_io_hostile import strange

    counted = [0, 0, 0]
    profile = settings(
        max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )

    @profile
    @given(strange())
    def flows(image: np.ndarray) -> None:
        before = image.copy()
        plain = np.ascontiguousarray(image, image.dtype.newbyteorder("="))
        a, b = (
            evolve(u, PeronaMalik(9.0), scheme=Explicit(), until=Steps(2)).u for u in (image, plain)
        )
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(image, before)
        counted[0] += 1

    @profile
    @given(strange())
    def files(image: np.ndarray) -> None:
        before = image.copy()
        with tempfile.TemporaryDirectory() as folder:
            for suffix in (".tif", ".npy", ".h5", ".zarr"):
                path = Path(folder, f"a{suffix}")
                write(path, image)
                again = read(path).array
                np.testing.assert_array_equal(again.squeeze(), before.squeeze())
                assert again.dtype == image.dtype.newbyteorder("=")
        np.testing.assert_array_equal(image, before)
        counted[1] += 1

    @profile
    @given(strange())
    def holes(image: np.ndarray) -> None:
        image = image.astype(np.float32)
        image.flat[image.size // 2] = (np.nan, np.inf, -np.inf)[image.size % 3]
        try:
            evolve(image, PeronaMalik(9.0), until=Steps(1))
        except ImageError:
            counted[2] += 1

    rows = []
    for name, trial, place in (
        ("odd arrays flow as plain ones do", flows, 0),
        ("odd arrays through four formats", files, 1),
        ("NaN and Inf are refused", holes, 2),
    ):
        trial()
        done = counted[place]
        total = max(done, cases)
        rows.append([name, str(total), str(done), "", str(total - done), "", ""])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--cases", type=int, default=1000)
    options = parser.parse_args()
    import hostile

    start = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for dtype in ("f4", "f8"):  # what is loaded and compiled once does not count
            for shape in ((9, 9), (9, 9, 3), (5, 9, 9)):
                path = folder / "warm.tif"
                write(path, np.ones(shape, dtype), channel_axis=-1 if shape[-1] == 3 else None)
                command(["flow", str(path), *FLOW, "-o", str(folder / "out.npy"), "-f"])
        plain = run(folder / "warm.tif").memory
        bombs = folder / "bombs"
        parts = folder / "parts"
        bent = folder / "bent"
        for place in (bombs, parts, bent):
            place.mkdir()
        apart(lambda: cut(parts))
        apart(lambda: changed(bent, options.cases))
        apart(lambda: hostile.bombs(bombs))
        rows = []
        if CORPUS.is_dir():
            corpus = [p for p in sorted(CORPUS.rglob("*")) if p.is_file()]
            rows += [tried("corpus of malformed and odd files", corpus), sixteen_bits()]
        rows += [
            tried("cut at 50, 70, 95 %", sorted(parts.glob("[579]*-*")), must="refused"),
            tried("bombs", sorted(bombs.iterdir()), BOMB_SECONDS, BOMB_MEMORY, beside=plain),
            tried("bytes changed at random", sorted(bent.glob("[0-9]*-*"))),
            *odd(options.cases),
        ]
    header = ["tried", "cases", "read", "refused", "lost", "slowest", "most memory"]
    note = (
        f"Lost is: more than {SECONDS:g} s of processor time or 1 GiB (bombs: {BOMB_SECONDS:g} s, 100 MiB), an exit "
        "other than 0 and 2, anything but one line of at most 200 characters on stderr, or a file left behind. A cut "
        "file must not be read. Bombs that are read hold a sound image; what is too much of them is never unpacked."
    )
    publish("input", "\n\n".join([table(header, rows), note]), "reliability.md")
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
