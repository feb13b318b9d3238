"""Products that are added without rounding in between, as one instruction where there is one."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


@intrinsic
def _fused(_typing: Any, _factor: types.Type, _other: types.Type, _term: types.Type) -> Any:
    """Return ``factor * other + term``, rounded once; for kernels only.

    Written out, a compiler may or may not round the product. Asked for, the same number comes out
    of every processor, in half the time.
    """

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    single = types.float32
    return single(single, single, single), generate


# Whoever calls it does not pass the first argument, which no type checker knows.
fused: Any = _fused
