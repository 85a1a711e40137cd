"""Compile a kernel's inner functions no further than their callers need: 1.5 x less compiling at the first use.

Numba optimises each function together with all that it calls and makes machine code of it, so the innermost of
five nested loops are optimised and translated five times. A function that is only ever called by other compiled
ones needs neither: its text is linked into its caller's, and optimised there. Each is simplified on its own all the
same: without, some loops did not vectorise any more (affine curvature took 4 x the time).

What is used here is private to Numba and may go. Where it has gone, ``Inlined`` is Numba's own compiler.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class _NoEnvironment:
    """Stands where Numba sets a function's environment: what isn't machine code has none."""

    def set_env(self, name: str, environment: Any) -> None:
        pass


class _Text(JITCodeLibrary):  # type: ignore[misc]
    """A function's text, to be linked into others."""

    codegen = _NoEnvironment()

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        return 0


_KNOWN = all(
    hasattr(JITCodeLibrary, name)
    for name in (
        "codegen",
        "_optimize_functions",
        "_optimize_final_module",
        "_finalize_final_module",
        "_finalize_dynamic_globals",
        "get_pointer_to_function",
    )
)


class Inlined(Compiler):  # type: ignore[misc]
    """Numba's compiler, for functions that are called by compiled functions alone."""

    def define_pipelines(self) -> Any:
        """Return Numba's passes, with a library that stays text."""
        if _KNOWN:
            name = self.state.func_id.func_qualname
            self.state.library = _Text(self.state.targetctx.codegen(), name)
        return super().define_pipelines()
