r"""exp(x) that vectorises: compilers call a scalar routine for each pixel (measured: 9 x slower).

``exp(x) = 2^n exp(r)`` with n the nearest integer to x / ln 2 and \|r\| <= ln 2 / 2. Adding 1.5 * 2^23 (or
2^52) rounds to an integer and leaves n in the low bits of the sum, from where it is shifted into the
exponent. NaN stays NaN; beyond the range of normal numbers the argument is clamped to it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

# float32: the best polynomial of degree 5 for the relative error, 7.5e-8 (Remez' algorithm).
_C0 = np.float32(1.0000000716546846)
_C1 = np.float32(0.9999996919915564)
_C2 = np.float32(0.4999889485120468)
_C3 = np.float32(0.16667574728619763)
_C4 = np.float32(0.04191538199270082)
_C5 = np.float32(0.008297655088609187)
# float64: Taylor's series; the first term left out is below 4e-17.
_D = [1.0 / float(np.prod(np.arange(1, n + 1, dtype=float))) for n in range(14)]
_D0, _D1, _D2, _D3, _D4, _D5, _D6, _D7, _D8, _D9, _D10, _D11, _D12, _D13 = _D

_LOG2E32 = np.float32(1.4426950408889634)
_LN2_32 = np.float32(0.6931471805599453)  # in one part: its error is that of rounding x itself
_MAGIC32 = np.float32(12582912.0)
_MOST32 = np.float32(88.0)
_LEAST32 = np.float32(-87.0)

_LOG2E64 = 1.4426950408889634
# In two parts, so that n times the first is exact.
_HIGH64 = 6.93147180369123816490e-01
_LOW64 = 1.90821492927058770002e-10
_MAGIC64 = 6755399441055744.0
_MOST64 = 709.0
_LEAST64 = -708.0


def _power_of_two(real: Any, whole: Any, shift: int, one: int) -> Any:
    """Build the intrinsic that turns the low bits of a magic sum into 2^n."""

    @intrinsic  # type: ignore[untyped-decorator]
    def power(typingctx: Any, magic: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            bits = builder.bitcast(args[0], whole)
            scaled = builder.add(
                builder.shl(bits, ir.Constant(whole, shift)), ir.Constant(whole, one)
            )
            return builder.bitcast(scaled, context.get_value_type(real))

        return real(real), codegen

    return power


_power32 = _power_of_two(types.float32, ir.IntType(32), 23, 0x3F800000)
_power64 = _power_of_two(types.float64, ir.IntType(64), 52, 0x3FF0000000000000)


@njit(forceinline=True, error_model="numpy", no_cpython_wrapper=True)  # type: ignore[untyped-decorator]
def exp32(x: Any) -> Any:
    """exp of a float32; relative error below 2e-7 near 0, and that of rounding x elsewhere."""
    y = np.float32(x)
    y = _MOST32 if y > _MOST32 else y
    y = _LEAST32 if y < _LEAST32 else y
    magic = y * _LOG2E32 + _MAGIC32
    r = y - (magic - _MAGIC32) * _LN2_32
    p = _C5
    p = p * r + _C4
    p = p * r + _C3
    p = p * r + _C2
    p = p * r + _C1
    p = p * r + _C0
    return p * _power32(magic)


@njit(forceinline=True, error_model="numpy", no_cpython_wrapper=True)  # type: ignore[untyped-decorator]
def exp64(x: Any) -> Any:
    """exp of a float64, relative error below 1e-15."""
    y = x
    y = _MOST64 if y > _MOST64 else y
    y = _LEAST64 if y < _LEAST64 else y
    magic = y * _LOG2E64 + _MAGIC64
    n = magic - _MAGIC64
    r = (y - n * _HIGH64) - n * _LOW64
    p = _D13
    p = p * r + _D12
    p = p * r + _D11
    p = p * r + _D10
    p = p * r + _D9
    p = p * r + _D8
    p = p * r + _D7
    p = p * r + _D6
    p = p * r + _D5
    p = p * r + _D4
    p = p * r + _D3
    p = p * r + _D2
    p = p * r + _D1
    p = p * r + _D0
    return p * _power64(magic)
