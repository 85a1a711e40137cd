"""What happens to outputs when the disk is full, closed or odd, and when a signal comes at any moment.

    python bench/reliability/output.py [--write] [--signals N]

About five minutes on two cores at rest, with the default of 60 signals. Every case runs the command in a process
of its own; afterwards every file that was there before must be as it was, no other may be left, and stderr must hold
one line. A full and a read-only disk are small tmpfs mounts where that is allowed (root); elsewhere the limit on file
sizes stands for the first.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from divgrad.io import read, write
from measure import publish, table

PROGRAM = "import sys; from divgrad.cli import main; sys.exit(main())"
HEAT = ["-e", "heat", "-u", "steps:3"]
LONGEST = 200  # characters of an error


@dataclass
class Ended:
    code: int
    lines: list[str]
    seconds: float


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run(folder: Path, *words: str, limit: int | None = None) -> Ended:
    """Run a command in a folder; note what was there before and has changed, and what is there besides."""

    def small() -> None:
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], cwd=folder, capture_output=True, text=True,
        preexec_fn=small, timeout=300,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if "compiling kernels" not in line]
    return Ended(done.returncode, lines, time.monotonic() - began)


def unharmed(before: dict[str, bytes], folder: Path, allowed: tuple[str, ...] = ()) -> list[str]:
    after = content(folder)
    spoilt = [name for name, data in before.items() if after.get(name) != data]
    more = [name for name in after if name not in before and not name.startswith(allowed or "\0")]
    return spoilt + more


def refused(ended: Ended, codes: tuple[int, ...] = (2,)) -> bool:
    return ended.code in codes and len(ended.lines) == 1 and len(ended.lines[0]) <= LONGEST


@contextlib.contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """Mount a small disk in memory, which takes root."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "divgrad", str(place)]
    subprocess.run(mount, check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def of_disks(place: Path) -> list[list[str]]:
    noise = np.random.default_rng(0).normal(120.0, 30.0, (300, 300))
    grey = np.clip(noise, 0, 255).astype(np.uint8)
    rows: list[list[str]] = []

    def tried(
        what: str, cases: list[tuple[Ended, list[str]]], good: Callable[[Ended], bool]
    ) -> None:
        bad = [ended for ended, lost in cases if lost or not good(ended)]
        for ended, lost in cases:
            if ended in bad:
                print("FAILED", what, ended, lost, file=sys.stderr)
        rows.append([what, str(len(cases)), str(len(cases) - len(bad)), str(len(bad))])

    def fresh(*names: str) -> Path:
        folder = Path(tempfile.mkdtemp(dir=place))
        for name in names:
            write(folder / name, grey)
        return folder

    warm = fresh("in.tif")  # or else kernels would be compiled, and not be kept, each time
    for words in (["flow", "in.tif", *HEAT], ["denoise", "in.tif"], ["edges", "in.tif"]):
        assert run(warm, *words).code == 0
    kinds = (".tif", ".png", ".npy", ".jpg")
    for exists in (False, True):
        cases = []
        for kind in kinds:
            folder = fresh("in.tif", *(["out" + kind] if exists else []))
            before = content(folder)
            for limit in (0, 20_000):
                ended = run(folder, "flow", "in.tif", *HEAT, "-o", f"out{kind}", "-f", limit=limit)
                cases.append((ended, unharmed(before, folder)))
        what = "an output that is there already" if exists else "a new output"
        tried(f"no room (limit on file sizes), {what}", cases, refused)

    folder = fresh("in.tif")
    cases = []
    for option, name in (("--plot", "side.png"), ("--strength", "side.tif")):
        before = content(folder)
        ended = run(folder, "edges", "in.tif", "-o", "e.png", option, name, limit=12_000)
        (folder / "e.png").unlink(missing_ok=True)  # it is whole: it came before the picture
        cases.append((ended, unharmed(before, folder)))
    tried("no room for a picture or a map", cases, refused)

    if os.getuid() == 0:
        of_mounts(place, grey, fresh, tried)

    folder = fresh("in.tif")
    os.link(folder / "in.tif", folder / "hard.tif")
    (folder / "soft.tif").symlink_to("in.tif")
    before = content(folder)
    cases = [
        (run(folder, "flow", "in.tif", *HEAT, "-o", name), unharmed(before, folder))
        for name in ("in.tif", "./in.tif", "hard.tif", "soft.tif")
    ]
    tried("the output is the input, by any name, without --force", cases, refused)
    cases = []
    for name in ("in.tif", "soft.tif"):
        folder = fresh("in.tif")
        (folder / "soft.tif").symlink_to("in.tif")
        ended = run(folder, "flow", "in.tif", *HEAT, "-o", name, "-f")
        wrong = [] if (folder / "soft.tif").is_symlink() else ["soft.tif"]
        wrong += [] if read(folder / "in.tif").array.shape == grey.shape else ["in.tif"]
        cases.append(
            (ended, wrong + [n for n in content(folder) if n not in ("in.tif", "soft.tif")])
        )
    tried("the output is the input, with --force", cases, lambda e: (e.code, e.lines) == (0, []))

    folder = fresh("in.tif", "kept.tif")
    (folder / "link.tif").symlink_to("kept.tif")
    (folder / "loop.tif").symlink_to("loop.tif")
    (folder / "nowhere.tif").symlink_to("missing/x.tif")
    (folder / "full.tif").symlink_to("/dev/full")
    (folder / "folder.tif").mkdir()
    before = content(folder)
    cases = [
        (run(folder, "flow", "in.tif", *HEAT, "-o", name, *force), unharmed(before, folder))
        for name, force in (
            ("link.tif", []), ("loop.tif", ["-f"]), ("nowhere.tif", ["-f"]), ("full.tif", ["-f"]),
        )
    ]  # fmt: skip
    tried("links to files, to themselves, to nowhere, to /dev/full", cases, refused)
    return rows


def of_mounts(place: Path, grey: Any, fresh: Any, tried: Any) -> None:
    """A full disk and a read-only one."""
    with small_disk(place / "disk", "220k") as disk:
        write(disk / "in.png", grey)
        shutil.copy(disk / "in.png", disk / "out.tif")
        before = content(disk)
        cases = []
        for words in (
            ["flow", "in.png", *HEAT, "-o", "out.tif", "-f"],
            ["denoise", "in.png", "-o", "b.tif"],
        ):
            cases.append((run(disk, *words), unharmed(before, disk)))
        tried("a full disk", cases, refused)
        (disk / "out.tif").unlink()
        recipe = place / "r.yaml"
        recipe.write_text('divgrad: 1\nsteps: [flow: {equation: heat, until: "steps:3"}]\n')
        given = fresh("a.npy", "b.npy", "c.npy")
        os.truncate(given / "a.npy", 0)
        write(given / "a.npy", grey[:80, :80])
        ended = run(disk, "batch", str(recipe), str(given), "-o", "out", "-q", "--workers", "1")
        sizes = {p.name: read(p).array.shape for p in (disk / "out").glob("*.npy")}
        whole = {"a.npy": (80, 80), "b.npy": (300, 300)}  # the third finds no room
        lost = [] if sizes == whole else [str(sizes)]
        tried(
            "a batch on a full disk", [(ended, lost)], lambda e: e.code == 1 and len(e.lines) <= 3
        )
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        cases = []
        for words in (
            ["flow", "in.png", *HEAT], ["flow", "in.png", *HEAT, "-o", "in.png", "-f"],
            ["denoise", "in.png", "-o", "new/x.tif"], ["batch", str(recipe), "in.png", "-o", "again"],
            ["batch", str(recipe), "in.png", "-o", "out"],
        ):  # fmt: skip
            before = content(disk)
            cases.append((run(disk, *words), unharmed(before, disk)))
        tried("a disk that is read-only", cases, refused)


def of_signals(place: Path, times: int) -> list[list[str]]:
    folder = place / "signals"
    folder.mkdir()
    noise = np.random.default_rng(0).normal(120.0, 30.0, (4000, 3000))
    for name in ("a.tif", "b.tif", "c.tif"):
        write(folder / name, np.clip(noise, 0, 255).astype(np.uint8))
    (folder / "r.yaml").write_text(
        'divgrad: 1\nsteps: [flow: {equation: "perona-malik:contrast=20", until: "steps:9999"}]\n'
    )
    commands = {
        "a compiled flow": ["flow", "a.tif", "-e", "perona-malik:contrast=20", "-u", "steps:99999"],
        "denoise": ["denoise", "a.tif", "b.tif", "c.tif", "-o", "out/"],
        "denoise while kernels are compiled": ["denoise", "a.tif", "-o", "out/"],
        "enhance": ["enhance", "a.tif", "b.tif", "c.tif", "-o", "out/"],
        "a batch": ["batch", "r.yaml", "a.tif", "b.tif", "c.tif", "-o", "out"],
    }
    before = content(folder)
    rows = []
    for what, words in commands.items():
        slowest, bad, late = 0.0, 0, 0
        for n in range(max(1, times // len(commands))):
            sent, code = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[n % 2]
            home = tempfile.mkdtemp(dir=place)
            environment = os.environ | (
                {"HOME": home} if "compiled" in what and "while" in what else {}
            )
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *words], cwd=folder, text=True, env=environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
            until = time.monotonic() + 30
            room = folder / "out" / ".divgrad-batch"
            while (
                process.poll() is None
                and not room.exists()
                and not any("numba" in line for line in open_files(process.pid))
                and time.monotonic() < until
            ):
                time.sleep(0.01)  # until Python has begun and knows of signals
            time.sleep(random.uniform(0.5, 6.0))
            early = process.poll() is not None
            group = sent == signal.SIGINT
            began = time.monotonic()
            if not early:
                os.killpg(process.pid, sent) if group else process.send_signal(sent)
            _, said = process.communicate(timeout=60)
            if early:
                late += 1
            else:
                slowest = max(slowest, time.monotonic() - began)
                lines = [line for line in said.splitlines() if "compiling kernels" not in line]
                wrong = unharmed(before, folder, ("out/",))
                wrong += (
                    [p.name for p in (folder / "out").rglob(".*-*.*")]
                    if (folder / "out").exists()
                    else []
                )
                wrong += (
                    [p.name for p in room.iterdir() if p.name != "ledger.jsonl"]
                    if room.exists()
                    else []
                )
                try:
                    os.killpg(process.pid, 0)
                    wrong.append("a process")
                except ProcessLookupError:
                    pass
                if process.returncode != code or len(lines) > 1 or wrong:
                    bad += 1
                    print("FAILED", what, process.returncode, said[-600:], wrong, file=sys.stderr)
            shutil.rmtree(folder / "out", ignore_errors=True)
            shutil.rmtree(home, ignore_errors=True)
        n = max(1, times // len(commands)) - late
        rows.append([what, str(n), str(n - bad), str(bad), f"{slowest:.2f}"])
    return rows


def open_files(process: int) -> list[str]:
    """Return what a process has mapped: what it has loaded (Linux)."""
    try:
        return Path(f"/proc/{process}/maps").read_text().splitlines()
    except OSError:
        return []


def main() -> None:
    parser = argparse.ArgumentParser()
    # A shell that runs this in the background has it, and what it starts, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser.add_argument("--signals", type=int, default=60)
    parser.add_argument("--only", choices=("disks", "signals"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    random.seed(7)
    with tempfile.TemporaryDirectory() as name:
        disks = [] if options.only == "signals" else of_disks(Path(name))
        signals = [] if options.only == "disks" else of_signals(Path(name), options.signals)
    lost = sum(int(row[3]) for row in disks + signals)
    text = table(["outputs", "tried", "survived", "lost"], disks)
    text += (
        "\n\nSIGINT (to the whole group, as by Ctrl-C) and SIGTERM in turn, at random moments:\n\n"
    )
    text += table(["while", "tried", "survived", "lost", "slowest end (s)"], signals)
    publish("output", text, "reliability.md")
    assert lost == 0


if __name__ == "__main__":
    main()
