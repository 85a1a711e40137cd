"""Users' own conductances: compiled right, kept on disk, found again, and refused in one line."""

from __future__ import annotations

import functools
import importlib.util
import inspect
import logging
import math
import math as m
import os
import stat
import subprocess
import sys
import threading
from math import inf, sqrt
from pathlib import Path

import numpy as np
import pytest
from numpy import exp as exponential_of

import divgrad
from divgrad import PeronaMalik, Steps, evolve
from divgrad.conductances import total_variation
from divgrad.errors import ParameterError
from divgrad.kernels import scalar
from divgrad.kernels import specialise as room
from divgrad.kernels.specialise import cache_folder, specialise

SOURCE = Path(divgrad.__file__).parents[1]
POSIX = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")

# A kernel as short as can be: it compiles in a tenth of the time.
PROBE = '''
import numpy as np
from divgrad.conductances import constant as conductance

__all__ = ["apply"]
REAL = np.float32
FACTOR = 1


def apply(values, contrast, out):
    """out <- FACTOR g(values)."""
    for i in range(values.shape[0]):
        out[i] = FACTOR * conductance(values[i], contrast)
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A cache folder of this file's tests."""
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(scope="module")
def probe_module(tmp_path_factory):
    path = tmp_path_factory.mktemp("probe") / "divgrad_test_probe.py"
    path.write_text(PROBE)
    module = imported(path)
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


@pytest.fixture
def probe(probe_module, folder, monkeypatch):
    """The kernel, compiled into that folder."""
    monkeypatch.setattr(room, "cache_folder", lambda: folder)
    return probe_module


def imported(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def forgetful(monkeypatch):
    """As a new process: nothing is loaded yet."""
    monkeypatch.setattr(room, "_modules", {})
    monkeypatch.setattr(room, "_by_name", {})


def values(kernel, conductance, dtype="float32", contrast=2.0):
    """What the compiled conductance gives for some slopes, and what Python does."""
    module = specialise(kernel, conductance, dtype)
    s2 = np.array([0.0, 0.25, 1.0, 4.0, 9.5, 100.0], dtype)
    out = np.full_like(s2, np.nan)
    module.apply(s2, s2.dtype.type(contrast), out)
    return module, out, np.array([float(conductance(float(x), contrast)) for x in s2])


# --- what users write -------------------------------------------------------------------------

K = 2.5
POWER = 3
ENDLESS = inf
SWITCHED = True
FLOAT32 = np.float32(0.75)
contrast = "a global of the name of an argument"


def literals(s2, contrast):
    return 1 / (1 + s2 / contrast**2)


def integer_result(s2, contrast):
    return 1


def power(s2, contrast):
    return contrast**4 / (contrast**4 + s2**2)


def documented(s2: float, contrast: float) -> float:
    """Return a conductance with a docstring and annotations."""
    return K / (K + s2)


def helper(ratio):
    return inner_helper(ratio) * FLOAT32


def inner_helper(ratio, scale=K):
    return math.exp(-ratio / scale)


def with_helpers(s2, contrast):
    return helper(s2 / (contrast * contrast))


def module_exp(s2, contrast):
    return math.exp(-s2 / contrast**2)


def module_by_another_name(s2, contrast):
    return m.exp(-m.sqrt(s2) / contrast)


def numpy_functions(s2, contrast):
    return np.exp(-np.sqrt(s2)) + np.tanh(s2) * np.float64(0.25)


def imported_functions(s2, contrast):
    return exponential_of(-sqrt(s2)) + m.pi


def conditional(s2, contrast):
    k2 = contrast * contrast
    return (1.0 - s2 / k2) ** 2 if s2 < k2 else 0


def statements(s2, contrast):
    total = 0
    for n in range(POWER):
        if SWITCHED and n > 0:
            total += s2 / n
    g_K = K  # a local variable with the name that a constant might get
    return g_K / (1 + total + K)


def infinite(s2, contrast):
    return 1.0 if -ENDLESS < s2 < ENDLESS else 0.0


def defaulted(s2, contrast=1.0, steep=POWER, *, scale=K):
    return scale / (scale + s2**steep)


def scaled(function):
    @functools.wraps(function)
    def wrapped(s2, contrast):
        return 0.5 * function(s2, contrast)

    return wrapped


def counted(s2, contrast):
    return min(max(s2, 0.25), 3) + abs(contrast)


def with_an_array(s2, contrast):
    weights = np.array([s2, contrast])
    return weights[0] + weights[1]


def made(exponent, floor):
    """Make a conductance that holds two constants."""

    def made_conductance(s2, contrast):
        """Hold a docstring, too.

        Of several lines.
        """
        return (s2 + floor) ** exponent

    return made_conductance


KEPT = [
    literals, integer_result, power, documented, with_helpers, module_exp, module_by_another_name,
    numpy_functions, imported_functions, conditional, statements, infinite, defaulted, counted, with_an_array,
    scaled(documented), made(-0.5, 1), made(-0.5, np.float64(0.125)), made(2, True),
]  # fmt: skip


@pytest.mark.parametrize("conductance", KEPT, ids=lambda f: f.__qualname__)
def test_written_as_plain_python(probe, folder, conductance, caplog):
    caplog.set_level(logging.INFO, "divgrad")
    module, got, wanted = values(probe, conductance)
    np.testing.assert_allclose(got, wanted, rtol=2e-6)
    assert Path(module.__file__).parent == folder
    assert "this process only" not in caplog.text


@pytest.mark.parametrize("conductance", [module_exp, conditional], ids=lambda f: f.__name__)
def test_in_double_precision(probe, conductance):
    _, got, wanted = values(probe, conductance, "float64")
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, wanted, rtol=1e-14)


def test_arithmetic_stays_in_single_precision(probe):
    assert "float64" not in str(specialise(probe, literals, "float32").conductance.signatures)
    # 1 + 1e-9 is 1 in float32
    _, got, _ = values(probe, made(1, 0))
    np.testing.assert_array_equal(got, np.array([0.0, 0.25, 1.0, 4.0, 9.5, 100.0], "f4"))


@pytest.mark.parametrize(("conductance", "tolerance"), [(with_helpers, 1e-6), (conditional, 0.0)])
def test_equals_the_uncompiled_kernel(monkeypatch, conductance, tolerance):
    image = np.random.default_rng(1).normal(100.0, 4.0, (9, 8)).astype(np.float32)
    steps, tau = 3, 0.125
    until = Steps(steps)
    got = evolve(
        image, PeronaMalik(6.0, conductance=conductance), until=until,
        scheme=divgrad.Explicit(tau=tau),
    ).u  # fmt: skip
    monkeypatch.setattr(scalar, "conductance", conductance)
    monkeypatch.setattr(scalar, "VOLUME", False)
    wanted = np.empty((1, 9, 1, 8), np.float32)
    scalar.explicit(
        image.reshape(1, 9, 1, 8), wanted, (0, 9, 0, 1, 0, 8), np.full(steps, tau, "f4"),
        np.full(steps, 6.0, "f4"), np.array([1, 0, 1], "f4"),
    )  # fmt: skip
    assert np.abs(got - image).max() > 0.5
    np.testing.assert_allclose(got, wanted[0, :, 0], rtol=tolerance)


def test_expectation_of_a_user():
    """A conductance that is one half slows the heat equation to half its speed."""

    def half(s2, contrast):
        return 0.5

    image = np.random.default_rng(2).random((6, 7), np.float32)
    slow = evolve(image, PeronaMalik(1.0, conductance=half), until=divgrad.Time(2.0))
    fast = evolve(image, divgrad.Heat(), until=divgrad.Time(1.0))
    assert slow.steps == fast.steps
    np.testing.assert_allclose(slow.u, fast.u, rtol=1e-5)


# --- what it is made of -----------------------------------------------------------------------


def test_a_changed_constant_is_another_function(probe, monkeypatch):
    first, _, _ = values(probe, with_helpers)
    monkeypatch.setitem(globals(), "FLOAT32", np.float32(0.5))  # two calls away
    second, got, wanted = values(probe, with_helpers)
    assert second is not first
    np.testing.assert_allclose(got, wanted, rtol=2e-6)
    monkeypatch.undo()
    assert values(probe, with_helpers)[0] is first


def test_a_changed_closure_is_another_function(probe):
    def knob():
        strength = 1.0

        def turn(value):
            nonlocal strength
            strength = value

        def conductance(s2, contrast):
            return strength / (1.0 + s2)

        return turn, conductance

    turn, conductance = knob()
    _, before, _ = values(probe, conductance)
    turn(0.5)
    _, after, _ = values(probe, conductance)
    np.testing.assert_array_equal(after, 0.5 * before)


def test_a_factory_makes_the_same_module(probe):
    modules = {id(specialise(probe, total_variation(0.5), "float32")) for _ in range(5)}
    assert len(modules) == 1
    assert specialise(probe, total_variation(0.25), "float32").__name__.startswith("divgrad_")
    assert id(specialise(probe, total_variation(0.25), "float32")) not in modules


def test_a_file_edited_after_import(probe, tmp_path, caplog):
    """The text on disk is not that of the function any more: the function counts."""
    path = tmp_path / "edited.py"
    text = "def conductance(s2, contrast):\n    return {} / (1.0 + s2)\n"
    path.write_text(text.format("1.0"))
    conductance = imported(path).conductance
    path.write_text(text.format("9.0"))
    caplog.set_level(logging.INFO, "divgrad")
    _, got, wanted = values(probe, conductance)
    np.testing.assert_allclose(got, wanted, rtol=2e-6)
    assert got[0] == 1.0
    assert "this process only" in caplog.text


def test_switches(probe):
    module = specialise(probe, literals, "float32", FACTOR=3)
    out = np.empty(1, np.float32)
    module.apply(np.zeros(1, np.float32), np.float32(1), out)
    assert out[0] == 3.0
    assert "FACTOR = 3" in inspect.getsource(module)
    with pytest.raises(ParameterError, match="has no switch UNKNOWN"):
        specialise(probe, literals, "float32", UNKNOWN=1)


# --- without source ---------------------------------------------------------------------------


def without_source():
    namespace = {"LIMIT": 3.0}
    exec("def conductance(s2, contrast):\n    return 1.0 / (LIMIT + s2)", namespace)
    return namespace["conductance"]


TABLE = (0.5, 0.25)


def with_a_table(s2, contrast):
    return TABLE[0] if s2 < 1 else TABLE[1]


@pytest.mark.parametrize(
    "conductance",
    [
        lambda s2, contrast: contrast / (contrast + s2),
        without_source(),
        with_a_table,
    ],
    ids=["lambda", "exec", "table"],
)
def test_without_source_it_works_for_this_process(probe, folder, conductance, caplog):
    before = set(folder.rglob("*"))
    caplog.set_level(logging.INFO, "divgrad")
    _, got, wanted = values(probe, conductance)
    np.testing.assert_allclose(got, wanted, rtol=2e-6)
    (message,) = [r.getMessage() for r in caplog.records if "this process only" in r.getMessage()]
    assert message.startswith(f"compiling {conductance.__name__} for this process only: ")
    assert "def in a file" in message
    assert not {path for path in set(folder.rglob("*")) - before if path.suffix == ".nbi"}


# --- what is refused --------------------------------------------------------------------------


class Callable:
    def __call__(self, s2, contrast):
        return 1.0

    def method(self, s2, contrast):
        return 1.0


def one_line(error, longest=320):
    message = str(error.value)
    assert 0 < len(message) <= longest
    assert message.splitlines() == [message]
    return message


@pytest.mark.parametrize(
    "conductance",
    [
        "rational", None, 1.0, [literals], Callable, Callable(), Callable().method, math.exp,
        np.exp, functools.partial(literals, contrast=1.0),
    ],
    ids=[
        "string", "None", "number", "list", "class", "object", "method", "builtin", "ufunc",
        "partial",
    ],
)  # fmt: skip
def test_no_plain_function(probe, conductance):
    with pytest.raises(ParameterError) as error:
        specialise(probe, conductance, "float32")
    message = one_line(error)
    assert type(conductance).__name__ in message
    assert "write it with def" in message
    with pytest.raises(ParameterError, match="write it with def"):
        evolve(np.eye(4), PeronaMalik(1.0, conductance=conductance), until=Steps(1))


def raises(s2, contrast):
    return 1.0 / s2


def raises_far_out(s2, contrast):
    if s2 > 1e12:
        raise OverflowError("too\nsteep")
    return 1.0


def not_a_number(s2, contrast):
    return math.nan if 1e4 < s2 < 1e5 else 1.0


def endless(s2, contrast):
    return math.inf if s2 == 0.0 else 1.0


def nothing(s2, contrast):
    pass


def of_one(s2):
    return 1.0


def pair(s2, contrast):
    return 1.0, 2.0


@pytest.mark.parametrize(
    "conductance",
    [raises, raises_far_out, not_a_number, endless, nothing, of_one, pair],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("presmoothing", [None, 1.0])
def test_a_conductance_that_fails(conductance, presmoothing):
    equation = PeronaMalik(10.0, conductance=conductance, presmoothing=presmoothing)
    with pytest.raises(ParameterError) as error:
        evolve(np.eye(4), equation, until=Steps(1))
    assert "conductance" in one_line(error)


def with_a_generator(s2, contrast):
    return sum(s2 / n for n in (1.0, 2.0))


def with_text(s2, contrast):
    return float(f"{s2:g}")


@pytest.mark.parametrize("conductance", [with_a_generator, with_text], ids=lambda f: f.__name__)
def test_what_cannot_be_compiled(conductance):
    with pytest.raises(ParameterError, match="cannot be compiled") as error:
        evolve(np.eye(4), PeronaMalik(1.0, conductance=conductance), until=Steps(1))
    assert conductance.__name__ in one_line(error, 500)


# --- the cache --------------------------------------------------------------------------------

SCRIPT = """\
import logging, math, sys
import numpy as np
import divgrad
from divgrad.kernels.specialise import specialise

K = {constant}


def bend(ratio):
    return math.exp(-ratio)


def mine(s2, contrast):
    return bend(K * s2 / contrast**2)


logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
"""
# The whole way, and with the probe, which compiles sooner.
EVOLVE = """
image = np.arange(64, dtype=np.float32).reshape(8, 8) ** 2
solution = divgrad.evolve(image, divgrad.PeronaMalik(900.0, conductance=mine), until=divgrad.Steps(3))
(module,) = [m for name, m in sys.modules.items() if name.startswith("divgrad_scalar_")]
kernel, result = module.explicit, solution.u * np.sin(image)
"""
APPLY = """
import divgrad_test_probe
module = specialise(divgrad_test_probe, mine, "float32")
result = np.zeros(9, np.float32)
module.apply(np.arange(9, dtype=np.float32), np.float32(2), result)
kernel = module.apply
"""
SAY = """
print("hits", sum(kernel.stats.cache_hits.values()))
print("misses", sum(kernel.stats.cache_misses.values()))
print("sum", repr(float(np.sum(result))))
"""


def script_of(folder, constant, work=APPLY):
    """Write the script."""
    (folder / "divgrad_test_probe.py").write_text(PROBE)
    path = folder / "mine.py"
    path.write_text(SCRIPT.format(constant=constant) + work + SAY)
    return path


def environment(home):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA")}
    return clean | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(SOURCE)}


def run(script, home):
    done = subprocess.run(
        [sys.executable, script], env=environment(home), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    lines = [line.rpartition(" ") for line in done.stdout.splitlines()]
    return {key: value for key, _, value in lines}, done.stdout


def kept(home):
    """The files of the cache: name -> (bytes, time of the last change)."""
    files = (path for path in (home / ".cache" / "divgrad").rglob("*") if path.is_file())
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def count(files, suffix):
    return sum(name.endswith(suffix) for name in files)


@pytest.mark.parametrize("work", [EVOLVE, APPLY], ids=["evolve", "apply"])
def test_kept_on_disk_across_processes(tmp_path, work):
    home = tmp_path / "home"
    home.mkdir()
    script = script_of(tmp_path, "1.0", work)
    first, said = run(script, home)
    files = kept(home)
    assert "compiling kernels" in said
    assert (first["hits"], first["misses"]) == ("0", "1")
    assert [count(files, suffix) for suffix in (".py", ".nbi", ".nbc")] == [1, 1, 1]

    second, said = run(script, home)
    assert "compiling" not in said
    assert (second["hits"], second["misses"]) == ("1", "0")
    assert second["sum"] == first["sum"]
    assert kept(home) == files  # no new file, none written again

    if work is EVOLVE:
        return
    script_of(tmp_path, "1.5", work)
    third, said = run(script, home)
    assert "compiling kernels" in said
    assert third["misses"] == "1"
    assert third["sum"] != first["sum"]
    changed = kept(home)
    assert [count(changed, suffix) for suffix in (".py", ".nbi", ".nbc")] == [2, 2, 2]
    assert files.items() <= changed.items()


def test_two_processes_at_once(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    script = script_of(tmp_path, "2.0")
    both = [
        subprocess.Popen(
            [sys.executable, script], env=environment(home), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    sums = {line for out, _ in said for line in out.splitlines() if line.startswith("sum")}
    assert len(sums) == 1
    after, _ = run(script, home)
    assert after["hits"] == "1"
    assert count(kept(home), ".tmp") == 0


def test_first_use_from_several_threads(probe, forgetful):
    def conductance(s2, contrast):
        return contrast / (contrast + 17 * s2)

    start = threading.Barrier(8)
    found = []

    def use():
        start.wait()
        found.append(values(probe, conductance))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(module) for module, _, _ in found}) == 1
    for _, got, wanted in found:
        np.testing.assert_allclose(got, wanted, rtol=2e-6)


@pytest.mark.parametrize("text", ["", "def apply(:", "raise SystemExit\n", "\0\xff"])
def test_a_damaged_module_is_written_again(probe, forgetful, monkeypatch, text):
    module, before, _ = values(probe, literals)
    path = Path(module.__file__)
    good = path.read_bytes()
    path.write_text(text, encoding="latin-1")
    monkeypatch.setattr(room, "_modules", {})
    monkeypatch.setattr(room, "_by_name", {})
    _, after, _ = values(probe, literals)
    assert path.read_bytes() == good
    np.testing.assert_array_equal(after, before)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder of its own, and a cache folder that is looked for anew."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    cache_folder.cache_clear()
    yield tmp_path
    cache_folder.cache_clear()


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@POSIX
def test_the_cache_folder_is_closed_to_others(home):
    folder = cache_folder()
    assert folder == home / ".cache" / "divgrad" / "kernels"
    assert mode(folder) == 0o700


@POSIX
def test_an_open_cache_folder_is_closed(home):
    folder = home / ".cache" / "divgrad" / "kernels"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    assert cache_folder() == folder
    assert mode(folder) == 0o700


def foreign(home, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: home.stat().st_uid + 1)


def read_only(home, monkeypatch):
    folder = home / ".cache" / "divgrad" / "kernels"
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):  # nothing is read-only for root
        monkeypatch.setattr(os, "access", lambda *_: False)


def no_folder(home, monkeypatch):
    (home / ".cache").write_text("a file")


def homeless(home, monkeypatch):
    def nowhere():
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", nowhere)


@POSIX
@pytest.mark.parametrize("trouble", [foreign, read_only, no_folder, homeless])
def test_a_folder_for_this_process_instead(home, monkeypatch, trouble, caplog):
    trouble(home, monkeypatch)
    caplog.set_level(logging.INFO, "divgrad")
    folder = cache_folder()
    assert home not in folder.parents
    assert mode(folder) == 0o700
    assert folder == cache_folder()
    assert "made anew each time" in caplog.text
    room._remove(folder, os.getpid())


@POSIX
def test_compiled_without_a_folder_of_ones_own(home, probe, forgetful, monkeypatch):
    no_folder(home, monkeypatch)
    monkeypatch.setattr(room, "cache_folder", cache_folder)
    module, got, wanted = values(probe, power)
    np.testing.assert_allclose(got, wanted, rtol=2e-6)
    assert Path(module.__file__).parent == cache_folder()
    room._remove(cache_folder(), os.getpid())


@POSIX
def test_that_folder_does_not_outlive_the_process(tmp_path):
    script = tmp_path / "where.py"
    script.write_text(
        "from divgrad.kernels.specialise import cache_folder\nprint('at', cache_folder())\n"
    )
    (tmp_path / ".cache").write_text("a file")
    found, _ = run(script, tmp_path)
    assert Path(found["at"]).is_absolute()
    assert not Path(found["at"]).exists()
