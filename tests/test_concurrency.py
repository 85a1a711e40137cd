"""Many threads and processes at once: the same bits, and no deadlock; a cache of kernels that is spoilt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import divgrad
from divgrad.cli import ending
from divgrad.kernels import cached
from divgrad.kernels import specialise as room

SOURCE = Path(divgrad.__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SOURCE)}
POSIX = pytest.mark.skipif(os.name != "posix", reason="fork")
SCRIPT = """
import hashlib, multiprocessing, sys, threading
import numpy as np
from divgrad import PeronaMalik, Steps, Tiling, estimate, evolve

IMAGE = np.random.default_rng(0).normal(100.0, 20.0, (256, 256)).astype(np.float32)

def digest(n):
    u = evolve(IMAGE + np.float32(n % 3), PeronaMalik(20.0), until=Steps(60), tiling=Tiling(threads=2)).u
    said = str(estimate.noise_kind(u))  # a product of matrices in it once stopped children that were forked meanwhile
    return hashlib.sha256(u.tobytes() + said.encode()).hexdigest()

def child(pipe, n):
    pipe.send(digest(n))

def main():
    wanted = [digest(n) for n in range(3)]  # the pool of threads is alive from here on
    found = {}
    threads = [
        threading.Thread(target=lambda k: found.update({k: [digest(n) for n in range(3)]}), args=(k,)) for k in range(8)
    ]
    for thread in threads:
        thread.start()
    assert multiprocessing.active_children() == []
    for kind in ("fork", "fork", "spawn"):  # the first two while eight threads are at work
        context = multiprocessing.get_context(kind)
        mine, theirs = context.Pipe()
        process = context.Process(target=child, args=(theirs, 1))
        process.start()
        assert mine.poll(60), kind
        assert mine.recv() == wanted[1], kind
        process.join(20)
        assert process.exitcode == 0, kind
    for thread in threads:
        thread.join()
    assert all(found[k] == wanted for k in range(8))
    print("equal", len(found))

if __name__ == "__main__":
    main()
"""


@POSIX
def test_threads_fork_and_spawn_give_the_same_bits(tmp_path):
    script = tmp_path / "many.py"
    script.write_text(SCRIPT)
    # From 3.12 on Python warns of a fork beside threads; here it is what is tried.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)], env=ENVIRONMENT, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "equal 8\n"), done.stderr


STUCK = """
import sys
import time
from pathlib import Path
from divgrad.cli import files, main
from divgrad.io.replacing import write_whole

def hang(file):
    file.write(b"half")
    while True:
        try:
            print("writing", flush=True)  # within, that the signal finds it there
            time.sleep(9)
        except BaseException:  # as a compiler that Python cannot interrupt
            pass

files.work_through = lambda *_: write_whole(Path("out.tif"), hang, True)
sys.exit(main())
"""


@POSIX
@pytest.mark.parametrize(
    ("sent", "code", "said"), [("SIGINT", 130, ending.SAID + "\n"), ("SIGTERM", 143, "")]
)
def test_a_signal_ends_what_cannot_be_interrupted(tmp_path, sent, code, said):
    words = ["flow", "in.tif", "-e", "heat", "-u", "steps:1", "-o", "out.tif"]
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, *words], env=ENVIRONMENT, cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "writing\n"
        process.send_signal(getattr(signal, sent))
        began = time.monotonic()
        _, err = process.communicate(timeout=20)
        assert time.monotonic() - began < 2.0
    assert (process.returncode, err) == (code, said)
    assert not list(tmp_path.iterdir())


# --- the cache of compiled kernels ------------------------------------------------------------

PROBE = '''
import numpy as np
from divgrad.conductances import constant as conductance

__all__ = ["apply"]
REAL = np.float32


def apply(values, contrast, out):
    """out <- 2 g(values)."""
    for i in range(values.shape[0]):
        out[i] = 2.0 * conductance(values[i], contrast)
'''


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    path = folder / "divgrad_cache_probe.py"
    path.write_text(PROBE)
    spec = room.importlib.util.spec_from_file_location(path.stem, path)
    module = room.importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    yield module, tmp_path_factory.mktemp("kernels")
    del sys.modules[path.stem]


def doubled(probe, monkeypatch):
    """What the kernel makes in a process that has nothing loaded, and whether it came from the disk."""
    module, folder = probe
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(room, "_modules", {})
    monkeypatch.setattr(room, "_by_name", {})
    monkeypatch.setattr(room, "cache_folder", lambda: folder)
    kernel = room.specialise(module, divgrad.conductances.rational, "float32")
    out = np.empty(2, np.float32)
    kernel.apply(np.array([0.0, 4.0], np.float32), np.float32(2.0), out)
    np.testing.assert_array_equal(out, [2.0, 1.0])
    stats = getattr(kernel.apply, "stats", None)
    return stats is not None and sum(stats.cache_hits.values()) == 1


def cut(data):
    return data[: len(data) // 2]


def changed(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.parametrize("suffix", [".nbi", ".nbc", ".pyc", ".py"])
@pytest.mark.parametrize("harm", [cut, changed, lambda data: b""], ids=["cut", "changed", "empty"])
def test_a_damaged_kernel_is_compiled_anew(probe, monkeypatch, suffix, harm):
    doubled(probe, monkeypatch)
    assert doubled(probe, monkeypatch)
    (path,) = probe[1].rglob(f"*{suffix}")
    path.write_bytes(harm(path.read_bytes()))
    doubled(probe, monkeypatch)
    assert doubled(probe, monkeypatch)  # and kept again


@POSIX
def test_kernels_of_somebody_else_are_not_run(probe, monkeypatch):
    doubled(probe, monkeypatch)
    monkeypatch.setattr(cached.os, "getuid", lambda: probe[1].stat().st_uid + 1)
    assert not doubled(probe, monkeypatch)


@POSIX
def test_a_cache_without_room_is_no_reason_to_stop(probe, monkeypatch, caplog):
    caplog.set_level("INFO", "divgrad")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    doubled(probe, monkeypatch)
    for path in probe[1].rglob("*.*"):
        path.unlink()
    monkeypatch.setattr(room.tempfile, "mkstemp", full)
    assert not doubled(probe, monkeypatch)
    assert "cannot be written to ([Errno 28] No space left on device)" in caplog.text
    monkeypatch.undo()
    from numba.core.caching import IndexDataCacheFile

    monkeypatch.setattr(IndexDataCacheFile, "_open_for_write", full)
    assert not doubled(probe, monkeypatch)
