"""What the first second costs: start of the command, the very first run, and memory.

Times are ratios to ``python -c "import numba"``, taken in turns. ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from measure import publish, table

COMMAND = [sys.executable, "-c", "import sys; from divgrad.cli import main; sys.exit(main())"]
ROUNDS = 5 if "--quick" in sys.argv else 11


def seconds(command: list[str], home: str, expect: str = "") -> float:
    start = time.perf_counter()
    done = subprocess.run(command, env={**os.environ, "HOME": home}, capture_output=True, text=True)
    gone = time.perf_counter() - start
    if done.returncode or expect not in done.stderr:
        raise SystemExit(f"{command} failed: {done.stdout} {done.stderr}")
    return gone


def start(folder: Path) -> str:
    """Start-up times."""
    home = str(folder)
    rng = np.random.default_rng(0)
    picture = folder / "noisy.png"
    ramp = np.linspace(40, 200, 256) * np.ones((256, 256))
    Image.fromarray(np.clip(ramp + rng.normal(0, 20, (256, 256)), 0, 255).astype("u1")).save(
        picture
    )
    denoise = [*COMMAND, "denoise", str(picture), "-o", str(folder / "out.png"), "--force"]
    first = seconds(denoise, home, expect="compiling")
    rivals = {
        'python -c "import numba"': [sys.executable, "-c", "import numba"],
        "divgrad denoise, 256^2 PNG, kernels cached": denoise,
        "divgrad --help": [*COMMAND, "--help"],
        "divgrad denoise --help": [*COMMAND, "denoise", "--help"],
    }
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(ROUNDS):
        for name, command in rivals.items():
            taken[name].append(seconds(command, home))
    base = statistics.median(taken['python -c "import numba"'])
    bars = ["", "<= 2.5", "< 0.3 s", "< 0.3 s"]
    rows = [
        [name, f"{statistics.median(times):.2f} s", f"{statistics.median(times) / base:.2f}", bar]
        for (name, times), bar in zip(taken.items(), bars, strict=True)
    ]
    rows.append(["divgrad denoise, the very first run, compiling", f"{first:.1f} s", "", "<= 15 s"])
    return table(["start", "time", "import numba = 1", "bar"], rows)


MEMORY = """
import resource, sys, numpy as np, divgrad
from divgrad import *
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
run = {
    "denoise": lambda u: divgrad.denoise(u),
    "Explicit": lambda u: evolve(u, PeronaMalik(20), until=Steps(60)),
    "Explicit, presmoothing": lambda u: evolve(u, PeronaMalik(20, presmoothing=1), until=Steps(3)),
    "FSI": lambda u: evolve(u, PeronaMalik(20), scheme=FSI(), until=Time(20)),
    "FSI, presmoothing": lambda u: evolve(u, PeronaMalik(20, presmoothing=1), scheme=FSI(), until=Time(20)),
    "AOS": lambda u: evolve(u, PeronaMalik(20), scheme=AOS(), until=Time(10)),
}[sys.argv[1]]
shape = tuple(map(int, sys.argv[2:]))
small = np.random.default_rng(0).random(tuple(min(n, 40) for n in shape), dtype="f4") * 255
run(small)  # loads what is needed
before = peak()
u = np.random.default_rng(0).random(shape, dtype="f4") * 255
run(u)
print(before, peak() - before, u.nbytes)
"""


def memory() -> str:
    """Peak memory, the image itself included, beyond the interpreter with its libraries."""
    rows = []
    for name in (
        "denoise",
        "Explicit",
        "Explicit, presmoothing",
        "FSI",
        "FSI, presmoothing",
        "AOS",
    ):
        for shape in ((8192, 8192), (400, 400, 400)):
            done = subprocess.run(
                [sys.executable, "-c", MEMORY, name, *map(str, shape)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            before, grown, size = map(int, done.stdout.split())
            rows.append(
                [
                    name, " x ".join(map(str, shape)), f"{size / 2**20:.0f} MB",
                    f"{grown / size:.2f}", f"{(grown + before - 4 * size) / 2**20:.0f} MB",
                ]
            )  # fmt: skip
    header = [
        "memory", "float32 image", "size", "peak above the libraries, in image sizes (bar: 4)",
        "whole process above 4 image sizes (bar: 100 MB)",
    ]  # fmt: skip
    return table(header, rows)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sections = [start(Path(folder))]
    sections.append(memory())
    publish("start", "\n\n".join(sections))
