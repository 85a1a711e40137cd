"""Compiled kernels on disk, each with its SHA-256: what is damaged, or somebody else's, is compiled anew.

Numba loads whatever its cache holds: a file that was cut raises from inside it, a changed byte is machine code that
runs. Here every file ends with the hash of what is before it, which other readers pass over, and must belong to the
user. A cache that cannot be written to is no reason to stop: the kernel is compiled already.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

_LENGTH = 32  # bytes of a SHA-256


def sealed(data: bytes) -> bytes:
    """Return data with their hash behind them.

    >>> opened(sealed(b"kernel"))
    b'kernel'
    """
    return data + hashlib.sha256(data).digest()


def opened(data: bytes) -> bytes | None:
    """Return data without their hash; None where it is not theirs.

    >>> opened(b"kernel") is None
    True
    """
    body, seal = data[:-_LENGTH], data[-_LENGTH:]
    return body if hashlib.sha256(body).digest() == seal else None


def own(path: str | os.PathLike[str]) -> bytes | None:
    """Return what a sealed file of the user's holds; None where it is not there, not whole or not the user's."""
    try:
        with Path(path).open("rb") as file:
            if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            return opened(file.read())
    except OSError:
        return None


class Loader(SourceFileLoader):
    """Loads a module whose bytecode on disk is sealed as well."""

    def get_data(self, path: str) -> bytes:
        """Return a file's content; OSError where bytecode is not what was written."""
        if not path.endswith(".pyc"):
            return super().get_data(path)
        body = own(path)
        if body is None:
            raise OSError("damaged")
        return body

    def set_data(self, path: str, data: Any, *, _mode: int = 0o600) -> None:
        """Write bytecode."""
        super().set_data(path, sealed(bytes(data)), _mode=_mode)


def keep(module: ModuleType, names: list[str], *, known: bool) -> None:
    """Let compiled functions be kept, and found, in this way.

    Parameters
    ----------
    module
        Their module.
    names
        Their names.
    known
        Whether they are on disk already: then they come without all that compiling needs, 0.15 s of 0.9 at the
        start of a process. Numba loads its whole library of functions before it looks into the cache; what is found
        there needs the runtime alone. Where nothing is found, compiling loads the library.
    """
    from numba.core import caching

    needed = {
        caching.FunctionCache: ("_load_overload", "_save_overload"),
        caching.IndexDataCacheFile: ("_open_for_write", "_data_path", "_dump"),
    }
    if any(not hasattr(kind, name) for kind, names in needed.items() for name in names):
        return  # private to Numba: it may go
    made = _cache()
    for name in names:
        function = getattr(module, name)
        function._cache = made(function.py_func, known)


def _cache() -> Any:
    """Return the class; Numba is not loaded before it is wanted."""
    from numba.core.caching import FunctionCache, IndexDataCacheFile
    from numba.core.runtime.nrt import rtsys

    class Sealed(IndexDataCacheFile):  # type: ignore[misc]
        def save(self, key: Any, data: Any) -> None:
            # Named by its key: two processes that save at once never write one file.
            number = int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:6], "big")
            name = self._data_name(number)
            self._write(self._data_path(name), data)
            self._save_index(self._load_index() | {key: name})

        def _load_index(self) -> Any:
            body = own(self._index_path)
            if body is None:
                return {}
            stamp, overloads = pickle.loads(body)
            return overloads if stamp == self._source_stamp else {}

        def _save_index(self, overloads: Any) -> None:
            self._write(self._index_path, (self._source_stamp, overloads))

        def _load_data(self, name: str) -> Any:
            body = own(self._data_path(name))
            if body is None:
                raise OSError("damaged")  # which stands for: not there
            return pickle.loads(body)

        def _write(self, path: str, thing: Any) -> None:
            with self._open_for_write(path) as file:
                file.write(sealed(self._dump(thing)))

    class Cache(FunctionCache):  # type: ignore[misc]
        def __init__(self, function: Any, known: bool) -> None:
            super().__init__(function)
            self.known = known
            self._cache_file = Sealed(
                self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp()
            )

        def load_overload(self, signature: Any, context: Any) -> Any:
            if self.known:
                rtsys.initialize(context)
            else:
                context.refresh()
            return self._load_overload(signature, context)

        def save_overload(self, signature: Any, data: Any) -> None:
            with contextlib.suppress(OSError):
                self._save_overload(signature, data)

    return Cache
