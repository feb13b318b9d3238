"""Numbers of the reflectance field, decoded inside compiled loops.

Numba has no half precision, so a loop gets the bits of halves as uint16. Where the processor
converts halves (F16C on x86, any 64-bit ARM), LLVM is asked to; elsewhere its conversion would be a
call into a library that may not be linked, and arithmetic on the bits takes its place. Both are
exact for every half.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

FINITE = np.float32(65520.0)
"""Every finite half lies below it, and no infinity or NaN does."""

_EXPONENT_BIAS = 2.0**112


def decoded(stored: Any) -> Any:
    """Return a stored number, a float32 or the bits of a half, as float32; for kernels only."""
    raise NotImplementedError


def _as_is(stored: Any) -> Any:
    return stored


def _from_bits(stored: Any) -> Any:
    return _half_from_bits(stored)  # type: ignore[call-arg]  # the first argument is numba's


@overload(decoded, strict=False)
def _decoded(stored: types.Type) -> Callable[[Any], Any]:
    return _from_bits if isinstance(stored, types.Integer) else _as_is


@intrinsic
def _half_from_bits(_typing: Any, _bits: types.Type) -> Any:
    """Return the half with these bits."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        emit = _by_processor if _converts_halves(context.codegen()) else _by_arithmetic
        return emit(builder, arguments[0])

    return types.float32(types.uint16), generate


def _converts_halves(target: Any) -> bool:
    """Tell whether the processor that is compiled for converts halves by an instruction."""
    triple, _, features = target.magic_tuple()
    return triple.startswith("aarch64") or "+f16c" in features.split(",")


def _by_processor(builder: Any, bits: Any) -> Any:
    return builder.fpext(builder.bitcast(bits, ir.HalfType()), ir.FloatType())


def _by_arithmetic(builder: Any, bits: Any) -> Any:
    """Move exponent and fraction to where a float32 has them, and mend the exponent."""
    word, single = ir.IntType(32), ir.FloatType()
    wide = builder.zext(bits, word)
    magnitude = builder.and_(wide, word(0x7FFF))
    sign = builder.shl(builder.and_(wide, word(0x8000)), word(16))
    moved = builder.or_(builder.shl(magnitude, word(13)), sign)
    finite = builder.fmul(builder.bitcast(moved, single), single(_EXPONENT_BIAS))
    other = builder.bitcast(builder.or_(moved, word(0x7F800000)), single)
    return builder.select(builder.icmp_unsigned("<", magnitude, word(0x7C00)), finite, other)
