"""Every flow that may be done in parts, from Zarr to Zarr in several blocks: are the bits those of a run in memory?

    python bench/reliability/parts.py [--write]

About half a minute on two cores at rest, a minute more where kernels have to be compiled.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import zarr

sys.path.insert(0, str(Path(__file__).parents[1]))
import divgrad
from divgrad import FED, FSI, Explicit, Steps, Time
from divgrad.errors import ParameterError
from divgrad.volumes import evolve
from measure import publish, table

CASES = [
    (divgrad.Heat(), FED(tau=0.7), Time(2.0), 1.2),
    (divgrad.PeronaMalik(20.0), Explicit(), Time(3.3), 1.0),
    (divgrad.PeronaMalik(20.0, presmoothing=0.8), FSI(tau=0.7), Steps(3), 2.0),
    (divgrad.FourthOrder(20.0), Explicit(), Steps(5), 1.0),
    (divgrad.Biharmonic(), FED(tau=0.2), Steps(2), 1.2),
    (divgrad.MeanCurvature(), FSI(tau=0.5), Steps(2), 1.5),
    (divgrad.TotalVariation(20.0), Explicit(), Steps(6), 1.2),
    (divgrad.TotalVariation(20.0, 20.0), FSI(tau=0.5), Steps(2), 1.8),
    (divgrad.PLaplacian(3.0, 20.0), Explicit(), Steps(6), 1.2),
    (divgrad.EdgeEnhancing(20.0, presmoothing=0.5, reach=1), FSI(tau=0.3), Steps(2), 12.5),
    (divgrad.CoherenceEnhancing(20.0, integration=1.0, reach=1), FED(tau=0.3), Steps(2), 20.0),
    (
        divgrad.Hybrid(20.0, 20.0, presmoothing=0.5, integration=0.5, reach=1),
        Explicit(),
        Steps(2),
        35.0,
    ),
]
CHUNKS = [(8, 8, 56), (16, 16, 16), (10, 7, 28)]


def main() -> None:
    noisy = np.random.default_rng(0).normal(100.0, 20.0, (40, 48, 56))
    u = (noisy + 80.0 * (np.arange(56) > 20)).astype(np.float32)
    rows = []
    with tempfile.TemporaryDirectory() as made:
        for number, (equation, scheme, until, mebi) in enumerate(CASES):
            want = divgrad.evolve(u, equation, scheme=scheme, until=until).u
            equal, passes, blocks = 0, 0, []
            for chunks in CHUNKS:
                name = f"{number}-{'-'.join(map(str, chunks))}"
                source, out = Path(made) / f"{name}.zarr", Path(made) / f"{name}-out.zarr"
                zarr.create_array(source, shape=u.shape, chunks=chunks, dtype="f4")[:] = u
                done = least(source, equation, scheme, until, out, mebi)
                equal += np.array_equal(zarr.open_array(out)[:], want)
                passes, blocks = max(passes, done.passes), [*blocks, str(done.blocks)]
            names = [type(equation).__name__, type(scheme).__name__]
            rows.append([*names, str(passes), ", ".join(blocks), f"{equal} of {len(CHUNKS)}"])
    header = ["flow", "scheme", "passes", "blocks", "the bits of a run in memory"]
    publish(
        "parts",
        f"40 x 48 x 56 float32, chunks {CHUNKS}.\n\n{table(header, rows)}",
        "reliability.md",
    )


def least(source: Path, equation: Any, scheme: Any, until: Any, out: Path, mebi: float) -> Any:
    """Evolve it in the least memory, from so many MiB on, that holds a part."""
    while True:
        try:
            return evolve(source, equation, scheme=scheme, until=until, out=out, memory=mebi / 1024)
        except ParameterError:
            mebi *= 1.2


if __name__ == "__main__":
    main()
