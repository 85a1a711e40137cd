"""A volume larger than memory, from Zarr to Zarr: resident memory, bits, and speed beside memory and disk.

    python bench/reliability/out_of_core.py [--write] [--gib 2] [--memory 0.2] [--steps 6] [--folder DIR]

2 GiB take about a minute on two cores at rest, and 6.5 GiB of disk; ``--gib 20 --memory 1.5`` half an hour and 60
GiB. In memory the volume is evolved too where five of it fit; else three slabs of it, with what they see, are.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import zarr

sys.path.insert(0, str(Path(__file__).parents[1]))
import divgrad
from divgrad import Explicit, PeronaMalik, Steps
from measure import publish, table

FLOW, SCHEME = PeronaMalik(20.0), Explicit(0.1)
ROWS = COLS = 1024

CHILD = """
import json, sys, time
from divgrad import Explicit, PeronaMalik, Steps
from divgrad.volumes import evolve
source, out, memory, steps = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
start, cpu = time.perf_counter(), time.process_time()
done = evolve(source, PeronaMalik(20.0), scheme=Explicit(0.1), until=Steps(steps), out=out, memory=memory)
wall, cpu = time.perf_counter() - start, time.process_time() - cpu
status = open("/proc/self/status").read()  # not ru_maxrss, which begins with that of who started it
peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps([wall, cpu, peak, done.passes, done.blocks]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2.0)
    parser.add_argument("--memory", type=float, default=0.2)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--folder")
    parser.add_argument("--write", action="store_true")
    told = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=told.folder))
    try:
        measure(told, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(told: Any, folder: Path) -> None:
    shape = (int(told.gib * 2**30 / 4 / ROWS / COLS) // 64 * 64, ROWS, COLS)
    voxels = float(np.prod(shape))
    source, out = folder / "in.zarr", folder / "out.zarr"
    array = zarr.create_array(
        source, shape=shape, chunks=(16, 64, COLS), dtype="f4", compressors=None
    )
    rng = np.random.default_rng(0)
    for z in range(0, shape[0], 16):
        slab = rng.standard_normal((16, ROWS, COLS), np.float32)
        slab *= 20.0
        slab += 100.0 + 80.0 * ((np.arange(COLS) // 100) % 2).astype(np.float32)
        array[z : z + 16] = slab
    os.sync()
    disk = copied(source, folder / "copy.zarr")
    words = [sys.executable, "-c", CHILD, str(source), str(out), str(told.memory), str(told.steps)]
    wall, cpu, peak, passes, parts = json.loads(
        subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    )
    print(f"disk {disk:.1f} s; in parts {wall:.1f} s, {peak:.0f} MiB", file=sys.stderr, flush=True)
    made = zarr.open_array(out, mode="r")
    fits = 5 * voxels * 4 < os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    memory: list[str] = ["-", "-"]
    if fits:
        u = array[:]
        divgrad.evolve(u[:32], FLOW, scheme=SCHEME, until=Steps(told.steps))
        start, spent = time.perf_counter(), time.process_time()
        whole = divgrad.evolve(u, FLOW, scheme=SCHEME, until=Steps(told.steps)).u
        within, spent = time.perf_counter() - start, time.process_time() - spent
        memory = [f"{voxels / within / 1e6:.0f}", f"{voxels / spent / 1e6:.0f}"]
        same = all(
            np.array_equal(made[z : z + 32], whole[z : z + 32]) for z in range(0, shape[0], 32)
        )
        compared = "all of it"
    else:
        same, compared = True, "three slabs of 32 planes"
        for z in (0, shape[0] // 2 - 7, shape[0] - 32):
            low, high = max(0, z - told.steps), min(shape[0], z + 32 + told.steps)
            part = divgrad.evolve(array[low:high], FLOW, scheme=SCHEME, until=Steps(told.steps)).u
            same &= np.array_equal(part[z - low : z - low + 32], made[z : z + 32])
    rows = [
        ["in parts", f"{voxels / wall / 1e6:.0f}", f"{voxels / cpu / 1e6:.0f}", f"{peak:.0f}"],
        ["in memory", *memory, "-"],
        ["copied by the disk", f"{voxels / disk / 1e6:.0f}", "-", "-"],
    ]
    header = ["", "million voxels / s", "million voxels / s of a core", "resident MiB"]
    said = (
        f"{told.gib:g} GiB float32, {shape[0]} x {ROWS} x {COLS}, {told.steps} steps of Perona-Malik, "
        f"--memory {told.memory:g}: "
        f"{passes} passes of {parts} blocks. The same bits as in memory ({compared}): {'yes' if same else 'NO'}. "
        "Copied by the disk: read and written once, brought to the disk at the end."
    )
    publish(f"out-of-core-{told.gib:g}", f"{table(header, rows)}\n\n{said}", "reliability.md")


def copied(source: Path, target: Path) -> float:
    """Return the seconds in which the disk copies a folder, to its end."""
    start = time.perf_counter()
    shutil.copytree(source, target)
    for path in target.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
    taken = time.perf_counter() - start
    shutil.rmtree(target)
    return taken


if __name__ == "__main__":
    main()
