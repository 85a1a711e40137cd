"""Plain Python kernel + conductance + switches -> one compiled module, cached on disk.

A compiled function that receives another as an argument, or closes over one, is never found in Numba's
cache by the next process: seconds of compiling each time. So both sources are written into one module,
named by a hash of all that it is made of, and imported with ``njit(cache=True)``: a hit in every later
process. Where a conductance has no source (typed at a prompt, a lambda) it is compiled for this process.

The cache holds machine code, so it lies in a folder of the user's that nobody else may enter.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import logging
import math
import os
import stat
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from divgrad.errors import ParameterError

log = logging.getLogger("divgrad")
_lock = threading.Lock()
_modules: dict[Any, ModuleType] = {}

_HEADER = """\
import math
import numpy as np
from numba import njit
from divgrad.kernels.exponential import exp{bits} as _exp

REAL = np.float{bits}
"""
_OUTER = 'njit(nogil=True, cache=True, error_model="numpy")'
_INNER = (
    'njit(forceinline=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)'
)


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
    key = (kernel.__name__, conductance, real, tuple(sorted(switches.items())))
    module = _modules.get(key)
    if module is None:
        with _lock:
            module = _modules.get(key)
            if module is None:
                module = _load(kernel, conductance, real, switches)
                _modules[key] = module
    return module


def _load(kernel: ModuleType, conductance: Any, real: np.dtype[Any], switches: Any) -> ModuleType:
    if not callable(conductance):
        raise ParameterError(
            f"a conductance is a function g(s2, contrast), got {type(conductance).__name__}"
        )
    bits = real.itemsize * 8
    try:
        functions = _function_source(conductance, "conductance", "g_", {})
    except _NoSourceError:
        functions = None
    body = _kernel_source(kernel.__name__, tuple(sorted(switches.items())))
    parts = [_HEADER.format(bits=bits), functions or "", body]
    source = "\n\n".join(parts)
    import numba

    digest = hashlib.sha256(
        "\0".join([source, _exp_source(), numba.__version__, np.__version__, sys.version]).encode()
    ).hexdigest()[:20]
    name = f"divgrad_{kernel.__name__.rpartition('.')[2]}_{digest}"
    path = cache_folder() / f"{name}.py"
    if functions is None:
        return _in_memory(name, source, conductance)
    if not any((path.parent / "__pycache__").glob(f"{name}.*.nbi")):
        log.info("compiling kernels for this machine (first use only) ...")
    return _import(name, path, source)


def _import(name: str, path: Path, source: str) -> ModuleType:
    """Write the module unless its very text is there already, and import it."""
    try:
        current = path.read_text(encoding="utf-8")
    except OSError:
        current = None
    if current != source:
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(source)
        Path(temporary).replace(path)  # whole or not at all, whoever else does the same
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _in_memory(name: str, source: str, conductance: Any) -> ModuleType:
    from numba import njit

    log.info("compiling a conductance without source: this process only ...")
    module = ModuleType(name)
    if getattr(conductance, "__code__", None) is None:
        raise ParameterError(
            f"a conductance must be a plain Python function, got {type(conductance).__name__}: "
            "write it with def"
        )
    module.__dict__["conductance"] = njit(forceinline=True, error_model="numpy")(conductance)
    exec(compile(source.replace("cache=True", "cache=False"), name, "exec"), module.__dict__)
    return module


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
    return Path(tempfile.mkdtemp(prefix="divgrad-"))


@lru_cache(maxsize=1)
def _exp_source() -> str:
    return Path(__file__).with_name("exponential.py").read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def _kernel_source(name: str, switches: tuple[tuple[str, Any], ...]) -> str:
    """Return the kernel's source with its switches set and its functions decorated."""
    module = sys.modules[name]
    tree = ast.parse(inspect.getsource(module))
    values = dict(switches)
    unknown = [key for key in values if not hasattr(module, key)]
    if unknown:
        raise ParameterError(f"{name} has no switch {unknown[0]}")
    lines = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            outer = node.name in module.__all__
            node = _Reals(every=False).visit(_undocumented(node))
            lines.append(f"@{_OUTER if outer else _INNER}\n{ast.unparse(node)}")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constant = node.targets[0].id
            if constant.isupper() and constant != "REAL":
                value = values.get(constant, getattr(module, constant))
                lines.append(f"{constant} = {value!r}")
    return "\n\n".join(lines) + "\n"


class _NoSourceError(Exception):
    """The function's source cannot be had, or does not stand for itself."""


def _function_source(function: Any, name: str, prefix: str, seen: dict[Any, str]) -> str:
    """Return the source of a plain function and of all that it uses, under names that clash with none."""
    code = getattr(function, "__code__", None)
    if code is None or function.__name__ == "<lambda>":
        raise _NoSourceError
    try:
        text = textwrap.dedent(inspect.getsource(function))
        node = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError) as error:
        raise _NoSourceError from error
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        raise _NoSourceError
    seen[function] = name
    renamed: dict[str, str] = {}
    before: list[str] = []
    outside = dict(inspect.getclosurevars(function).globals)
    outside.update(inspect.getclosurevars(function).nonlocals)
    for key, value in sorted(outside.items()):
        if value is math or value is np:
            renamed[key] = "math" if value is math else "np"
        elif value is math.exp or value is np.exp:
            renamed[key] = "_exp"
        elif isinstance(value, bool | int | np.integer):
            renamed[key] = prefix + key
            before.append(f"{prefix + key} = {int(value)}")
        elif isinstance(value, float | np.floating):
            renamed[key] = prefix + key
            before.append(f"{prefix + key} = REAL({float(value)!r})")
        elif value in seen:
            renamed[key] = seen[value]
        elif inspect.isfunction(value):
            renamed[key] = prefix + key
            before.append(_function_source(value, prefix + key, prefix + key + "_", seen))
        else:
            raise _NoSourceError
    node = _Reals(every=True).visit(_Rename(renamed).visit(_undocumented(node)))
    node.name = name
    node.returns = None
    for argument in node.args.args:
        argument.annotation = None
    return "\n\n".join([*before, f"@{_INNER}\n{ast.unparse(ast.fix_missing_locations(node))}"])


def _undocumented(node: ast.FunctionDef) -> ast.FunctionDef:
    if ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return node


class _Rename(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node = self.generic_visit(node)  # type: ignore[assignment]
        if (
            isinstance(node.value, ast.Name)
            and node.value.id in ("math", "np")
            and node.attr == "exp"
        ):
            return ast.Name("_exp", node.ctx)
        return node


class _Reals(ast.NodeTransformer):
    """Wrap literals in REAL(): an untyped 1.0 would draw the arithmetic into float64, at half the speed."""

    def __init__(self, every: bool) -> None:
        self.every = every  # also integers, and what is returned: a conductance is real throughout

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        number = float if not self.every else float | int
        if isinstance(node.value, number) and not isinstance(node.value, bool):
            return ast.Call(ast.Name("REAL", ast.Load()), [ast.Constant(float(node.value))], [])
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        node.left = self.visit(node.left)
        whole = isinstance(node.right, ast.Constant) and isinstance(node.right.value, int)
        if not (isinstance(node.op, ast.Pow) and whole):  # s2 ** 2 stays a product
            node.right = self.visit(node.right)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in ("REAL", "range"):
            return node
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if self.every and node.value is not None:
            node.value = ast.Call(ast.Name("REAL", ast.Load()), [self.visit(node.value)], [])
        return node
