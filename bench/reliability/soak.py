"""A thousand calls in one process: resident memory must not grow by five per cent.

    python bench/reliability/soak.py [--write] [--calls N]

About three minutes on two cores at rest. Sizes, types, tasks and errors take turns; memory is what the system says
after a collection, once every kind of call has been made a few times, and at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import divgrad
from divgrad.io import read, to_dtype, write
from measure import publish, table


def resident() -> float:
    """Return resident memory in MiB (Linux)."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def call(n: int, folder: Path) -> None:
    size = 96 + 16 * (n % 7)
    dtype = ("float32", "uint8", "uint16", "float64")[n % 4]
    noise = np.random.default_rng(n).normal(120.0, 20.0, (size, size + 8))
    image = noise if dtype == "float64" else to_dtype(noise, dtype)
    kind = n % 6
    if kind == 0:
        divgrad.denoise(image, model="fast")
    elif kind == 1:
        divgrad.evolve(image, divgrad.PeronaMalik(20.0), until=divgrad.Steps(40))
    elif kind == 2:
        write(folder / "a.tif", image)
        divgrad.evolve(
            read(folder / "a.tif").array,
            divgrad.Heat(),
            scheme=divgrad.FSI(),
            until=divgrad.Time(3),
        )
    elif kind == 3:
        with contextlib.suppress(divgrad.errors.DivgradError):
            divgrad.denoise(np.full((size, size), np.nan))
    elif kind == 4:
        divgrad.estimate.noise_kind(image)
    else:
        divgrad.recipes.loads(
            'divgrad: 1\nsteps: [flow: {equation: "perona-malik:contrast=20", until: "steps:9"}]'
        ).run(image)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    marks: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for n in range(options.calls + 100):
            if n >= 100 and (n - 100) % max(1, options.calls // 5) == 0:
                marks.append((n - 100, resident()))
            call(n, Path(folder))
    marks.append((options.calls, resident()))
    growth = marks[-1][1] / marks[0][1] - 1
    rows = [
        [str(n), f"{size:.1f}", f"{100 * (size / marks[0][1] - 1):+.1f} %"] for n, size in marks
    ]
    text = table(["calls", "resident memory (MiB)", "growth"], rows)
    publish("soak", text, "reliability.md")
    assert growth < 0.05


if __name__ == "__main__":
    main()
