"""Fair timing on a shared machine: rivals take turns, medians of several rounds, ratios not seconds."""

from __future__ import annotations

import ctypes
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"


def rates(
    rivals: dict[Any, tuple[Callable[[], object], float]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[Any, float]:
    """Return work per second of each rival, ``name: (call, work of one call)``: medians of the rounds.

    Every rival is called once before, so that nothing is compiled or loaded while time is taken. ``clock`` may be
    ``time.process_time``: work per second of a core, where others use the machine.
    """
    for call, _ in rivals.values():
        call()
    seconds: dict[Any, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, (call, _) in rivals.items():
            start = clock()
            call()
            seconds[name].append(clock() - start)
    return {name: work / statistics.median(seconds[name]) for name, (_, work) in rivals.items()}


def c_library() -> ctypes.CDLL | None:
    """Compile bench/loops.c for this machine and load it; None where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    folder = Path(tempfile.mkdtemp())
    source, library = Path(__file__).with_name("loops.c"), folder / "loops.so"
    flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC"]
    tail = ["-o", str(library), "-lm"]
    for extra in (["-lmvec"], []):  # glibc's vector expf, where there is one
        done = subprocess.run([compiler, *flags, str(source), *tail, *extra], capture_output=True)
        if done.returncode == 0:
            return ctypes.CDLL(str(library))
    raise RuntimeError(done.stderr.decode())


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def publish(name: str, text: str, page: str = "benchmarks.md") -> None:
    """Print a section; with ``--write`` also put it into a page of docs/ between its marks."""
    print(text)
    if "--write" not in sys.argv:
        return
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    whole = (DOCS / page).read_text(encoding="utf-8")
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(whole):
        raise SystemExit(f"docs/{page} has no marks for {name}")
    whole = pattern.sub(lambda _: f"{begin}\n{text}\n{end}", whole)
    (DOCS / page).write_text(whole, encoding="utf-8")
