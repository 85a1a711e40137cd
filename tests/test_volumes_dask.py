"""Volumes on Dask: lazy, the bits of one process whatever the chunks, and whole when workers die."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import divgrad
from divgrad import FSI, PeronaMalik, Steps
from divgrad.errors import ClusterError, ImageError, ParameterError, SchemeError
from divgrad.volumes import evolve, on_cluster

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
zarr = pytest.importorskip("zarr")

import dask.array as da  # noqa: E402

FLOW = PeronaMalik(20.0)
SHAPE = (40, 48, 56)


def volume() -> Any:
    noisy = np.random.default_rng(0).normal(100.0, 20.0, SHAPE)
    return (noisy + 80.0 * (np.arange(SHAPE[-1]) > 20)).astype(np.float32)


CHUNKS: list[Any] = [
    SHAPE, (20, 24, 28), (16, 16, 16), (8, 8, 8), (40, 48, 14), (40, 12, 56), (10, 48, 56), (3, 48, 56),
    (1, 48, 56), (40, 48, 2), (40, 5, 56), (13, 17, 19), (7, 48, 9), (39, 47, 55), ((1, 39), 48, 56),
    ((39, 1), (20, 28), 56), ((17, 23), (1, 1, 46), (28, 28)), (40, (30, 18), (55, 1)), (33, 33, 33), (6, 7, 56),
]  # fmt: skip


def test_any_chunks_give_the_bits_of_one_process() -> None:
    u = volume()
    want = divgrad.evolve(u, FLOW, until=Steps(12)).u
    assert len(CHUNKS) == 20
    for chunks in CHUNKS:
        made = evolve(da.from_array(u, chunks=chunks), FLOW, until=Steps(12))
        assert np.array_equal(made.compute(scheduler="sync"), want), chunks
    flow, scheme = PeronaMalik(20.0, presmoothing=0.8), FSI(tau=1.0)
    want = divgrad.evolve(u, flow, scheme=scheme, until=Steps(2)).u
    made = evolve(da.from_array(u, chunks=(13, 17, 19)), flow, scheme=scheme, until=Steps(2))
    assert np.array_equal(made.compute(scheduler="sync"), want)


def test_nothing_is_computed_before_it_is_asked_for_and_graphs_grow_like_the_blocks() -> None:
    def never(block: Any) -> Any:
        raise AssertionError("computed")

    sizes = []
    for depth in (4, 8, 16):
        blank = da.zeros((depth * 32, 64, 64), chunks=(32, 32, 32), dtype=np.float32)
        made = evolve(blank.map_blocks(never, dtype=np.float32), FLOW, until=Steps(20))
        assert made.dtype == np.float32
        assert made.shape == blank.shape
        sizes.append(len(made.dask))
    assert sizes[2] - sizes[1] == 2 * (sizes[1] - sizes[0])
    assert sizes[2] < 150 * 16 * 4


def test_what_a_lazy_array_cannot_say_is_refused_and_nan_too() -> None:
    u = volume()
    lazy = da.from_array(u, chunks=(20, 24, 28))
    for equation, scheme in [
        (divgrad.TotalVariation(), None), (divgrad.EdgeEnhancing(20.0), FSI()), (FLOW, divgrad.AOS()),
    ]:  # fmt: skip
        with pytest.raises(SchemeError) as raised:
            evolve(lazy, equation, scheme=scheme, until=Steps(1))
        assert "\n" not in str(raised.value)
    with pytest.raises(ParameterError, match="out"):
        evolve(lazy, FLOW, until=Steps(1), out="there.zarr")
    u[3, 4, 5] = np.inf
    with pytest.raises(ImageError, match="infinite"):
        evolve(da.from_array(u, chunks=(20, 24, 28)), FLOW, until=Steps(1)).compute(
            scheduler="sync"
        )


def test_only_safe_addresses_are_taken() -> None:
    for address in (
        "tcp://10.0.0.1:8786",
        "cluster.example:8786",
        "ws://127.0.0.1:1",
        "tcp://0.0.0.0:1",
    ):
        with pytest.raises(ParameterError, match="tls"), on_cluster(address):
            pass
    start = time.monotonic()
    with (
        pytest.raises(ClusterError, match="no workers"),
        on_cluster("tcp://127.0.0.1:9", patience=2.0),
    ):
        pass
    assert time.monotonic() - start < 20.0


def workers() -> list[int]:
    """Return the processes that were spawned here."""
    mine = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"spawn_main" in (folder / "cmdline").read_bytes():
                mine.append(int(folder.name))
        except OSError:
            continue
    return sorted(mine)


@dataclass(frozen=True)
class Fails:
    """Work that always fails."""

    source: Any
    grid: Any

    def load(self, block: Any) -> Any:
        raise RuntimeError("always")

    def make(self, block: Any, read: Any) -> Any:
        raise AssertionError("never reached")

    def store(self, block: Any, made: Any) -> None:
        raise AssertionError("never reached")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")
def test_a_worker_that_is_killed_loses_nothing_and_a_block_that_fails_ends_the_run(
    tmp_path: Path,
) -> None:
    u, threads = volume(), threading.active_count()  # earlier tests left some
    source, out = tmp_path / "in.zarr", tmp_path / "out.zarr"
    zarr.create_array(source, shape=u.shape, chunks=(8, 8, 56), dtype="f4")[:] = u
    killed: list[int] = []
    with on_cluster(workers=2) as runner:

        def once(work: Any, todo: Any, done: Any) -> None:
            def told(number: int, extent: Any) -> None:
                done(number, extent)
                if not killed:
                    killed.append(workers()[-1])
                    os.kill(killed[0], signal.SIGKILL)

            runner(work, todo, told)

        evolve(source, FLOW, until=Steps(12), out=out, memory=3 / 1024, runner=once)
        assert killed

        def failing(work: Any, todo: Any, done: Any) -> None:
            runner(Fails(work.source, work.grid), todo, done)

        with pytest.raises(ClusterError, match="failed on the cluster") as raised:
            evolve(source, FLOW, until=Steps(2), out=tmp_path / "never.zarr", runner=failing)
        assert "\n" not in str(raised.value)
    assert np.array_equal(zarr.open_array(out)[:], divgrad.evolve(u, FLOW, until=Steps(12)).u)
    assert not (tmp_path / "never.zarr").exists()
    assert threading.active_count() < threads + 64
