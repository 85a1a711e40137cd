"""Eight threads of fifty calls each, fork and spawn: the same bits as one call after the other, and no deadlock.

    python bench/reliability/calls.py [--write] [--calls N]

About a minute on two cores at rest. Each call is one of five, of different images: a flow, the flow of a small
volume, `denoise`, `enhance`, and the kind of the noise. Children are forked while eight threads of the parent are at
work.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import divgrad
from measure import publish, table

THREADS = 8
KINDS = 3  # of images


def image(n: int) -> Any:
    y, x = np.indices((160, 160)) / 9.0
    noise = np.random.default_rng(n).normal(0.0, 12.0, y.shape)
    return (128 + 60 * np.sin(y + n) * np.cos(x) + noise).astype(np.float32)


WORK: dict[str, Callable[[int], Any]] = {
    "flow": lambda n: (
        divgrad.evolve(image(n), divgrad.PeronaMalik(20.0), until=divgrad.Steps(150)).u
    ),
    "denoise": lambda n: divgrad.denoise(image(n), model="fast"),
    "enhance": lambda n: divgrad.enhance(image(n)),
    "volume": lambda n: (
        divgrad.evolve(
            image(n)[:96].reshape(8, 40, 48), divgrad.PeronaMalik(20.0), until=divgrad.Steps(40)
        ).u
    ),
    "noise kind": lambda n: np.array([divgrad.estimate.noise_kind(image(n)).level]),
}


def digest(n: int) -> str:
    work = list(WORK.values())[n % len(WORK)]
    return hashlib.sha256(np.ascontiguousarray(work(n // len(WORK) % KINDS)).tobytes()).hexdigest()


def child(pipe: Any, wanted: list[str]) -> None:
    pipe.send([digest(n) == wanted[n] for n in range(len(WORK))])


def of_process(kind: str, wanted: list[str]) -> bool:
    context: Any = multiprocessing.get_context(kind)
    mine, theirs = context.Pipe()
    process = context.Process(target=child, args=(theirs, wanted))
    process.start()
    good = mine.poll(120) and all(mine.recv())
    process.join(20)
    if process.exitcode is None:
        process.kill()
    return bool(good) and process.exitcode == 0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--processes", type=int, default=25)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads is what is tried
    wanted = [digest(n) for n in range(len(WORK) * KINDS)]
    found: dict[int, list[str]] = {}
    began = time.monotonic()

    def calls(k: int) -> None:
        found[k] = [digest((k + n) % len(wanted)) for n in range(options.calls)]

    threads = [threading.Thread(target=calls, args=(k,), daemon=True) for k in range(THREADS)]
    for thread in threads:
        thread.start()
    tried = {
        kind: [of_process(kind, wanted) for _ in range(options.processes)]
        for kind in ("fork", "spawn", "forkserver")
    }
    for thread in threads:
        thread.join(600)
    seconds = time.monotonic() - began
    right = sum(
        found[k][n] == wanted[(k + n) % len(wanted)] for k in found for n in range(options.calls)
    )
    total = THREADS * options.calls
    rows = [[f"calls from {THREADS} threads at once", str(total), str(right), str(total - right)]]
    for kind, good in tried.items():
        beside = "forked beside these threads" if kind == "fork" else f"started by {kind}"
        count = [str(len(good)), str(sum(good)), str(len(good) - sum(good))]
        rows.append([f"processes {beside}, {len(WORK)} calls each", *count])
    text = table(["", "tried", "equal bits", "lost"], rows)
    publish("calls", text, "reliability.md")
    print(f"\n{seconds:.0f} s")
    assert all(row[3] == "0" for row in rows)


if __name__ == "__main__":
    main()
