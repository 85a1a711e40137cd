"""Plain Python kernel + conductance + switches -> one compiled module, cached on disk.

A compiled function that receives another as an argument, or closes over one, is never found in Numba's
cache by the next process: seconds of compiling each time. So both sources are written into one module,
named by a hash of all that it is made of, and imported with ``njit(cache=True)``: a hit in every later
process. Where a conductance has no source (typed at a prompt, a lambda) it is compiled for this process.

The cache holds machine code, so it lies in a folder of the user's that nobody else may enter.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import logging
import os
import re
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from divgrad.errors import ParameterError
from divgrad.kernels.cached import Loader, keep
from divgrad.kernels.source import NoSourceError, function_source, identity, kernel_source

log = logging.getLogger("divgrad")
_lock = threading.Lock()
_modules: dict[Any, ModuleType] = {}
_by_name: dict[str, ModuleType] = {}
_NO_SOURCE = (
    "a conductance is kept on disk where it is a def in a file and uses no more than numbers, plain functions, math "
    "and numpy"
)


def _after_fork() -> None:
    """Renew the lock in a forked child: the thread that may have held it is not there."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

_HEADER = """\
import math
import numpy as np
from numba import njit
from divgrad.kernels.exponential import exp{bits} as _exp
from divgrad.kernels.inlined import Inlined

REAL = np.float{bits}
"""


def specialise(
    kernel: ModuleType, conductance: Callable[[float, float], float], dtype: Any, **switches: Any
) -> ModuleType:
    """Return a module with the functions of ``kernel``, compiled for all that is given.

    Parameters
    ----------
    kernel
        A module of plain Python functions; those in its ``__all__`` can be called from outside.
    conductance
        The function that the kernel calls ``conductance``.
    dtype
        float32 or float64: the type of all its real numbers.
    switches
        New values of the kernel's upper-case constants.

    Raises
    ------
    ParameterError
        If the conductance is not a function of two numbers that can be compiled.
    """
    real = np.dtype(dtype)
    key = (kernel.__name__, identity(conductance), real, tuple(sorted(switches.items())))
    module = _modules.get(key)
    if module is None:
        with _lock:
            module = _modules.get(key)
            if module is None:
                module = _load(kernel, conductance, real, switches)
                _modules[key] = module
    return module


def _load(kernel: ModuleType, conductance: Any, real: np.dtype[Any], switches: Any) -> ModuleType:
    import numba

    header = _HEADER.format(bits=real.itemsize * 8)
    body = kernel_source(kernel.__name__, tuple(sorted(switches.items())))
    try:
        source = "\n\n".join([header, function_source(conductance, "conductance"), body])
    except NoSourceError:
        return _in_memory(header + "\n\n" + body, conductance, real, _NO_SOURCE)
    digest = hashlib.sha256(
        "\0".join([source, _sources(), numba.__version__, np.__version__, sys.version]).encode()
    ).hexdigest()[:20]
    name = f"divgrad_{kernel.__name__.rpartition('.')[2]}_{digest}"
    if name in _by_name:  # a factory makes a new function each time, of the same source
        return _by_name[name]
    path = cache_folder() / f"{name}.py"
    known = any((path.parent / "__pycache__").glob(f"{name}.*.nbi"))
    if not known:
        log.info("compiling kernels for this machine (first use only) ...")
    try:
        module = _import(name, path, source)
        keep(module, kernel.__all__, known=known)
    except (OSError, RuntimeError) as error:  # no room, or no permission, as Numba says it
        why = f"{path.parent} cannot be written to ({str(error).partition(chr(10))[0]:.60})"
        return _in_memory(header + "\n\n" + body, conductance, real, why)
    if not known and _fault(module, real):  # literals are reals in the source, maybe too many
        return _in_memory(header + "\n\n" + body, conductance, real, _NO_SOURCE)
    _by_name[name] = module
    return module


def _import(name: str, path: Path, source: str) -> ModuleType:
    """Write the module unless its very text is there already, and import it."""
    try:
        current = path.read_bytes()
    except OSError:
        current = b""
    if current != source.encode():
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(source.encode())
            Path(temporary).replace(path)  # whole or not at all, whoever else does the same
        finally:
            Path(temporary).unlink(missing_ok=True)
    spec = importlib.util.spec_from_file_location(name, path, loader=Loader(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _in_memory(source: str, conductance: Any, real: np.dtype[Any], why: str) -> ModuleType:
    from numba import njit

    log.info("compiling %s for this process only: %s ...", conductance.__name__, why)
    module = ModuleType("divgrad_in_memory")
    module.__dict__["conductance"] = njit(forceinline=True, error_model="numpy")(conductance)
    text = source.replace("cache=True", "cache=False")
    exec(compile(text, module.__name__, "exec"), module.__dict__)
    fault = _fault(module, real)
    if fault:
        raise ParameterError(
            f"the conductance {conductance.__name__} cannot be compiled: {fault}; it may use arithmetic, "
            "comparisons, `a if test else b`, plain functions, math and numpy"
        )
    return module


def _fault(module: ModuleType, real: np.dtype[Any]) -> str:
    """Return why the module's conductance cannot be compiled; empty if it can."""
    from numba import types

    number = types.float32 if real == np.float32 else types.float64
    try:
        module.conductance.get_call_template((number, number), {})
    except Exception as error:  # of very many kinds
        text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
        lines = [line.strip() for line in text.splitlines()]
        said = [line for line in lines if line and not line.startswith(("Failed in", "File "))]
        return said[0][:120] if said else type(error).__name__
    (compiled,) = module.conductance.overloads.values()
    result = compiled.signature.return_type
    if not isinstance(result, types.Float | types.Integer | types.Boolean):
        return f"it returns {result}, not a number"
    return ""


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Folder of the compiled kernels: the user's own and closed to others, else one for this process."""
    try:
        folder = Path.home() / ".cache" / "divgrad" / "kernels"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
        if mine and stat.S_IMODE(status.st_mode) & 0o077:
            folder.chmod(0o700)
        if mine and os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):
        pass
    log.info("no folder of your own to keep compiled kernels in: they are made anew each time")
    temporary = Path(tempfile.mkdtemp(prefix="divgrad-"))
    atexit.register(_remove, temporary, os.getpid())
    return temporary


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:  # not in a forked child
        shutil.rmtree(folder, ignore_errors=True)


@lru_cache(maxsize=1)
def _sources() -> str:
    """Return the text of what is compiled into every kernel, and of what compiles it."""
    names = ("exponential.py", "inlined.py")
    return "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names)
