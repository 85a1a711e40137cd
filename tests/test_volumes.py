"""Volumes in parts: the bits of a run in memory, in bounded memory, and nothing lost when a run is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import divgrad
from divgrad import FED, FSI, Explicit, Heat, PeronaMalik, Steps, Time
from divgrad.cli import main
from divgrad.errors import ImageError, ImageWriteError, ParameterError, SchemeError
from divgrad.io.ome_zarr import Level, attributes, understood
from divgrad.volumes import evolve
from divgrad.volumes.blocks import Block, best_cut, blocks
from divgrad.volumes.locally import here

zarr = pytest.importorskip("zarr")

FLOW = PeronaMalik(20.0)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(divgrad.__file__).parents[1])}


def volume(shape: tuple[int, ...] = (40, 48, 56)) -> Any:
    noisy = np.random.default_rng(0).normal(100.0, 20.0, shape)
    return (noisy + 80.0 * (np.arange(shape[-1]) > 20)).astype(np.float32)


def stored(path: Path, u: Any, chunks: tuple[int, ...], **more: Any) -> Path:
    array = zarr.create_array(path, shape=u.shape, chunks=chunks, dtype=u.dtype, **more)
    array[:] = u
    return path


CASES = [
    (FLOW, Explicit(), Steps(20), (8, 8, 56), 1.2),
    (FLOW, Explicit(0.9), Steps(3), (10, 7, 19), 1.0),
    (FLOW, Explicit(), Time(3.3), (16, 16, 16), 2.0),
    (PeronaMalik(20.0, presmoothing=0.8), FSI(tau=1.0), Steps(3), (10, 7, 28), 3.0),
    (PeronaMalik(lambda t: 20.0 + t, presmoothing=0.5), FED(tau=1.0), Time(2.0), (8, 8, 56), 3.0),
    (PeronaMalik(lambda t: 20.0 - t), Explicit(), Steps(9), (40, 4, 4), 2.0),
]


@pytest.mark.parametrize(("equation", "scheme", "until", "chunks", "mebi"), CASES)
def test_parts_give_the_bits_of_the_whole(
    equation: Any, scheme: Any, until: Any, chunks: tuple[int, ...], mebi: float, tmp_path: Path
) -> None:
    u = volume()
    whole = divgrad.evolve(u, equation, scheme=scheme, until=until)
    source = stored(tmp_path / "in.zarr", u, chunks)
    done = evolve(
        source, equation, scheme=scheme, until=until, out=tmp_path / "out.zarr", memory=mebi / 1024
    )
    assert done.blocks > 1
    assert np.array_equal(zarr.open_array(tmp_path / "out.zarr")[:], whole.u)
    assert (done.t, done.steps, done.reason) == (whole.t, whole.steps, whole.reason)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.zarr", "out.zarr"]
    assert np.array_equal(zarr.open_array(source)[:], u)


def test_tensor_flows_and_what_looks_at_extremes(tmp_path: Path) -> None:
    u = volume((40, 30, 20))
    source = stored(tmp_path / "in.zarr", u, (4, 5, 20))
    flows = [
        (divgrad.EdgeEnhancing(20.0, presmoothing=0.5, reach=1), FSI(tau=0.2), Steps(2), 6.0),
        (divgrad.TotalVariation(20.0), Explicit(), Steps(3), 0.8),
        (divgrad.MeanCurvature(), FSI(tau=0.3), Steps(2), 1.1),
    ]
    for number, (equation, scheme, until, mebi) in enumerate(flows):
        whole = divgrad.evolve(u, equation, scheme=scheme, until=until)
        out = tmp_path / f"{number}.zarr"
        done = evolve(source, equation, scheme=scheme, until=until, out=out, memory=mebi / 1024)
        assert done.blocks > 1, equation
        assert np.array_equal(zarr.open_array(out)[:], whole.u), equation


def test_channels_integers_spacing_and_shards(tmp_path: Path) -> None:
    u = np.random.default_rng(1).integers(0, 4000, (24, 20, 2, 28)).astype(np.uint16)
    source = stored(tmp_path / "in.zarr", u, (2, 5, 2, 7), shards=(4, 10, 2, 14))
    flow, spacing = PeronaMalik(500.0), (2.0, 1.0, 0.5)
    more = {"until": Steps(5), "channel_axis": 2, "spacing": spacing}
    whole = divgrad.evolve(u, flow, **more).u
    evolve(source, flow, out=tmp_path / "out.zarr", dtype="uint16", memory=0.5 / 1024, **more)
    made = zarr.open_array(tmp_path / "out.zarr")
    assert made.dtype == np.uint16
    assert np.array_equal(made[:], np.clip(np.rint(whole), 0, 65535).astype(np.uint16))
    image = u[:, :, 0, 0].astype(np.float32)
    stored(tmp_path / "image.zarr", image, (4, 5))
    evolve(tmp_path / "image.zarr", flow, until=Steps(5), out=tmp_path / "small.zarr")
    want = divgrad.evolve(image, flow, until=Steps(5)).u
    assert np.array_equal(zarr.open_array(tmp_path / "small.zarr")[:], want)


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    u = volume()
    source, out = stored(tmp_path / "in.zarr", u, (8, 8, 56)), tmp_path / "out.zarr"
    made: list[int] = []

    class Stopped(Exception):
        pass

    def dies(work: Any, todo: Any, done: Any) -> None:
        def count(number: int, extent: Any) -> None:
            done(number, extent)
            made.append(number)
            if len(made) % 7 == 0:
                raise Stopped

        here(work, todo, count)

    tries = 0
    while not out.exists():
        tries += 1
        try:
            done = evolve(source, FLOW, until=Steps(20), out=out, memory=1.5 / 1024, runner=dies)
        except Stopped:
            assert not out.exists()
    assert tries == 5
    assert len(made) <= done.passes * done.blocks + 2 * tries  # finished blocks are not done again
    want = divgrad.evolve(u, FLOW, until=Steps(20)).u
    assert np.array_equal(zarr.open_array(out)[:], want)
    assert not (tmp_path / "out.zarr.part").exists()


KILLED = """
    import sys, time
    from divgrad import PeronaMalik, Steps
    from divgrad.volumes import evolve
    from divgrad.volumes.locally import here

    def slowly(work, todo, done):
        def told(number, extent):
            done(number, extent)
            print(number, flush=True)
            time.sleep(0.1)
        here(work, todo, told)

    evolve(sys.argv[1], PeronaMalik(20.0), until=Steps(20), out=sys.argv[2], memory=1.5 / 1024, runner=slowly)
"""


def test_kill_minus_nine_leaves_a_ledger_and_no_output(tmp_path: Path) -> None:
    u = volume()
    source, out = stored(tmp_path / "in.zarr", u, (8, 8, 56)), tmp_path / "out.zarr"
    words = [sys.executable, "-c", textwrap.dedent(KILLED), str(source), str(out)]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, env=ENVIRONMENT)
    assert child.stdout is not None
    for _ in range(8):
        assert child.stdout.readline()
    with pytest.raises(ImageWriteError, match="another run"):  # while it goes on
        evolve(source, FLOW, until=Steps(20), out=out, memory=1.5 / 1024)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert not out.exists()
    told = json.loads((tmp_path / "out.zarr.part" / "ledger.json").read_text())
    assert told["passes"], "the first pass was finished"
    with pytest.raises(ImageWriteError, match="another run"):
        evolve(source, FLOW, until=Steps(21), out=out, memory=1.5 / 1024)
    evolve(source, FLOW, until=Steps(20), out=out, memory=1.5 / 1024)
    assert np.array_equal(zarr.open_array(out)[:], divgrad.evolve(u, FLOW, until=Steps(20)).u)


def test_what_cannot_be_done_in_parts_is_refused_in_one_line(tmp_path: Path) -> None:
    source, out = stored(tmp_path / "in.zarr", volume((8, 8, 8)), (4, 4, 4)), tmp_path / "out.zarr"
    for equation, scheme, until in [
        (FLOW, divgrad.AOS(), Steps(1)),
        (FLOW, divgrad.LOD(), Steps(1)),
        (FLOW, divgrad.Implicit(), Steps(1)),
        (FLOW, divgrad.CoarseToFine(), Time(1.0)),
        (FLOW, divgrad.Adaptive(), Time(1.0)),
        (FLOW, Explicit(), divgrad.SteadyState()),
        (divgrad.Fidelity(Heat(), 1.0), Explicit(), Steps(1)),
        (divgrad.Robust(), Explicit(), Steps(1)),
    ]:
        with pytest.raises(SchemeError) as raised:
            evolve(source, equation, scheme=scheme, until=until, out=out)
        assert "\n" not in str(raised.value)
        assert len(str(raised.value)) < 200
        assert sorted(p.name for p in tmp_path.iterdir()) == ["in.zarr"]


def test_wrong_inputs_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    u = volume((8, 8, 8))
    source, out = stored(tmp_path / "in.zarr", u, (4, 4, 4)), tmp_path / "out.zarr"
    with pytest.raises(ImageWriteError, match="the input itself"):
        evolve(source, FLOW, until=Steps(1), out=source)
    with pytest.raises(ParameterError, match="memory"):
        evolve(source, FLOW, until=Steps(1), out=out, memory=1e-7)
    with pytest.raises(ParameterError, match=r"divgrad\.evolve"):
        evolve(u, FLOW, until=Steps(1), out=out)
    with pytest.raises(ImageWriteError, match="does not exist"):
        evolve(source, FLOW, until=Steps(1), out=tmp_path / "no" / "out.zarr")
    u[3, 4, 5] = np.nan
    bad = stored(tmp_path / "bad.zarr", u, (4, 4, 4))
    with pytest.raises(ImageError, match=r"\(3, 4, 5\)"):
        evolve(bad, FLOW, until=Steps(1), out=out)
    with pytest.raises(ImageError, match="spatial axes"):
        evolve(stored(tmp_path / "line.zarr", u[0, 0], (4,)), FLOW, until=Steps(1), out=out)
    assert not out.exists()
    assert not list(tmp_path.glob("*.part"))


MEASURED = """
    import sys
    from divgrad import PeronaMalik, Steps
    from divgrad.volumes import evolve
    done = evolve(sys.argv[1], PeronaMalik(20.0), until=Steps(3), out=sys.argv[2], memory=0.15)
    status = open("/proc/self/status").read()  # not ru_maxrss, which begins with that of who started it
    print(status.partition("VmHWM:")[2].split()[0], done.blocks)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory in KiB")
def test_two_gigabytes_take_less_than_400_mebibytes(tmp_path: Path) -> None:
    shape = (480, 1024, 1024)
    if shutil.disk_usage(tmp_path).free < 12 * 10**9:
        pytest.skip("it takes 8 GB of disk")
    slab = np.random.default_rng(0).normal(100.0, 20.0, (32, *shape[1:])).astype(np.float32)
    with tempfile.TemporaryDirectory(dir=tmp_path) as room:  # which pytest would keep
        source, out = Path(room, "in.zarr"), Path(room, "out.zarr")
        array = zarr.create_array(
            source, shape=shape, chunks=(16, 64, 1024), dtype="f4", compressors=None
        )
        for z in range(0, shape[0], 32):
            array[z : z + 32] = slab + np.float32(z)
        words = [sys.executable, "-c", textwrap.dedent(MEASURED), str(source), str(out)]
        done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, check=True)
        peak, parts = map(int, done.stdout.split())
        assert parts > 50
        assert peak < 400 * 1024, f"{peak} KiB"
        made = zarr.open_array(out)
        for low, high in ((0, 32), (243, 265), (470, 480)):
            around = slice(max(0, low - 3), high + 3)
            whole = divgrad.evolve(array[around], FLOW, until=Steps(3)).u
            first = low - around.start
            np.testing.assert_array_equal(made[low:high], whole[first : first + high - low])


def test_denoise_in_parts_is_denoise_in_memory(tmp_path: Path) -> None:
    u = volume((72, 40, 48))
    source = stored(tmp_path / "in.zarr", u, (8, 8, 48))
    words = [
        "denoise",
        str(source),
        "-o",
        str(tmp_path / "out.zarr"),
        "--sigma",
        "20",
        "--memory",
        "0.006",
        "--json",
    ]
    assert main(words) == 0
    want = divgrad.denoise(u, 20.0, model=None)
    assert np.array_equal(zarr.open_array(tmp_path / "out.zarr")[:], want)
    assert main([*words[:-3], "--memory", "0.006"]) == 2  # it exists
    assert (
        main(
            [
                "denoise",
                str(source),
                "-o",
                str(tmp_path / "b.zarr"),
                "--memory",
                "1",
                "--model",
                "best",
            ]
        )
        == 2
    )
    assert (
        main(
            ["flow", str(source), "-e", "heat", "-u", "steps:1", "--cluster", "tcp://10.0.0.1:8786"]
        )
        == 2
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.zarr", "out.zarr"]


def test_ome_zarr_says_its_axes_and_stays_one(tmp_path: Path) -> None:
    u = volume((12, 16, 20))
    group = zarr.open_group(
        str(tmp_path / "in.zarr"), mode="w",
        attributes=attributes("tczyx", "um", [Level("0", (1.0, 1.0, 2.0, 0.5, 0.5), (0.0,) * 5)]),
    )  # fmt: skip
    group.create_array("0", shape=(1, 1, *u.shape), chunks=(1, 1, 4, 16, 20), dtype="f4")[:] = u[
        None, None
    ]
    evolve(tmp_path / "in.zarr", FLOW, until=Steps(3), out=tmp_path / "out.zarr")
    made = zarr.open_group(str(tmp_path / "out.zarr"), mode="r")
    said = understood(made)
    assert said is not None
    assert (said.axes, said.spatial()[0], said.unit) == ("zyx", (2.0, 0.5, 0.5), "um")
    whole = divgrad.evolve(u, FLOW, until=Steps(3), spacing=(2.0, 0.5, 0.5)).u
    assert np.array_equal(made["0"][:], whole)


def test_blocks_cover_a_volume_once_and_fit_the_memory() -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        shape, unit = tuple(rng.integers(1, 60, 3)), tuple(rng.integers(1, 12, 3))
        cut = best_cut(shape, unit, [(1, 1, 1), (2, 2, 2)], [1, 2], 60_000)
        seen = np.zeros(shape, int)
        for block in blocks(shape, cut.size):
            seen[block.where] += 1
            wide = block.widened((cut.calls,) * 3, shape)
            assert np.prod(np.subtract(wide.high, wide.low)) <= 60_000
            assert all(a % u == 0 for a, u in zip(block.low, unit, strict=True))
        assert (seen == 1).all()
    assert Block((2, 0), (4, 3)).within(Block((1, 0), (6, 3))) == (slice(1, 3), slice(0, 3))


def test_run_is_not_held_up(tmp_path: Path) -> None:
    """Errors of the writer end a run at once, in the words of the disk."""
    source = stored(tmp_path / "in.zarr", volume((16, 16, 16)), (4, 4, 16))

    def full(work: Any, todo: Any, done: Any) -> None:
        class Full:
            load, make = work.load, work.make

            def store(self, block: Any, made: Any) -> None:
                raise ImageWriteError("No space left on device")

        here(Full(), todo, done)

    start = time.monotonic()
    with pytest.raises(ImageWriteError, match="No space"):
        evolve(source, FLOW, until=Steps(2), out=tmp_path / "out.zarr", runner=full)
    assert time.monotonic() - start < 5.0
    assert not (tmp_path / "out.zarr").exists()
