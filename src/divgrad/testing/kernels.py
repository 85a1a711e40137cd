"""Every compiled kernel against its own source, run as the plain Python that it is."""

from __future__ import annotations

import ast
import copy
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from divgrad.conductances import Conductance, constant, rational
from divgrad.errors import ParameterError
from divgrad.kernels import (
    averaged,
    band,
    complex_diffusion,
    curvature,
    dominant,
    extremes,
    filters,
    half_discs,
    histogram,
    laplacian,
    linked,
    multigrid,
    osmosis,
    plate,
    pointwise,
    reaction,
    resolvent,
    scalar,
    selling,
    shock,
    smoothing,
    speckle,
    steered,
    stencil,
    structure,
    sums,
    tensor,
    tridiagonal,
)
from divgrad.kernels.source import is_of_kernels
from divgrad.kernels.specialise import specialise
from divgrad.testing.band_trials import band_trials
from divgrad.testing.curvature_trials import (
    curvature_trials,
    extremes_trials,
    linked_trials,
    resolvent_trials,
)
from divgrad.testing.disc_trials import disc_trials
from divgrad.testing.filter_trials import filter_trials
from divgrad.testing.multigrid_trials import multigrid_trials
from divgrad.testing.plate_trials import plate_trials
from divgrad.testing.reaction_trials import (
    histogram_trials,
    laplacian_trials,
    osmosis_trials,
    reaction_trials,
)
from divgrad.testing.shock_trials import (
    averaged_trials,
    dominant_trials,
    shock_trials,
    steered_trials,
)
from divgrad.testing.smoothing_trials import (
    pointwise_trials,
    smoothing_trials,
    sums_trials,
    tridiagonal_trials,
)
from divgrad.testing.speckle_trials import complex_trials, speckle_trials
from divgrad.testing.tensor_trials import (
    selling_trials,
    stencil_trials,
    structure_trials,
    tensor_trials,
)
from divgrad.testing.trial import Trial

#: Makes runnable kernels: (kernel, conductance, dtype, **switches) -> a module with the same functions.
Backend = Callable[..., Any]


def check_kernels(
    conductance: Conductance = rational,
    *,
    kernels: Iterable[ModuleType] | None = None,
    dtypes: Iterable[Any] = ("float32", "float64"),
    backend: Backend = specialise,
    tolerance: float = 0.0,
) -> None:
    """Raise AssertionError, with a sentence, unless every kernel computes what its source says.

    Each function of each kernel runs compiled and as plain Python, on small random arrays, blocks in the
    middle of the image and at its borders. Arithmetic is strict IEEE, so results are equal to the bit.

    Parameters
    ----------
    conductance
        The conductance to compile in, yours or one of :mod:`divgrad.conductances`.
    kernels
        Modules of kernels to try; None: all.
    dtypes
        float32, float64 or both.
    backend
        What makes runnable kernels of the source; another backend is judged by giving it here.
    tolerance
        Difference allowed, as a part of the largest result; 0: none. A conductance with exp, a power or
        another function of :mod:`math` save sqrt is not the same to the bit: 1e-6 in float32, 1e-14 in
        float64 are usual.

    Examples
    --------
    >>> from divgrad.kernels import sums
    >>> check_kernels(kernels=[sums], dtypes=["float64"])
    """
    for kernel in KERNELS if kernels is None else kernels:
        if kernel not in KERNELS:
            raise ParameterError(
                f"there are no trials of {kernel.__name__}: add a line to divgrad.testing.kernels.KERNELS"
            )
        for dtype in dtypes:
            for trial in KERNELS[kernel](np.dtype(dtype)):
                g = conductance if trial.conductive else constant
                check_kernel(
                    kernel, trial.name, trial.arguments, conductance=g, dtype=dtype,
                    backend=backend, tolerance=tolerance, **trial.switches,
                )  # fmt: skip


def check_kernel(
    kernel: ModuleType,
    name: str,
    arguments: Sequence[Any],
    *,
    conductance: Conductance = rational,
    dtype: Any = "float32",
    backend: Backend = specialise,
    tolerance: float = 0.0,
    **switches: Any,
) -> None:
    """Raise AssertionError unless one function of a kernel does to its arguments what its source says.

    Parameters
    ----------
    kernel, name
        A module of plain Python functions, and which of them.
    arguments
        What to call it with; all arrays among them are compared afterwards.
    conductance, dtype, switches
        What to compile it for: see :func:`divgrad.kernels.specialise.specialise`.
    backend, tolerance
        As in :func:`check_kernels`.

    Examples
    --------
    >>> import numpy as np
    >>> from divgrad.kernels import sums
    >>> u = np.ones((1, 2, 1, 3))
    >>> arguments = [u, u, np.zeros((1, 2, 6)), (0, 2, 0, 1, 0, 3)]
    >>> check_kernel(sums, "plane_moments", arguments, dtype="float64")
    """
    compiled = backend(kernel, conductance, dtype, **switches)
    given = (copy.deepcopy(list(arguments)), copy.deepcopy(list(arguments)))
    getattr(compiled, name)(*given[0])
    with np.errstate(all="ignore"):
        getattr(plain(kernel, conductance, dtype, **switches), name)(*given[1])
    where = f"{kernel.__name__}.{name} for {np.dtype(dtype)}, {conductance.__name__}, {switches}"
    for position, (got, wanted) in enumerate(zip(*given, strict=True)):
        if not isinstance(got, np.ndarray):
            continue
        off = float(np.abs(got.astype(np.float64) - wanted).max(initial=0.0))
        allowed = tolerance * float(np.abs(wanted).max(initial=0.0))
        assert off <= allowed, (
            f"{where}: the compiled kernel differs from its plain Python source in argument {position}, "
            f"by {off:.3g}, allowed is {allowed:.3g}"
        )


def plain(kernel: ModuleType, conductance: Conductance, dtype: Any, **switches: Any) -> ModuleType:
    """Return a kernel's source as an ordinary, uncompiled module with its switches set: the oracle.

    >>> from divgrad.kernels import scalar
    >>> plain(scalar, rational, "float64", CHANNELS=2).CHANNELS
    2
    """
    spec = importlib.util.spec_from_file_location(f"{kernel.__name__}_plain", str(kernel.__file__))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for node in ast.parse(inspect.getsource(kernel)).body:
        if isinstance(node, ast.ImportFrom) and is_of_kernels(node):
            part = plain(sys.modules[str(node.module)], conductance, dtype, **switches)
            for alias in node.names:
                setattr(module, alias.name, getattr(part, alias.name))
    for key, value in {
        "REAL": np.dtype(dtype).type,
        "conductance": conductance,
        **switches,
    }.items():
        if hasattr(module, key):
            setattr(module, key, value)
    return module


# Bytes of a number -> (channels, volume, nodes): every switch both ways, for as few compilations as that needs.
SETTINGS = {
    4: ((1, False, False), (2, True, False)),
    8: ((1, False, False), (1, True, True)),
}


def scalar_trials(dtype: Any) -> Iterator[Trial]:
    """Yield calls of the functions of :mod:`divgrad.kernels.scalar`."""
    rng = np.random.default_rng(1)
    real = dtype.type
    inverse = np.array([1.0, 0.25, 1.7], dtype)
    for channels, volume, nodes in SETTINGS[dtype.itemsize]:
        shape = (5, 4 if volume else 1, 6)
        rows = shape[1]
        u = (10.0 * rng.random((channels, *shape))).astype(dtype)
        w = rng.random((1, *shape)).astype(dtype) if nodes else u[::-1].copy()
        switches = {"CHANNELS": channels, "VOLUME": volume, "NODES": nodes}
        taus = np.array([0.1, 0.2, 0.15], dtype)
        fresh = np.array([0.9, 1.3, 1.0], dtype)
        whole, part = (0, 5, 0, rows, 0, 6), (1, 3, 0, max(1, rows - 2), 3, 5)
        for box in (whole, part):
            out = np.zeros_like(u)
            if not nodes:
                yield Trial(
                    "explicit", (u, out, box, taus, taus * real(40), inverse), switches, True
                )
            yield Trial(
                "frozen", (u, u, w, out, box, taus, fresh, real(4), inverse), switches, not nodes
            )
        for axis in (0, 1, 2) if volume else (0, 2):
            arguments = (w, np.zeros(shape, dtype), whole, axis, real(4), inverse[axis])
            yield Trial("edge_weights", arguments, switches, not nodes)


#: Every kernel, with what yields calls of its functions.
KERNELS: dict[ModuleType, Callable[[Any], Iterator[Trial]]] = {
    filters: filter_trials,
    band: band_trials,
    half_discs: disc_trials,
    scalar: scalar_trials,
    smoothing: smoothing_trials,
    tridiagonal: tridiagonal_trials,
    sums: sums_trials,
    structure: structure_trials,
    averaged: averaged_trials,
    stencil: stencil_trials,
    selling: selling_trials,
    tensor: tensor_trials,
    plate: plate_trials,
    pointwise: pointwise_trials,
    multigrid: multigrid_trials,
    speckle: speckle_trials,
    complex_diffusion: complex_trials,
    laplacian: laplacian_trials,
    osmosis: osmosis_trials,
    reaction: reaction_trials,
    histogram: histogram_trials,
    shock: shock_trials,
    steered: steered_trials,
    dominant: dominant_trials,
    curvature: curvature_trials,
    extremes: extremes_trials,
    linked: linked_trials,
    resolvent: resolvent_trials,
}


def is_kernel(module: ModuleType) -> bool:
    """Whether a module holds kernels: plain Python for a number type that is set when it is compiled.

    >>> is_kernel(scalar), is_kernel(np)
    (True, False)
    """
    return hasattr(module, "REAL") and hasattr(module, "__all__")
