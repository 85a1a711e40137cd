"""However an image is cut, on however many threads and in whatever process: the same bits. Ctrl-C stops at once."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import divgrad
from divgrad import AOS, FED, FSI, Explicit, Heat, PeronaMalik, Steps, Tiling, evolve
from divgrad.errors import ParameterError
from divgrad.grid import Grid
from divgrad.kernels import tiles
from divgrad.kernels.presmoothing import smooth
from divgrad.kernels.reductions import extent, moments

SOURCE = Path(divgrad.__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SOURCE)}
WHOLE = 10**6
PLAIN = Tiling(
    block=(WHOLE, WHOLE, WHOLE), depth=1, threads=1
)  # the whole image, one step per visit

EDGEWISE = PeronaMalik(contrast=6.0)
PRESMOOTHED = PeronaMalik(contrast=6.0, presmoothing=1.2)


def noise(shape, seed=0):
    return np.random.default_rng(seed).normal(100.0, 10.0, shape).astype(np.float32)


def run(image, equation, scheme, steps, tiling, channel_axis=None):
    return evolve(
        image, equation, scheme=scheme, until=Steps(steps), tiling=tiling,
        channel_axis=channel_axis,
    ).u  # fmt: skip


def assert_same_bits(got, wanted):
    assert got.dtype == wanted.dtype
    assert got.shape == wanted.shape
    assert got.tobytes() == wanted.tobytes(), f"differs by {np.abs(got - wanted).max()}"


# --- any cut ----------------------------------------------------------------------------------

sides = st.integers(1, 14)
shapes = st.one_of(
    st.tuples(st.integers(1, 60)), st.tuples(sides, sides), st.tuples(sides, sides, sides)
)
cuts = st.builds(
    Tiling,
    block=st.tuples(*[st.integers(1, 9)] * 3),
    depth=st.integers(1, 7),
    threads=st.sampled_from([1, 2, 4, 8]),
)


@pytest.mark.parametrize("equation", [EDGEWISE, PRESMOOTHED], ids=["edgewise", "presmoothed"])
@pytest.mark.parametrize(
    "scheme",
    [Explicit(tau=0.1), FED(tau=1.5), FSI(tau=1.5), AOS(tau=2.0)],
    ids=lambda s: type(s).__name__,
)
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(shape=shapes, tiling=cuts, steps=st.integers(1, 5))
@example(shape=(1,), tiling=Tiling(block=(1, 1, 1), depth=9, threads=8), steps=3)
@example(shape=(7, 1), tiling=Tiling(block=(1, 1, 1), depth=2, threads=1), steps=3)
@example(shape=(1, 7), tiling=Tiling(block=(1, 1, 1), depth=2, threads=1), steps=3)
@example(shape=(1, 1, 1), tiling=Tiling(block=(1, 1, 1), depth=2, threads=1), steps=3)
@example(shape=(5, 1, 6), tiling=Tiling(block=(2, 1, 2), depth=3, threads=2), steps=3)
def test_any_cut(equation, scheme, shape, tiling, steps):
    image = noise(shape)
    wanted = run(image, equation, scheme, steps, PLAIN)
    assert_same_bits(run(image, equation, scheme, steps, tiling), wanted)


@pytest.mark.parametrize(
    "scheme", [Explicit(tau=0.1), FSI(tau=1.5), AOS(tau=2.0)], ids=lambda s: type(s).__name__
)
@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(shape=st.tuples(sides, sides), tiling=cuts, axis=st.integers(-3, 2))
def test_any_cut_of_channels(scheme, shape, tiling, axis):
    image = np.moveaxis(noise((2, *shape)), 0, axis)
    wanted = run(image, EDGEWISE, scheme, 4, PLAIN, axis)
    assert_same_bits(run(image, EDGEWISE, scheme, 4, tiling, axis), wanted)


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(shape=shapes, tiling=cuts, sigma=st.floats(0.0, 4.0) | st.sampled_from([1e-300, 1e-3]))
def test_any_cut_of_smoothing_and_sums(shape, tiling, sigma):
    image = noise((1, *shape))
    plain, grid = Grid((1.0,) * len(shape), PLAIN), Grid((1.0,) * len(shape), tiling)
    smoothed = smooth(image, sigma, plain)
    assert_same_bits(smooth(image, sigma, grid), smoothed)
    assert moments(image, smoothed, grid) == moments(image, smoothed, plain)
    assert extent(image, grid) == (image.min(), image.max())


# --- as it is cut by itself -------------------------------------------------------------------

SCHEMES = [(Explicit(), 45), (FED(tau=20.0), 2), (FSI(tau=20.0), 2), (AOS(), 2)]


@pytest.mark.parametrize(("scheme", "steps"), SCHEMES, ids=["Explicit", "FED", "FSI", "AOS"])
@pytest.mark.parametrize("equation", [EDGEWISE, PRESMOOTHED], ids=["edgewise", "presmoothed"])
@pytest.mark.parametrize("shape", [(20000,), (300, 401), (5, 30000), (37, 40, 33)], ids=str)
def test_any_number_of_threads(shape, equation, scheme, steps):
    image = noise(shape)
    wanted = run(image, equation, scheme, steps, PLAIN)
    for threads in (None, 1, 2, 4, 8):
        assert_same_bits(run(image, equation, scheme, steps, Tiling(threads=threads)), wanted)


def test_images_of_many_blocks(monkeypatch):
    """Blocks that do not span the rows come by themselves with large images; here the cache is made small."""
    monkeypatch.setattr(tiles, "CACHE", 12_000)
    monkeypatch.setattr(tiles, "SMALL", 0)
    cut = []
    boxes = tiles.boxes
    monkeypatch.setattr(tiles, "boxes", lambda *given: cut.append(given) or boxes(*given))
    for shape in [(160, 701), (24, 60, 70)]:
        image = noise(shape)
        for scheme, steps in SCHEMES:
            wanted = run(image, EDGEWISE, scheme, steps, PLAIN)
            cut.clear()
            assert_same_bits(run(image, EDGEWISE, scheme, steps, Tiling(threads=2)), wanted)
            assert max(len(list(boxes(*given))) for given in cut) > 8


def test_boxes_cover_everything_once():
    for shape, block in [((1, 1, 1), (5, 5, 5)), ((7, 5, 11), (2, 5, 3)), ((9, 4, 6), (4, 1, 6))]:
        times = np.zeros(shape, int)
        for z0, z1, y0, y1, x0, x1 in tiles.boxes(shape, block):
            times[z0:z1, y0:y1, x0:x1] += 1
        assert (times == 1).all()


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    shape=st.tuples(*[st.integers(1, 5000)] * 3),
    steps=st.integers(1, 96),
    bytes_per_pixel=st.integers(4, 3000),
    threads=st.integers(1, 64),
)
def test_chosen_blocks_are_blocks(shape, steps, bytes_per_pixel, threads):
    block = tiles.choose_block(shape, steps, bytes_per_pixel, Tiling(threads=threads))
    assert all(1 <= size <= most for size, most in zip(block, shape, strict=True))


@pytest.mark.parametrize(
    "given", [{"block": (0, 1, 1)}, {"block": (4, 4)}, {"depth": 0}, {"threads": 0}]
)
def test_impossible_tilings(given):
    with pytest.raises(ParameterError, match="all >= 1"):
        Tiling(**given)


# --- several at once --------------------------------------------------------------------------


def test_several_evolutions_at_once():
    image = noise((200, 210))
    ways = [(EDGEWISE, Explicit()), (EDGEWISE, FSI()), (PRESMOOTHED, AOS()), (Heat(), FSI())]
    wanted = [run(image, *way, 6, PLAIN) for way in ways]
    start = threading.Barrier(8)

    def several(number):
        start.wait()
        return [run(image, *ways[(number + n) % 4], 6, Tiling(threads=3)) for n in range(8)]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(several, range(8)))
    for number, result in enumerate(results):
        for n, got in enumerate(result):
            assert_same_bits(got, wanted[(number + n) % 4])


def test_an_error_in_a_block_is_raised_and_stops_the_rest():
    done = []

    def work(box):
        if box[0] == 3:
            raise ZeroDivisionError("in block 3")
        time.sleep(0.002)
        done.append(box)

    for threads in (1, 4):
        done.clear()
        with pytest.raises(ZeroDivisionError, match="in block 3"):
            tiles.run(work, list(tiles.boxes((500, 1, 1), (1, 1, 1))), threads)
        assert len(done) < 100
        seen = len(done)
        time.sleep(0.02)
        assert len(done) == seen  # no thread goes on


def test_an_error_in_a_helping_thread_is_raised():
    caller = threading.get_ident()

    def work(box):
        time.sleep(0.001)
        if threading.get_ident() != caller:
            raise ZeroDivisionError("there")

    with pytest.raises(ZeroDivisionError, match="there"):
        tiles.run(work, list(tiles.boxes((500, 1, 1), (1, 1, 1))), 4)


PROCESSES = """\
import hashlib, multiprocessing, sys
import numpy as np
from divgrad import FSI, PeronaMalik, Steps, Tiling, evolve


def work(_=None):
    image = np.random.default_rng(0).normal(100.0, 10.0, (200, 210)).astype(np.float32)
    u = evolve(image, PeronaMalik(6.0), scheme=FSI(), until=Steps(6), tiling=Tiling(threads=4)).u
    return hashlib.sha256(u.tobytes()).hexdigest()


if __name__ == "__main__":
    here = work()  # the pool of threads is there before the fork
    with multiprocessing.get_context(sys.argv[1]).Pool(3) as pool:
        there = pool.map_async(work, range(6), chunksize=1).get(timeout=60)
    assert set(there) == {here}, (here, there)
    assert work() == here
    print("same")
"""


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_child_processes(tmp_path, way):
    if way != "spawn" and not hasattr(os, "fork"):
        pytest.skip("there is no fork here")
    script = tmp_path / "processes.py"
    script.write_text(PROCESSES)
    done = subprocess.run(
        [sys.executable, script, way], env=ENVIRONMENT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "same\n", done.stderr


# --- Ctrl-C -----------------------------------------------------------------------------------

LONG = """\
import sys, time
import numpy as np
from divgrad import PeronaMalik, Steps, Tiling, evolve, FSI, Explicit, AOS

image = np.random.default_rng(0).normal(100.0, 10.0, (4096, 4096)).astype(np.float32)
equation = PeronaMalik(6.0)
scheme = {"explicit": Explicit(), "fsi": FSI(tau=200.0), "aos": AOS()}[sys.argv[1]]
evolve(image[:64, :64], equation, scheme=scheme, until=Steps(1))  # compiled
threads = int(sys.argv[2]) or None
try:
    print("begin", flush=True)
    evolve(image, equation, scheme=scheme, until=Steps(5000), tiling=Tiling(threads=threads))
except KeyboardInterrupt:
    print(time.monotonic(), flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("scheme", "threads"), [("explicit", 0), ("explicit", 1), ("fsi", 0), ("aos", 0)]
)
def test_ctrl_c_stops_within_a_fifth_of_a_second(tmp_path, scheme, threads):
    script = tmp_path / "long.py"
    script.write_text(LONG)
    took = []
    for attempt in range(3):  # others may keep the cores busy
        with subprocess.Popen(
            [sys.executable, script, scheme, str(threads)], env=ENVIRONMENT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            assert process.stdout.readline() == "begin\n", process.stderr.read()
            time.sleep(0.7 + 0.11 * attempt)
            sent = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 0, err
        took.append(float(out) - sent)
        if took[-1] < 0.2:
            return
    pytest.fail(f"stopped after {took} s")


def test_ctrl_c_leaves_no_thread_at_work(monkeypatch):
    """The call returns only when nobody writes to its arrays any more, and the next one works."""
    image = noise((400, 400))
    wanted = run(image, EDGEWISE, Explicit(), 3, PLAIN)
    working = []

    def slow(box):
        working.append(box)
        if len(working) == 3:
            signal.raise_signal(signal.SIGINT)
        time.sleep(0.05)
        working.remove(box)

    with pytest.raises(KeyboardInterrupt):
        tiles.run(slow, list(tiles.boxes((50, 1, 1), (1, 1, 1))), 3)
    left = len(working)
    time.sleep(0.1)
    assert len(working) == left <= 1  # only the interrupted one never came to its end
    assert_same_bits(run(image, EDGEWISE, Explicit(), 3, Tiling(threads=4)), wanted)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("left", [SystemExit, KeyboardInterrupt, RuntimeError])
def test_a_signal_that_comes_while_the_last_block_is_waited_for_is_raised(left):
    """Whatever its handler raises; a run that goes on after SIGTERM is a run that cannot be stopped."""
    main, begun, ended = threading.current_thread(), threading.Event(), []

    def leave(*_):
        raise left

    def work(_box):  # this thread has nothing to do while the other works
        if threading.current_thread() is not main:
            begun.set()
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0.2)
            ended.append(True)
        else:
            begun.wait(10.0)

    before = signal.signal(signal.SIGUSR1, leave)
    try:
        with pytest.raises(left):
            tiles.run(work, list(tiles.boxes((2, 1, 1), (1, 1, 1))), 2)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert ended == [True]


# --- leaks ------------------------------------------------------------------------------------


def test_nothing_leaks():
    resource = pytest.importorskip("resource")
    image = noise((512, 512))
    tiling = Tiling(threads=4)

    def several(times):
        for _ in range(times):
            for scheme in (Explicit(), FSI(), AOS()):
                run(image, EDGEWISE, scheme, 2, tiling)

    def megabytes():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    several(3)
    threads, before = threading.active_count(), megabytes()
    several(25)
    assert threading.active_count() <= max(threads, 64)
    assert megabytes() - before < 16  # one image a call would be 75
