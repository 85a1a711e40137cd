"""Plain Python functions -> text that stands for itself, with their constants in it and real literals typed."""

from __future__ import annotations

import ast
import inspect
import math
import sys
import textwrap
from functools import lru_cache
from itertools import product
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from divgrad.errors import ParameterError
from divgrad.kernels.rewriting import renamed, typed, undocumented

OUTER = 'njit(nogil=True, cache=True, error_model="numpy")'
INNER = (
    'njit(pipeline_class=Inlined, forceinline=True, error_model="numpy", '
    "no_cpython_wrapper=True, no_cfunc_wrapper=True)"
)
# A kernel's inner functions allocate nothing, so they need no reference counting (1.2 x on narrow images).
LOOP = INNER.replace("forceinline", "_nrt=False, forceinline")
# Large kernels say ``INLINE = False``: what is called from several places compiles in half the time.
CALLED = LOOP.replace("forceinline=True", "forceinline=False")


class NoSourceError(Exception):
    """The function's source cannot be had, or does not stand for itself."""


@lru_cache(maxsize=64)
def kernel_source(name: str, switches: tuple[tuple[str, Any], ...]) -> str:
    """Return the source of a module of kernels with its switches set and its functions decorated.

    Functions that it imports from another module of kernels are written out too, under the importer's switches.
    """
    module = sys.modules[name]
    tree = ast.parse(inspect.getsource(module))
    values = dict(switches)
    unknown = [key for key in values if not hasattr(module, key)]
    if unknown:
        raise ParameterError(f"{name} has no switch {unknown[0]}")
    lines = []
    inner = LOOP if values.get("INLINE", getattr(module, "INLINE", True)) else CALLED
    found: dict[str, ast.FunctionDef] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and is_of_kernels(node):
            before = set(found)
            _follow(node, found)
            lines += [_decorated(found[key], inner) for key in found if key not in before]
        elif isinstance(node, ast.FunctionDef):
            lines.append(_decorated(node, OUTER if node.name in module.__all__ else inner))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constant = node.targets[0].id
            if constant.isupper() and constant != "REAL":
                value = values.get(constant, getattr(module, constant))
                lines.append(f"{constant} = {value!r}")
    return "\n\n".join(lines) + "\n"


def is_of_kernels(node: ast.ImportFrom) -> bool:
    """Whether what is imported is compiled too."""
    return str(node.module).startswith("divgrad.kernels.")


def _decorated(node: ast.FunctionDef, how: str) -> str:
    node = typed(undocumented(node), every=False)
    return f"@{how}\n{ast.unparse(node)}"


def _follow(imports: ast.ImportFrom, found: dict[str, ast.FunctionDef]) -> None:
    """Add the functions that are imported, and before each those that it calls, of its module or imported there."""
    tree = ast.parse(inspect.getsource(sys.modules[str(imports.module)]))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    wanted = {alias.name for alias in imports.names}
    for name in reversed(functions):  # whoever calls stands below
        if name in wanted:
            wanted |= {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and is_of_kernels(node):
            node.names = [alias for alias in node.names if alias.name in wanted]
            _follow(node, found)
    for name, function in functions.items():
        if name in wanted:
            found.setdefault(name, function)


def identity(conductance: Any) -> tuple[Any, ...]:
    """Return what stands for a conductance in a table: the function, and what it uses from outside as it is now.

    Raises
    ------
    ParameterError
        If it is not a plain Python function.
    """
    if not isinstance(conductance, FunctionType):
        raise ParameterError(
            "a conductance must be a plain Python function g(s2, contrast), got "
            f"{type(conductance).__name__}: write it with def"
        )
    return conductance, captured(conductance)


def captured(function: Any, seen: frozenset[Any] = frozenset()) -> tuple[Any, ...]:
    """Return the values of what a function uses from outside: it is another function once one has changed.

    >>> def double(s2, contrast):
    ...     return FACTOR * s2
    >>> FACTOR = 2.0
    >>> captured(double)
    ((<class 'float'>, 2.0),)
    """
    if not isinstance(function, FunctionType) or function in seen:
        return ()
    outside = function.__globals__
    values = [outside[name] for name in function.__code__.co_names if name in outside]
    values += [cell.cell_contents for cell in function.__closure__ or ()]
    values += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    found: list[Any] = []
    for value in values:
        if isinstance(value, FunctionType):
            found += [id(value.__code__), *captured(value, seen | {function})]
        elif isinstance(value, int | float | np.number):
            found.append((type(value), value))
        else:
            found.append(id(value))
    return tuple(found)


def function_source(
    function: Any, name: str, prefix: str = "g_", seen: dict[Any, str] | None = None
) -> str:
    """Return the source of a plain function and of all that it uses, under names that clash with none.

    Raises
    ------
    NoSourceError
        If there is none, if it is not what the function was made of, or if it uses what is not a number, a
        plain function, or a function of math or numpy.
    """
    most = 2 if seen is None else None  # the conductance itself is called with two numbers
    seen = {} if seen is None else seen
    node = _definition(function)
    code = function.__code__
    seen[function] = name
    used = {leaf.id for leaf in ast.walk(node) if isinstance(leaf, ast.Name)} - {*code.co_varnames}
    captures = inspect.getclosurevars(function)
    outside = {
        key: value
        for key, value in sorted({**captures.globals, **captures.nonlocals}.items())
        if key in used
    }
    names: dict[str, str] = {}
    before: list[str] = []
    for key, value in outside.items():
        new = prefix + key
        while new in code.co_varnames:
            new += "_"
        if isinstance(value, FunctionType):
            if value not in seen:
                before.append(function_source(value, new, new + "_", seen))
            names[key] = seen[value]
            continue
        names[key] = _library(value)
        if not names[key]:
            names[key] = new
            before.append(f"{new} = {_number(value)}")
    node = typed(renamed(undocumented(node), names), every=True)
    _simplify(node, function, most)
    node.name = name
    return "\n\n".join([*before, f"@{INNER}\n{ast.unparse(ast.fix_missing_locations(node))}"])


def _simplify(node: ast.FunctionDef, function: FunctionType, most: int | None) -> None:
    """Remove annotations and decorators; arguments beyond ``most`` become constants of their defaults."""
    given = node.args
    if given.vararg or given.kwarg:
        raise NoSourceError
    given.args = [*given.posonlyargs, *given.args]
    given.posonlyargs = []
    names = [argument.arg for argument in given.args]
    values = function.__defaults__ or ()
    defaults = dict(zip(names[len(names) - len(values) :], values, strict=True))
    defaults |= function.__kwdefaults__ or {}
    fixed = names[most:] if most is not None else []
    fixed += [argument.arg for argument in given.kwonlyargs]
    if not set(fixed) <= set(defaults):
        raise NoSourceError
    lines = [f"{name} = {_number(defaults[name])}" for name in fixed]
    node.body = [*ast.parse("\n".join(lines)).body, *node.body]
    given.args = [argument for argument in given.args if argument.arg not in fixed]
    given.defaults = [
        ast.parse(_number(defaults[argument.arg]), mode="eval").body
        for argument in given.args
        if argument.arg in defaults
    ]
    given.kwonlyargs, given.kw_defaults = [], []
    for argument in given.args:
        argument.annotation = None
    node.decorator_list, node.returns = [], None


def _definition(function: Any) -> ast.FunctionDef:
    """Return the parsed definition, if it is indeed what the function was compiled from."""
    if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
        raise NoSourceError
    try:
        text = textwrap.dedent(inspect.getsource(function.__code__))
        node = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, IndexError) as error:
        raise NoSourceError from error
    if not isinstance(node, ast.FunctionDef):
        raise NoSourceError
    if not _made_of(function, text):
        raise NoSourceError
    return node


def _made_of(function: FunctionType, text: str) -> bool:
    """Whether the function was compiled from the text: the file may have changed since it was imported."""
    code = function.__code__
    if code.co_freevars:
        outer = f"def _():\n {' = '.join([*code.co_freevars, 'None'])}\n"
        text = outer + textwrap.indent(text, " ")
    # A call of an attribute is compiled in another way where its owner was imported in the same text.
    owners = [n for n in code.co_names if isinstance(function.__globals__.get(n), ModuleType)]
    for some in product(*[("", f"import {owner}\n") for owner in owners[:4]]):
        compiled = _find(compile("".join(some) + text, "", "exec", dont_inherit=True), code.co_name)
        if compiled is not None and _essence(compiled) == _essence(code):
            return True
    return False


def _find(code: CodeType, name: str) -> CodeType | None:
    """Return the function of that name among what a piece of code defines."""
    for value in code.co_consts:
        if isinstance(value, CodeType):
            found = value if value.co_name == name else _find(value, name)
            if found is not None:
                return found
    return None


def _essence(code: CodeType) -> tuple[Any, ...]:
    """Return what a function does, without where it is written and its docstring."""
    constants = tuple(
        _essence(value) if isinstance(value, CodeType) else (type(value), value)
        for value in code.co_consts
        if not isinstance(value, str)
    )
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars


def _library(value: Any) -> str:
    """Return the name of math, numpy or a function of theirs in a generated module; empty for all else."""
    if value is math or value is np:
        return "math" if value is math else "np"
    if value is math.exp or value is np.exp:
        return "_exp"
    name = getattr(value, "__name__", None)
    for module, short in ((math, "math"), (np, "np")):
        if callable(value) and isinstance(name, str) and vars(module).get(name) is value:
            return f"{short}.{name}"
    return ""


def _number(value: Any) -> str:
    """Return a number as it is written in a generated module."""
    if isinstance(value, bool | int | np.integer | np.bool_):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return f"REAL({number!r})" if math.isfinite(number) else f'REAL("{number}")'
    raise NoSourceError
