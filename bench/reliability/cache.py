"""The cache of compiled kernels cut, changed, given away, without room, read-only, shared: the same pixels each time.

    python bench/reliability/cache.py [--write]

About three minutes on two cores at rest. Each case runs a Perona-Malik diffusion in a process of its own, and
compares the bits of the result. A small, a full and a read-only disk are tmpfs mounts where that is allowed (root).
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import publish, table

PROGRAM = """
import hashlib, sys
sys.dont_write_bytecode = False
import numpy as np
from divgrad import PeronaMalik, Steps, evolve
noisy = np.random.default_rng(0).normal(100.0, 20.0, (200, 200)).astype(np.float32)
print(hashlib.sha256(evolve(noisy, PeronaMalik(20.0), until=Steps(30)).u.tobytes()).hexdigest())
"""
SUFFIXES = (".nbi", ".nbc", ".py", ".pyc")
KERNELS = Path(".cache", "divgrad", "kernels")


def start(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=os.environ | {"HOME": str(home)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def end(process: subprocess.Popen[str]) -> str:
    said, trouble = process.communicate(timeout=300)
    if process.returncode or trouble:
        print("FAILED", process.returncode, trouble[-800:], file=sys.stderr)
        return f"exit code {process.returncode}"
    return said.strip()


def cut(data: bytes) -> bytes:
    return data[: random.randrange(1, len(data))]


def changed(data: bytes) -> bytes:
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << random.randrange(8))]) + data[place + 1 :]


HARMS: dict[str, Callable[[bytes], bytes]] = {
    "cut": cut,
    "a bit changed": changed,
    "empty": lambda data: b"",
    "other bytes": lambda data: random.randbytes(len(data)),
}


@contextlib.contextmanager
def disk(
    place: Path, size: str, source: Path | None = None, *, closed: bool = False
) -> Iterator[Path]:
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "divgrad", str(place)]
    subprocess.run(mount, check=True)
    try:
        if source is not None:
            shutil.copytree(source / ".cache", place / ".cache")
        if closed:
            subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def main() -> None:
    random.seed(8)
    with tempfile.TemporaryDirectory() as name:
        rows = cases(Path(name))
    publish("cache", table(["cache", "tried", "same bits", "lost"], rows), "reliability.md")
    assert all(row[3] == "0" for row in rows)


def cases(place: Path) -> list[list[str]]:
    home = place / "home"
    home.mkdir()
    wanted = end(start(home))
    kernels = home / KERNELS
    assert len(wanted) == 64
    assert stat.S_IMODE(kernels.stat().st_mode) == 0o700
    rows: list[list[str]] = []

    def tried(what: str, found: list[str]) -> None:
        good = sum(one == wanted for one in found)
        rows.append([what, str(len(found)), str(good), str(len(found) - good)])
        print("; ".join(rows[-1]), file=sys.stderr, flush=True)

    def files(suffix: str) -> list[Path]:
        return sorted(kernels.rglob(f"*{suffix}"))

    for harm, spoil in HARMS.items():
        found = []
        for suffix in SUFFIXES:
            path = random.choice(files(suffix))
            path.write_bytes(spoil(path.read_bytes()))
            found.append(end(start(home)))
        tried(f"one file {harm}: index, code, source, bytecode", found)
        for suffix in SUFFIXES:
            for path in files(suffix):
                path.write_bytes(spoil(path.read_bytes()))
        tried(f"all files {harm}", [end(start(home)) for _ in range(2)])
    if os.getuid() == 0:
        found = []
        for suffix in SUFFIXES:
            for path in files(suffix):
                os.chown(path, 65534, 65534)
            found.append(end(start(home)))
        tried("files of somebody else", found)
        shutil.chown(kernels, 65534, 65534)
        tried("a folder of somebody else", [end(start(home))])
        shutil.chown(kernels, 0, 0)
    kernels.chmod(0o777)
    tried("a folder open to all", [end(start(home))])
    assert stat.S_IMODE(kernels.stat().st_mode) == 0o700
    shutil.rmtree(kernels)
    tried(
        "four processes at once, nothing compiled",
        [end(p) for p in [start(home) for _ in range(4)]],
    )
    tried("afterwards", [end(start(home))])
    if os.getuid() == 0:
        with disk(place / "closed", "40m", home, closed=True) as other:
            tried("a read-only disk, kernels on it", [end(start(other)) for _ in range(2)])
        with disk(place / "bare", "40m", closed=True) as other:
            tried("a read-only disk, nothing on it", [end(start(other))])
        with disk(place / "small", "100k") as other:
            tried("a disk with room for part of it", [end(start(other)) for _ in range(2)])
        with disk(place / "full", "16k") as other:
            (other / "filler").write_bytes(bytes(8192))
            tried("a disk that is all but full", [end(start(other)) for _ in range(2)])
    return rows


if __name__ == "__main__":
    main()
