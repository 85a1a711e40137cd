"""Two workers of a Dask cluster, one of them killed five times in the middle of a volume; and blocks that always fail.

    python bench/reliability/cluster.py [--write] [--mib 1024] [--memory 0.12]

About four minutes on two cores at rest. First 1 worker and 2 workers are timed undisturbed, for the scaling model of
docs/volumes.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr

sys.path.insert(0, str(Path(__file__).parents[1]))
import divgrad
from divgrad import PeronaMalik, Steps
from divgrad.errors import ClusterError
from divgrad.grid import Tiling
from divgrad.volumes import evolve, on_cluster
from divgrad.volumes.locally import here
from divgrad.volumes.places import few_at_once
from measure import publish, table

FLOW, STEPS = PeronaMalik(20.0), 20


@dataclass(frozen=True)
class Fails:
    """Work that always fails."""

    source: Any
    grid: Any

    def load(self, block: Any) -> Any:
        raise RuntimeError("this block always fails")

    def make(self, block: Any, read: Any) -> Any:
        raise AssertionError("never reached")

    def store(self, block: Any, made: Any) -> None:
        raise AssertionError("never reached")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--memory", type=float, default=0.12)
    parser.add_argument("--write", action="store_true")
    told = parser.parse_args()
    side = int((told.mib * 2**20 / 4) ** (1 / 3)) // 32 * 32
    u = np.random.default_rng(0).normal(100.0, 20.0, (side,) * 3).astype(np.float32)
    want = divgrad.evolve(u, FLOW, until=Steps(STEPS)).u
    rows, model = [], []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        source = folder / "in.zarr"
        zarr.create_array(
            source, shape=u.shape, chunks=(32, 32, side), dtype="f4", compressors=None
        )[:] = u

        def tried(runner: Any, out: str) -> tuple[float, bool, int]:
            counted.begin(runner)
            os.sync()  # what the one before left to write
            start = time.perf_counter()
            done = evolve(
                source, FLOW, until=Steps(STEPS), out=folder / out, memory=told.memory, runner=counted,
                tiling=Tiling(threads=1),  # or one worker would take both cores
            )  # fmt: skip
            taken = time.perf_counter() - start
            same = np.array_equal(zarr.open_array(folder / out)[:], want)
            shutil.rmtree(folder / out)
            return taken, same, done.blocks * done.passes

        counted, plain = Counted(), OneByOne()
        tried(here, "warm.zarr")
        taken, _, _ = tried(plain, "plain.zarr")
        speed, disk = counted.steps / plain.computing, counted.moved / (taken - plain.computing)
        taken, same, count = tried(here, "here.zarr")
        rows.append(
            ["this process alone", f"{taken:.1f}", str(count), "-", "yes" if same else "NO"]
        )
        for workers in (1, 2):
            with on_cluster(workers=workers) as runner:
                tried(runner, f"warm{workers}.zarr")
                taken, same, count = tried(runner, f"{workers}.zarr")
                name = "1 worker" if workers == 1 else f"{workers} workers"
                rows.append([name, f"{taken:.1f}", str(count), "0", "yes" if same else "NO"])
                foreseen = counted.steps / (workers * speed) + counted.moved / disk
                more, moved = counted.steps / (u.size * STEPS), counted.moved / u.nbytes
                model.append(
                    [name, f"{more:.2f}", f"{moved:.1f}", f"{foreseen:.1f}", f"{taken:.1f}"]
                )
        with on_cluster(workers=2) as runner:
            killer = Killer(5, taken / 6)
            killer.start()
            taken, same, count = tried(runner, "killed.zarr")
            killer.stop.set()
            killer.join()
            rows.append(
                [
                    "2 workers, killed",
                    f"{taken:.1f}",
                    str(count),
                    str(killer.killed),
                    "yes" if same else "NO",
                ]
            )

            def failing(work: Any, todo: Any, done: Any) -> None:
                runner(Fails(work.source, work.grid), todo, done)

            start = time.perf_counter()
            try:
                evolve(
                    source,
                    FLOW,
                    until=Steps(STEPS),
                    out=folder / "never.zarr",
                    memory=told.memory,
                    runner=failing,
                )
                ended = "it did NOT end"
            except ClusterError as error:
                ended = f"`{error}`, after {time.perf_counter() - start:.1f} s"
            left = sorted(path.name for path in folder.glob("never.zarr"))
    header = ["", "seconds", "blocks", "workers killed", "the bits of a run in memory"]
    text = (
        f"{side}^3 float32, {STEPS} steps of Perona-Malik.\n\n{table(header, rows)}\n\n"
        f"A block that always fails: {ended}; {left or 'no output'} was left under a final name."
    )
    publish("cluster", text, "reliability.md")
    titles = ["", "computed / kept", "moved / size", "seconds foreseen", "seconds measured"]
    publish(
        "model",
        f"{side}^3 float32, {STEPS} steps, blocks for {told.memory:g} GiB; C = {speed / 1e6:.0f} million voxel-steps/s "
        f"and D = {disk / 1e6:.0f} MB/s, as these blocks take one by one in one process:\n\n{table(titles, model)}",
        "volumes.md",
    )


class OneByOne:
    """A runner that does not move while it computes, so that each has a time of its own."""

    computing = 0.0

    def __call__(self, work: Any, todo: Any, done: Any) -> None:
        for number, block in todo:
            with few_at_once(work.source):
                read = work.load(block)
                start = time.perf_counter()
                made, extent = work.make(block, read)
                self.computing += time.perf_counter() - start
                work.store(block, made)
            done(number, extent)


class Counted:
    """A runner that counts what is computed and moved."""

    def __init__(self) -> None:
        self.begin(here)

    def begin(self, runner: Any) -> None:
        self.runner, self.steps, self.moved = runner, 0.0, 0.0

    def __call__(self, work: Any, todo: Any, done: Any) -> None:
        steps = sum(len(visit.taus) for visit in getattr(work, "visits", ()))
        for _, block in todo if hasattr(work, "halo") else ():
            wide = block.widened(work.halo, work.source.shape)
            read = float(np.prod(np.subtract(wide.high, wide.low)))
            self.steps += steps * read
            self.moved += 4 * (read + float(np.prod(np.subtract(block.high, block.low))))
        self.runner(work, todo, done)


class Killer(threading.Thread):
    """Kills a worker process every few moments."""

    def __init__(self, times: int, pause: float) -> None:
        super().__init__(daemon=True)
        self.times, self.pause, self.killed = times, max(0.5, pause), 0
        self.stop = threading.Event()

    def run(self) -> None:
        while self.killed < self.times and not self.stop.wait(self.pause):
            found = children()
            if found:
                os.kill(found[-1], signal.SIGKILL)
                self.killed += 1


def children() -> list[int]:
    """Return the worker processes of this one (Linux): those that spawn started for Dask."""
    mine = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
        if parent == os.getpid() and b"spawn_main" in line:
            mine.append(int(folder.name))
    return sorted(mine)


if __name__ == "__main__":
    main()
