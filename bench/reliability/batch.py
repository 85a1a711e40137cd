"""`divgrad batch` killed fifty times at random over 200 files: nothing partial, nothing lost, little done twice.

    python bench/reliability/batch.py [--write] [--files N] [--kills N]

About four minutes on two cores. Every process is killed by SIGKILL at a random moment of its work, or while it
starts: the whole group at once as by a power failure, the parent alone, or a worker alone (which the parent
replaces; then the parent goes too). After every kill each file that has its final name is compared with that of an
uninterrupted run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from divgrad.io import write
from measure import publish, table

PROGRAM = "import sys; from divgrad.cli import main; sys.exit(main())"
RECIPE = """\
divgrad: 1
steps:
  - denoise: {model: fast}
  - flow: {equation: "perona-malik:contrast=10", until: "steps:20"}
"""


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "batch", *words], text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def finish(*words: str) -> tuple[int, float]:
    began = time.monotonic()
    process = start(*words, "-q")
    said, _ = process.communicate()
    assert not said, said
    return process.returncode, time.monotonic() - began


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.suffix in (".tif", ".png")
    }


def noted(folder: Path) -> list[str]:
    path = folder / ".divgrad-batch" / "ledger.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["output"] for line in lines if line.endswith("}")]


def children(process: int) -> list[int]:
    """Return the processes that a process has started (Linux)."""
    try:
        return [
            int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()
        ]
    except OSError:
        return []


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(process: subprocess.Popen[str], kind: str) -> float:
    """Kill; return the seconds until workers that were not killed are gone."""
    crew = children(process.pid)
    if kind == "a worker, then all" and crew:
        os.kill(random.choice(crew), signal.SIGKILL)
        time.sleep(random.uniform(0, 1.0))
    if kind == "the parent alone":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    began = time.monotonic()
    process.communicate()
    while any(alive(worker) for worker in crew) and time.monotonic() - began < 20:
        time.sleep(0.01)
    return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    random.seed(6)
    with tempfile.TemporaryDirectory() as place:
        run(Path(place), options.files, options.kills)


def run(place: Path, files: int, kills: int) -> None:
    given, out, whole, shared = (place / name for name in ("in", "out", "whole", "shared"))
    given.mkdir()
    recipe = place / "recipe.yaml"
    recipe.write_text(RECIPE)
    y, x = np.indices((128, 128)) / 9.0
    for n in range(files):
        noise = np.random.default_rng(n).normal(0.0, 12.0, y.shape)
        image = np.clip(128 + 60 * np.sin(y + n) * np.cos(x) + noise, 0, 255).astype(np.uint8)
        write(given / f"{n:03d}.{('tif', 'png')[n % 2]}", image)
    code, seconds = finish(str(recipe), str(given), "-o", str(whole))
    wanted = hashes(whole)
    assert (code, len(wanted)) == (0, files)

    kinds: Counter[str] = Counter()
    partial = idle = 0
    slowest = 0.0
    for n in range(kills):
        kind = ("all at once", "the parent alone", "a worker, then all")[n % 3]
        before = len(noted(out)) if out.exists() else 0
        process = start(str(recipe), str(given), "-o", str(out), "-q")
        if n % 5:  # at a random moment of the work; every fifth while it starts
            while process.poll() is None and len(noted(out) if out.exists() else []) <= before:
                time.sleep(0.005)
            time.sleep(random.uniform(0.0, seconds / kills))
        else:
            time.sleep(random.uniform(0.0, 1.5))
        idle += process.poll() is not None
        kinds[kind] += 1
        slowest = max(slowest, kill(process, kind))
        if out.exists():
            found = hashes(out)
            partial += sum(wanted.get(name) != digest for name, digest in found.items())
    there = len(hashes(out))
    code, _ = finish(str(recipe), str(given), "-o", str(out))
    assert code == 0
    found, made = hashes(out), Counter(noted(out))
    left = [p.name for p in (out / ".divgrad-batch").iterdir() if p.name != "ledger.jsonl"]

    both = [start(str(recipe), str(given), "-o", str(shared), "-q", "--workers", "1") for _ in "ab"]
    codes = [process.wait() for process in both]
    for process in both:
        process.communicate()
    twice = Counter(noted(shared))

    rows = [
        ["files, kills", f"{files}, {kills}"],
        *([f"killed: {kind}", str(count)] for kind, count in kinds.items()),
        ["kills that came after the work had ended", str(idle)],
        ["files with a final name that differed from the uninterrupted run, after any kill", str(partial)],
        ["files there after the last kill", str(there)],
        ["files there after one more run", str(len(found))],
        ["of these to the bit as uninterrupted", str(sum(found[k] == wanted[k] for k in wanted))],
        ["files noted more than once (killed between the note and the name)", str(sum(c > 1 for c in made.values()))],
        ["temporary files and locks left", str(len(left))],
        ["longest life of workers without parent (s)", f"{slowest:.2f}"],
        ["two processes at once: exit codes", f"{codes[0]}, {codes[1]}"],
        ["files done by both", str(sum(c > 1 for c in twice.values()))],
        ["of their files to the bit as uninterrupted", str(sum(hashes(shared)[k] == wanted[k] for k in wanted))],
    ]  # fmt: skip
    lost = partial + len(left) + sum(found.get(name) != digest for name, digest in wanted.items())
    text = (
        table(["", "count"], rows)
        + f"\n\nTried {kills}, survived {kills - (lost > 0)}, lost {lost}."
    )
    publish("batch", text, "reliability.md")
    assert lost == 0


if __name__ == "__main__":
    main()
